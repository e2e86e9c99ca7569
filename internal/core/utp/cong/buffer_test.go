package cong

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// What is heard after a loss of those that were in the queue before it says how deep a full
// queue is; what was sent since and waits longer, that it was not full.
func TestAQueueIsAsDeepAsThoseWaitedThatWereBehindALoss(t *testing.T) {
	const base, ms = 50 * time.Millisecond, time.Millisecond
	lost := mono.Instant(time.Second)
	told := lost.Add(base + 44*ms)
	for name, c := range map[string]struct {
		since mono.Instant // of the round after it
		waits time.Duration
		aims  time.Duration
		next  sign // of a loss where they wait 45 ms
	}{
		"no longer":                     {lost, 44 * ms, 44 * ms / 3, isFull},
		"longer, sent before":           {lost.Add(ms), 51 * ms, 51 * ms / 3, isFull},
		"longer, sent before, and deep": {lost.Add(ms), target, target, noSign},
		"longer, sent since":            {told, 51 * ms, target, noSign},
	} {
		t.Run(name, func(t *testing.T) {
			var b buffer
			if b.full(lost, 44*ms, base) != isFull {
				t.Fatal("a loss where packets waited as long as ever is no sign")
			}
			b.pass(c.since.Add(base), c.since, c.waits)
			if got := b.target(); got != c.aims {
				t.Errorf("%v is aimed at, not %v", got, c.aims)
			}
			if got := b.full(told.Add(time.Second), 45*ms, base); got != c.next {
				t.Errorf("the next loss is %d, not %d", got, c.next)
			}
		})
	}
}
