// Package limit bounds rates: a bucket that many processes draw bytes from.
package limit

import (
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// burst is how much of a second may be drawn at once after idling.
	burst = 100 * time.Millisecond
	// leastWait keeps those who draw little by little from asking all the time.
	leastWait = time.Millisecond
)

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

// SetRate changes the rate at once; 0 is unlimited. What was saved or owed at
// the old rate is forgotten.
func (b *Bucket) SetRate(perSecond int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.perSecond, b.tokens, b.filled = perSecond, 0, mono.Never
}

// Take asks for up to want bytes. It grants some, or none and says how long to
// wait. A grant is at least atLeast bytes, or want, so that a block is never
// split: it may run the bucket into debt, which is paid by waiting. The instants
// of different callers may come out of order.
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
		due := time.Duration((1 - b.tokens) / float64(b.perSecond) * float64(time.Second))
		return 0, max(leastWait, due)
	}
	granted = min(want, max(int(b.tokens), atLeast, 1))
	b.tokens -= float64(granted)
	return granted, 0
}

// Return gives back what was granted and not used; a negative number draws what
// was used beyond the grant.
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
