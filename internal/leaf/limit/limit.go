// Package limit bounds rates: a bucket that many processes draw bytes from.
package limit

import (
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// burst is how much of a second may be drawn at once after idling.
const burst = 100 * time.Millisecond

// Bucket grants bytes at a rate. It is a passive leaf; nothing waits in it:
// whoever gets nothing is told when to ask again. A nil Bucket has no limit.
type Bucket struct {
	mu        sync.Mutex
	perSecond int64
	tokens    float64
	filled    mono.Instant
}

// NewBucket returns a bucket of so many bytes per second; 0 is unlimited.
func NewBucket(perSecond int64) *Bucket { return &Bucket{perSecond: perSecond} }

// SetRate changes the rate at once; 0 is unlimited.
func (b *Bucket) SetRate(perSecond int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.perSecond, b.tokens = perSecond, 0
}

// Take asks for up to want bytes. It grants some, or none and says how long to
// wait. A grant may run the bucket into debt by the part of want that is below
// atLeast, so that a block is never split; the debt is paid by waiting.
func (b *Bucket) Take(now mono.Instant, want, atLeast int) (granted int, wait time.Duration) {
	if b == nil {
		return want, 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.perSecond <= 0 {
		return want, 0
	}
	b.refill(now)
	if b.tokens <= 0 {
		return 0, time.Duration((1 - b.tokens) / float64(b.perSecond) * float64(time.Second))
	}
	granted = min(want, max(int(b.tokens), min(want, atLeast)))
	b.tokens -= float64(granted)
	return granted, 0
}

// Return gives back what was granted and not used.
func (b *Bucket) Return(n int) {
	if b == nil || n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens += float64(n)
}

func (b *Bucket) refill(now mono.Instant) {
	if b.filled != mono.Never {
		b.tokens += now.Sub(b.filled).Seconds() * float64(b.perSecond)
	}
	b.filled = now
	b.tokens = min(b.tokens, burst.Seconds()*float64(b.perSecond))
}
