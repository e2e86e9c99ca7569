package knife

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// sector is the piece of a write that is there as a whole or not at all.
const sector = 512

// Cut is a power cut: the moment, and what became of calls that no sync covered.
type Cut struct {
	at      int // a line: calls that began behind it did not happen
	mercy   int // chance in a hundred that a call without a sync is there
	late    int // the same for a call that had not returned
	tear    int // chance in a hundred that a write which is there is torn
	Dropped int // how many calls are not there
	Torn    int // how many writes are in part
}

// Draw draws a cut at a random moment of the recording, from number alone.
func (r *Recording) Draw(number uint64) (Cut, *rand.Rand) {
	rnd := rand.New(rand.NewPCG(number, 0x6b6e696665))
	moments := r.moments()
	c := Cut{at: moments[rnd.IntN(len(moments))]}
	switch number % 4 {
	case 0: // everything is there: the program was killed
		c.mercy, c.late = 100, 100
	case 1: // nothing is there that need not be
	default:
		c.mercy, c.tear = rnd.IntN(101), rnd.IntN(60)
		c.late = c.mercy
	}
	return c, rnd
}

// moments are the lines at which something changes.
func (r *Recording) moments() []int {
	var all []int
	for _, o := range r.ops {
		all = append(all, o.begin, o.end)
	}
	for _, s := range r.syncs {
		all = append(all, s.begin, s.end)
	}
	for _, s := range r.said {
		all = append(all, s.end)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Said are the lines of output that were written before the cut.
func (r *Recording) Said(c Cut) []string {
	var lines []string
	for _, s := range r.said {
		if s.end <= c.at {
			lines = append(lines, s.line)
		}
	}
	return lines
}

// isDurable says whether a sync covers a call at the moment of the cut. After a
// failed sync of a file the kernel may hold the pages for clean, so that a later
// sync covers only what was written since, unless the pages were dropped between
// the two and so are read from the disk.
func (r *Recording) isDurable(o op, at int) bool {
	return slices.ContainsFunc(r.syncs, func(s sync) bool {
		return s.target == o.target && s.begin > o.end && s.end <= at && !r.isLost(o, s)
	})
}

// isLost says whether a sync before, or beside, took a call's page for written.
func (r *Recording) isLost(o op, s sync) bool {
	return o.target.kind == isFile && slices.ContainsFunc(r.failed, func(f sync) bool {
		return f.target == o.target && o.begin < f.end && f.begin < s.end &&
			!slices.ContainsFunc(r.dropped, func(d sync) bool {
				return d.target == o.target && d.begin > f.end && d.end < s.begin
			})
	})
}

// Make makes the folder that is found after a cut, below to, and notes in c what
// is not there.
func (r *Recording) Make(c *Cut, rnd *rand.Rand, to string) error {
	m := r.start.clone()
	for _, o := range r.ops {
		if o.begin > c.at {
			continue
		}
		switch returned := o.end <= c.at; {
		case returned && r.isDurable(o, c.at):
			o.change.apply(m)
		case returned:
			r.maybe(o, c.mercy, c, rnd, m)
		default:
			r.maybe(o, c.late, c, rnd, m)
		}
	}
	return m.write(r.root, to, map[*node]string{})
}

// maybe applies a change that is there by luck, whole or torn.
func (r *Recording) maybe(o op, chance int, c *Cut, rnd *rand.Rand, m *image) {
	if rnd.IntN(100) >= chance {
		c.Dropped++
		return
	}
	w, isWrite := o.change.(write)
	if !isWrite || rnd.IntN(100) >= c.tear {
		o.change.apply(m)
		return
	}
	c.Torn++
	for from := int64(0); from < int64(len(w.data)); {
		end := min(int64(len(w.data)), (w.at+from)/sector*sector+sector-w.at)
		if rnd.IntN(2) == 0 {
			write{w.file, w.at + from, w.data[from:end]}.apply(m)
		}
		from = end
	}
}

// String tells of a cut.
func (c Cut) String() string {
	return fmt.Sprintf("at line %d of the trace, %d calls dropped, %d writes torn", c.at, c.Dropped, c.Torn)
}
