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
	// lotSpan is over how long those who wait are spread. Bytes that nobody
	// draws meanwhile are not lost, since it is below burst.
	lotSpan = burst / 2
	// leastBytes is the least that is granted, if burst allows it: who drew less
	// would be back before those who wait.
	leastBytes = 4 << 10
	// mostWait is how long a new rate may go unnoticed.
	mostWait = time.Second
)

// Bucket grants bytes at a rate. It is a passive leaf; nothing waits in it:
// whoever gets nothing is told when to ask again. Who of those that wait gets
// the next bytes is decided by lot. A nil Bucket has no limit.
type Bucket struct {
	mu        sync.Mutex
	perSecond int64
	tokens    float64
	filled    mono.Instant
	lots      uint64
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
		return 0, b.lot()
	}
	least := max(1, atLeast, min(leastBytes, int(b.saved())))
	granted = min(want, max(int(b.tokens), least))
	b.tokens -= float64(granted)
	return granted, 0
}

// lot is how long one of those who wait has to: until the debt is paid, and a
// part of lotSpan that differs from one to the next. Were they to ask all at
// once, the same one might always be the first.
func (b *Bucket) lot() time.Duration {
	b.lots = b.lots*6364136223846793005 + 1442695040888963407 // Knuth's MMIX
	spread := time.Duration(b.lots>>32) * lotSpan >> 32
	debt := min((1-b.tokens)/float64(b.perSecond), (mostWait - lotSpan).Seconds())
	return time.Duration(debt*float64(time.Second)) + spread
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
	b.tokens = min(b.tokens, b.saved())
}

// saved is what idling saves up at most.
func (b *Bucket) saved() float64 { return burst.Seconds() * float64(b.perSecond) }
