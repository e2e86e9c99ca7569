package cong

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// tolerated is one in how many bytes a path may lose by itself.
	tolerated = 50
	// spare is how many packets may be lost beyond it, and spareAfter how many when it
	// was answered that there were more.
	spare, spareAfter = 24, 8
)

// losses is what may be lost before it means that the path is too full.
type losses struct {
	left     int64 // fiftieths of bytes
	answered answer
}

// answer says whether an episode was answered.
type answer uint8

const (
	unanswered answer = iota
	answered
)

func newLosses() losses { return losses{left: spare * 1400 * tolerated} }

func (l *losses) earn(bytes int) {
	l.left = min(l.left+int64(bytes), spare*1400*tolerated)
}

func (l *losses) spend(bytes int) {
	l.left = max(l.left-tolerated*int64(bytes), -spare*1400*tolerated)
}

// answer notes that the episode is answered: what else is lost in it does not count.
func (l *losses) answer(segment int) {
	l.answered = answered
	l.left = max(l.left, spareAfter*int64(segment)*tolerated)
}

const (
	// visible is a delay that is no accident.
	visible = 2500 * time.Microsecond
	// leastTarget is the shortest delay that is aimed at.
	leastTarget = 3 * time.Millisecond
	// raised is how often a buffer is believed to be deeper.
	raised = 5 * time.Second
)

// buffer is what is known of the queue at the narrowest link.
type buffer struct {
	depth   time.Duration // 0: it is deeper than the target
	longest time.Duration // that packets waited since it was full last
	at      mono.Instant
}

// target is how long packets may wait: less than 60 ms where the queue is shallow.
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
