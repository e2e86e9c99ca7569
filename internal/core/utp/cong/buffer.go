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
)

// buffer is what is known of the queue at the narrowest link. Where packets wait as long
// as they ever did when one is lost, and not as long as the target, it is full before
// the delay would tell. From then on a third of it is aimed at: that loses nothing, keeps
// the link busy, and leaves others what they need of it. A loss by accident, which may
// look the same, costs little so.
type buffer struct {
	depth   time.Duration // 0: it is deeper than the target
	longest time.Duration // that packets waited since it was full last
	at      mono.Instant
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

// full takes a loss after which packets waited so long.
func (b *buffer) full(now mono.Instant, waits time.Duration) sign {
	if waits < visible || waits < b.longest*8/10 {
		return noSign
	}
	if waits < target {
		b.depth, b.at, b.longest = waits, now, waits
	}
	return isFull
}

// pass notes that a round passed.
func (b *buffer) pass(now mono.Instant, waits time.Duration) {
	b.longest = max(b.longest, waits)
	if b.depth > 0 && now.Sub(b.at) > raised {
		b.at = now
		if b.depth += b.depth / 8; b.depth/3 >= target {
			b.depth = 0
		}
	}
}
