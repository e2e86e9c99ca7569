// Package limit bounds rates: buckets that many processes draw bytes from, one
// under another, so that what is drawn from one is drawn from all above it.
//
// Those that find too little wait in the order in which they came, and each gets
// a share when its turn is: among those that want more than there is, the rate is
// shared evenly.
package limit

import (
	"slices"
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// burst is how much of a second may be drawn at once after idling.
	burst = 100 * time.Millisecond
	// lateness is how long past its turn one who waits keeps its place.
	lateness = burst / 2
	// keptWaiting is how much of a second is kept while somebody waits, here or for its
	// turn in another bucket: then nobody idles, but those before it may use less than
	// was expected. It is no less than what was saved, the wait for those before, and
	// the lateness; waitEach comes to it for each that waits.
	keptWaiting = 3 * burst
	// leastShare is the least that is granted at once, in bytes, if burst allows it;
	// shareSpan is how long a share lasts at high rates: smaller ones cost more to
	// hand out than they are worth.
	leastShare = 4 << 10
	shareSpan  = 8 * time.Millisecond
	// leastWait is the shortest that one is told to wait. mostWait is the longest, so
	// that a new rate is heard of.
	leastWait = 100 * time.Microsecond
	mostWait  = time.Second
	// waitEach, for each that waits, is how much longer than burst one is told to wait
	// for those before it: they may leave.
	waitEach = time.Millisecond
)

// Bucket grants bytes at a rate. It is a passive leaf; nothing waits in it:
// whoever gets nothing is told when to ask again. A nil Bucket has no limit.
type Bucket struct {
	above     *Bucket
	mu        sync.Mutex
	perSecond int64
	tokens    float64 // negative where more was granted than there was
	filled    mono.Instant
	queue     []*place // those that wait, in the order in which they came
}

// place is where a Drawer stands in the queue of one bucket. The bucket's lock is
// for it too.
type place struct {
	state placeState
	use   float64      // what it is expected to use when its turn is, in bytes
	due   mono.Instant // when it was told to ask again
}

// placeState says whether a Drawer waits in a bucket.
type placeState uint8

const (
	outside   placeState = iota
	waits                // for its turn
	waitsElse            // its turn is or will be before that in another bucket: it stands in nobody's way
)

// NewBucket returns a bucket of so many bytes per second; 0 is unlimited.
func NewBucket(perSecond int64) *Bucket { return &Bucket{perSecond: perSecond} }

// Under returns a bucket below b.
func (b *Bucket) Under(perSecond int64) *Bucket { return &Bucket{above: b, perSecond: perSecond} }

// SetRate changes the rate at once; 0 is unlimited. What was saved or owed at
// the old rate is forgotten.
func (b *Bucket) SetRate(perSecond int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if perSecond != b.perSecond {
		b.perSecond, b.tokens, b.filled = perSecond, 0, mono.Never
	}
}

// Own is the rate of the bucket itself; 0 is unlimited.
func (b *Bucket) Own() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.perSecond
}

// Rate is the least rate of the bucket and all above it, in bytes per second; 0 is
// unlimited.
func (b *Bucket) Rate() int64 {
	least := int64(0)
	for ; b != nil; b = b.above {
		b.mu.Lock()
		if b.perSecond > 0 && (least == 0 || b.perSecond < least) {
			least = b.perSecond
		}
		b.mu.Unlock()
	}
	return least
}

// view says how much p may be granted now, or how long it has to wait. The lock is
// held.
func (b *Bucket) view(now mono.Instant, p *place, a ask) (most int, wait time.Duration) {
	if b.perSecond <= 0 {
		return a.want, 0
	}
	b.forgetLate(now, p)
	b.refill(now)
	before, behind := b.others(p)
	free := b.tokens - before
	share := max(b.share(), float64(a.least))
	if p.use = a.use; free <= 0 {
		return 0, b.wait(before)
	}
	if behind == alone {
		share = max(share, free)
	}
	if share >= float64(a.want) {
		return a.want, 0
	}
	return int(share), 0
}

// company says whether anybody else waits in a bucket.
type company uint8

const (
	alone company = iota
	among
)

// others says what is for those before p, or for all if it does not wait, and whether
// there are others at all.
func (b *Bucket) others(p *place) (before float64, c company) {
	past := false
	for _, q := range b.queue {
		switch {
		case q == p:
			past = true
		case q.state == waits:
			c = among
			if !past {
				before += q.use
			}
		}
	}
	return before, c
}

// forgetLate takes those out of the queue that did not ask again when they were
// told to.
func (b *Bucket) forgetLate(now mono.Instant, but *place) {
	b.queue = slices.DeleteFunc(b.queue, func(q *place) bool {
		if q == but || now.Sub(q.due) <= lateness {
			return false
		}
		q.state = outside
		return true
	})
}

// remove takes p out of the queue.
func (b *Bucket) remove(p *place) {
	if p.state != outside {
		p.state = outside
		b.queue = slices.DeleteFunc(b.queue, func(q *place) bool { return q == p })
	}
}

// share is what each gets in turn, in bytes.
func (b *Bucket) share() float64 {
	return max(1, min(leastShare, b.saved()), shareSpan.Seconds()*float64(b.perSecond))
}

func (b *Bucket) refill(now mono.Instant) {
	if b.filled != mono.Never {
		b.tokens += now.Sub(b.filled).Seconds() * float64(b.perSecond)
	}
	b.filled = now
	kept := burst
	if slices.ContainsFunc(b.queue, func(q *place) bool { return now.Sub(q.due) <= lateness }) {
		kept = keptWaiting + time.Duration(len(b.queue))*waitEach
	}
	b.tokens = min(b.tokens, kept.Seconds()*float64(b.perSecond))
}

// wait is when one should ask again that has so many bytes before it.
func (b *Bucket) wait(before float64) time.Duration {
	lasts := func(bytes float64) time.Duration {
		return time.Duration(min(bytes/float64(b.perSecond), mostWait.Seconds()) * float64(time.Second))
	}
	owed := 1 - min(b.tokens, 0)
	ahead := min(lasts(before-max(b.tokens, 0)), burst+time.Duration(len(b.queue))*waitEach)
	return max(leastWait, min(lasts(owed)+ahead, mostWait))
}

// saved is what idling saves up at most.
func (b *Bucket) saved() float64 { return burst.Seconds() * float64(b.perSecond) }
