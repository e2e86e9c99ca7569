package cong

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// visible is a delay that is no accident.
	visible = 2500 * time.Microsecond
	// leastTarget is the shortest delay that is aimed at.
	leastTarget = 3 * time.Millisecond
	// raised is how often a buffer is believed to be deeper.
	raised = 5 * time.Second
	// heldLeast and heldMost bound the waits at which flows of our kind hold a queue: most
	// accidents come at them, so that a loss there takes none of them back.
	heldLeast, heldMost = target * 9 / 10, target * 11 / 8
	// refuted is how many accidents a sign counts for that was none, much how many make
	// a depth forgotten, and mostAccidents how many are remembered.
	refuted, much, mostAccidents = 6, 10, 12
)

// buffer is what is known of the queue at the narrowest link. Where packets wait as long
// as they ever did when one is lost, and not as long as the target, it is full before
// the delay would tell. From then on a third of it is aimed at: that loses nothing, keeps
// the link busy, and leaves others what they need of it.
//
// An accident may look the same, and who takes it for a full queue aims lower than others
// and starves beside them. But a full queue loses nothing before packets wait as long as
// they can, and none that was sent after it waits longer: what contradicts that is counted,
// and then a loss is a sign only when as many were seen that do not. Those sent before were
// behind it in the queue, and where acknowledgements are few what they waited is heard late:
// it says how long packets wait in a full queue.
type buffer struct {
	depth     time.Duration // 0: it is deeper than the target
	longest   time.Duration // that packets waited since it was full last
	at        mono.Instant
	suspect   time.Duration // how long packets waited when one was lost as if it were full; 0: they waited longer since
	told      mono.Instant  // when all is heard of what was sent before that loss
	accidents int           // that were seen, less what looked like a full queue since
}

// target is how long packets may wait.
func (b *buffer) target() time.Duration {
	if b.depth == 0 {
		return target
	}
	return min(max(b.depth/3, leastTarget), target)
}

// sign says whether a loss shows a full queue.
type sign uint8

const (
	noSign sign = iota
	isFull
)

// full takes a loss after which packets waited so long, on a path so long without its queue.
func (b *buffer) full(now mono.Instant, waits, base time.Duration) sign {
	if waits < b.longest*8/10 {
		b.accident(1)
		return noSign
	}
	if waits < visible {
		return noSign
	}
	b.suspect, b.told = waits, now.Add(base+waits)
	if b.accidents > 0 {
		if waits < heldLeast || waits > heldMost {
			b.accidents--
		}
		return noSign
	}
	if waits < target {
		b.depth, b.at, b.longest = waits, now, waits
	}
	return isFull
}

// accident counts what shows that the path loses packets by itself; some show it more.
func (b *buffer) accident(weight int) {
	if b.accidents = min(b.accidents+weight, mostAccidents); b.accidents >= much {
		b.depth = 0
	}
}

// pass notes that a round passed, and how long packets waited in it at most.
func (b *buffer) pass(now, since mono.Instant, waits time.Duration) {
	switch {
	case b.suspect == 0 || waits <= b.suspect:
	case since < b.told:
		if b.depth == b.suspect && waits < target {
			b.depth = waits
		}
		b.suspect = waits
	case waits > atMost(b.suspect):
		b.suspect = 0
		b.accident(refuted)
	}
	if waits > atMost(b.depth) {
		b.depth = 0
	}
	b.longest = max(b.longest, waits)
	if b.depth > 0 && now.Sub(b.at) > raised {
		b.at = now
		if b.depth += b.depth / 8; b.depth/3 >= target {
			b.depth = 0
		}
	}
}

// atMost is how long packets may seem to wait in a queue of a depth.
func atMost(depth time.Duration) time.Duration { return depth + depth/16 + time.Millisecond }
