package main

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/spf13/pflag"

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
	flags.DurationVar(&f.time, "seed-time", 0, "share for so long")
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

// judgeShare ends the sharing of a torrent that was shared enough.
func (c *conductor) judgeShare(t *tracked) {
	if t.outcome != stored || t.handle == nil || c.share == (shareFlags{}) || c.goal != untilStopped {
		return
	}
	now := c.s.host.now()
	if t.sharedAt.IsZero() {
		t.sharedAt = now
	}
	ratio := 0.0
	if t.stats.Stored > 0 {
		ratio = float64(t.stats.Uploaded) / float64(t.stats.Stored)
	}
	why := ""
	switch {
	case c.share.ratio > 0 && ratio >= float64(c.share.ratio):
		why = fmt.Sprintf("%.2f times its size was given to others", ratio)
	case c.share.time > 0 && now.Sub(t.sharedAt) >= c.share.time:
		why = "it was shared for " + amount.Duration(now.Sub(t.sharedAt))
	default:
		return
	}
	t.outcome = sharedEnough
	c.s.out.people.note("%s was shared enough: %s", text.Printable(t.name()), why)
	c.leave(t)
}
