package knife

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sector is the piece of a write that is there as a whole or not at all.
const sector = 512

// Cut is a power cut: the moment, and what became of calls that no sync covered.
type Cut struct {
	at      int // a line: calls that began behind it did not happen
	mercy   int // chance in a hundred that a call without a sync is there
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
		c.mercy = 100
	case 1: // nothing is there that need not be
	default:
		c.mercy, c.tear = rnd.IntN(101), rnd.IntN(60)
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

// Changes is how many calls changed the folder.
func (r *Recording) Changes() int { return len(r.ops) }

// Syncs is how many syncs there were.
func (r *Recording) Syncs() int { return len(r.syncs) }

// ForgetSyncs makes a recording of a program that syncs nothing, to show that its
// cuts are noticed.
func (r *Recording) ForgetSyncs() { r.syncs = nil }

// SyncsOnlyAtTheEnd moves every sync behind the last call, for the same.
func (r *Recording) SyncsOnlyAtTheEnd() {
	for i := range r.syncs {
		r.syncs[i].begin, r.syncs[i].end = r.lines+1, r.lines+1
	}
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

// isDurable says whether a sync covers a call at the moment of the cut.
func (r *Recording) isDurable(o op, at int) bool {
	return slices.ContainsFunc(r.syncs, func(s sync) bool {
		return s.target == o.target && s.begin > o.end && s.end <= at
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
		finished := o.end <= c.at
		if finished && r.isDurable(o, c.at) {
			o.change.apply(m)
			continue
		}
		r.maybe(o, c, rnd, m)
	}
	return m.write(r.root, to)
}

// maybe applies a change that is there by luck, whole or torn.
func (r *Recording) maybe(o op, c *Cut, rnd *rand.Rand, m *image) {
	if rnd.IntN(100) >= c.mercy {
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

// write puts the image below a folder of the real disk. The index that SQLite
// keeps in shared memory does not outlive a power cut in any useful form: it is
// left out.
func (m *image) write(n *node, path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	for name, child := range m.names[n] {
		below := filepath.Join(path, name)
		var err error
		switch {
		case strings.HasSuffix(name, "-shm"):
		case child.kind == isFolder:
			err = m.write(child, below)
		default:
			err = os.WriteFile(below, m.bytes[child], 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// String tells of a cut.
func (c Cut) String() string {
	return fmt.Sprintf("at line %d of the trace, %d calls dropped, %d writes torn", c.at, c.Dropped, c.Torn)
}
