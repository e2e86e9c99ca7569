package main

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/internal/vocab/text"
)

// shareFlags say when a torrent was shared enough: the first that is met ends it.
// Zero never is.
type shareFlags struct {
	ratio ratioValue
	time  time.Duration
}

func (f *shareFlags) add(flags *pflag.FlagSet) {
	flags.Var(&f.ratio, "ratio", "share until so many times the size was given to others in this run")
	spanVar(flags, &f.time, "seed-time", 0, "share for so long")
}

// ratioValue is a number of times; 0 is no bound.
type ratioValue float64

func (v *ratioValue) String() string { return strconv.FormatFloat(float64(*v), 'g', -1, 64) }
func (v *ratioValue) Type() string   { return "RATIO" }
func (v *ratioValue) Set(s string) error {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n < 0 || math.IsInf(n, 0) || math.IsNaN(n) {
		return fmt.Errorf("%q is no ratio, such as 1 or 2.5", s)
	}
	*v = ratioValue(n)
	return nil
}

// goals are these as the library has them. It goes on with the torrent, so that its last
// numbers are those of one that is shared.
func (f shareFlags) goals() etorrent.Goals {
	return etorrent.Goals{Ratio: float64(f.ratio), SeedTime: f.time}
}

// enough ends the sharing of a torrent that was shared enough.
func (c *conductor) enough(t *tracked) {
	why := "it was shared for " + amount.Duration(c.share.time)
	if t.stats.Shared == etorrent.RatioMet {
		why = fmt.Sprintf("%.2f times its size was given to others", float64(t.stats.Uploaded)/float64(t.stats.Stored))
	}
	c.shared(t)
	t.outcome = sharedEnough
	c.s.out.people.note("%s was shared enough: %s", text.Printable(t.name()), why)
	c.leave(t)
}
