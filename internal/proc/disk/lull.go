package disk

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// lullAfter is how long buffers are kept that nobody needs: those of a transfer are
// needed again at once.
const lullAfter = 10 * time.Second

// lull tells when nothing was stored or read for a while. The alarm is set once in
// that time and not at every block.
type lull struct {
	due  mono.Instant // Never: the last one began, and nothing came since
	came activity     // since due was set
}

// activity says whether something came.
type activity uint8

const (
	nothingCame activity = iota
	somethingCame
)

// end notes that something came.
func (l *lull) end(now mono.Instant) {
	l.came = somethingCame
	if l.due == mono.Never {
		l.due = now.Add(lullAfter)
	}
}

// ring says, when it is due, that nothing came since it was set, or sets it anew.
func (l *lull) ring(now mono.Instant) activity {
	before := l.came
	l.came, l.due = nothingCame, mono.Never
	if before == somethingCame {
		l.due = now.Add(lullAfter)
	}
	return before
}

// trim gives back the buffers that are kept for the next blocks and reads.
func (x *process) trim(now mono.Instant) {
	if x.lull.due == mono.Never || now < x.lull.due || x.lull.ring(now) == somethingCame {
		return
	}
	x.free = nil
	x.d.slabs.Trim()
	x.d.o.Reads.Trim()
}
