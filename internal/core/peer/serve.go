package peer

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

const (
	// LocalReqq is the number of requests that we queue for a remote; we
	// advertise it as reqq (BEP 10).
	LocalReqq = 2000
	// ReadAheadLimit is how many bytes are read or unsent for one remote at most, and
	// leastReadAhead for one that takes little: what was read cannot be cancelled, and
	// would come twice where the remote fetched it elsewhere meanwhile.
	ReadAheadLimit = 512 << 10
	leastReadAhead = 64 << 10
	// slowSend is for how long what is read or unsent lasts, at the rate that the remote
	// takes it, up to usualReadAhead; readAheadSpan before it is more.
	slowSend       = 500 * time.Millisecond
	usualReadAhead = 256 << 10
	readAheadSpan  = 50 * time.Millisecond
	// runRequests is how many requests one read answers, since each costs as much
	// whatever its length is.
	runRequests = 64
)

// RequestEvidence says what a request of the remote means. Ranges outside the
// torrent never get here: the decoder refuses them.
type RequestEvidence uint8

const (
	// Servable is queued.
	Servable RequestEvidence = iota
	// WhileChoked came while we choke the remote.
	WhileChoked
	// OverLimit came while LocalReqq requests are queued.
	OverLimit
	// NotHeld names a piece that may not be served.
	NotHeld
	// AlreadyQueued repeats the newest request.
	AlreadyQueued
)

// owed holds the remote's requests: first those waiting, then those being read.
type owed struct {
	waiting  queue
	reading  []Request
	allowed  allowed
	appetite appetite
}

// viewRequest judges a request. Of repetitions only that of the newest request
// is seen; a remote that repeats older ones wastes its own queue.
func (c *Core) viewRequest(r Request) RequestEvidence {
	queued := c.owed.waiting.len()
	switch {
	case c.local.choke == Choked && !(c.isAllowed(r) && int64(r.Length) <= c.owed.allowed.left):
		return WhileChoked
	case !c.held.Has(r.Piece):
		return NotHeld
	case queued+len(c.owed.reading) >= LocalReqq:
		return OverLimit
	case queued > 0 && c.owed.waiting.at(queued-1) == r:
		return AlreadyQueued
	}
	return Servable
}

func (c *Core) executeRequest(now mono.Instant, r Request, eff Effects) {
	switch c.viewRequest(r) {
	case Servable:
		c.owed.waiting.push(r)
		if c.local.choke == Choked {
			c.owed.allowed.left -= int64(r.Length)
		}
	case WhileChoked, OverLimit, NotHeld, AlreadyQueued:
		c.refuse(r, eff)
		c.tolerate(now, floodRequest, eff)
	}
}

// refuse answers a request that will not be served: with FAST by a reject
// (BEP 6), else by silence.
func (c *Core) refuse(r Request, eff Effects) {
	if c.speaksFast() {
		eff.Send(wire.Message{Kind: wire.Reject, Piece: r.Piece, Begin: r.Begin, Length: r.Length})
	}
}

// executeCancel drops a request. One that was answered already is cancelled in
// vain, which is no offence.
func (c *Core) executeCancel(now mono.Instant, r Request, eff Effects) {
	if c.owed.drop(r) == dropped {
		c.refuse(r, eff)
	}
	c.tolerate(now, floodCancel, eff)
}

// ReadAhead is how many bytes may be read or unsent for the remote: from
// leastReadAhead to ReadAheadLimit, by how fast it took of late.
func (c *Core) ReadAhead() uint32 {
	a := &c.owed.appetite
	usual := min(max(float64(leastReadAhead), a.rate*slowSend.Seconds()), usualReadAhead)
	return uint32(min(max(usual, a.rate*readAheadSpan.Seconds()), ReadAheadLimit))
}

// Appetite is how fast the remote took payload of late, in bytes a second; 0 is unknown.
func (c *Core) Appetite() float64 { return c.owed.appetite.rate }

// appetite estimates how fast a remote takes payload, from how long usualReadAhead
// of it took.
type appetite struct {
	since mono.Instant
	taken int     // payload since then
	rate  float64 // bytes a second
}

// take notes that n bytes of payload left at now.
func (a *appetite) take(now mono.Instant, n int) {
	if a.taken += n; a.taken < usualReadAhead {
		return
	}
	span := max(now.Sub(a.since), time.Microsecond)
	a.rate = float64(a.taken) / span.Seconds()
	a.since, a.taken = now, 0
}

// NextRead takes the next run of consecutive requests, at most limit bytes but
// at least one request, out of the queue. The run has Length 0 when nothing
// waits.
func (c *Core) NextRead(limit uint32) ReadRun {
	q := &c.owed.waiting
	if q.len() == 0 {
		return ReadRun{}
	}
	requests := 1
	run := ReadRun(q.pop())
	c.owed.reading = append(c.owed.reading, Request(run))
	for q.len() > 0 {
		r := q.at(0)
		if r.Piece != run.Piece || r.Begin != run.Begin+run.Length || uint64(run.Length)+uint64(r.Length) > uint64(limit) {
			break
		}
		if requests++; requests > runRequests {
			break
		}
		run.Length += r.Length
		c.owed.reading = append(c.owed.reading, q.pop())
	}
	return run
}

// Waiting is the number of requests that NextRead has not taken.
func (c *Core) Waiting() int { return c.owed.waiting.len() }

// ReadDone answers, by Upload, those requests of a run that still stand.
func (c *Core) ReadDone(run ReadRun, eff Effects) {
	for r := range c.owed.readingIn(run) {
		c.floods.forgive(floodCancel, 1)
		eff.Upload(r)
	}
	c.owed.doneReading(run)
}

// TakeBack has requests wait again, before all others, that Upload answered but
// of which nothing was sent. They come on top of LocalReqq.
func (c *Core) TakeBack(all []Request, eff Effects) {
	if c.life == closed {
		return
	}
	if c.local.choke == Choked {
		all = c.keepAllowed(all, eff)
	}
	c.owed.waiting.unshift(all)
}

// ReadFailed refuses the requests of a run that could not be read.
func (c *Core) ReadFailed(run ReadRun, eff Effects) {
	for r := range c.owed.readingIn(run) {
		c.refuse(r, eff)
	}
	c.owed.doneReading(run)
}

// dropOwed forgets every queued request that a choke ends, refused where FAST
// asks for it. What is allowed to the choked stays.
func (c *Core) dropOwed(eff Effects) {
	c.owed.reading = c.keepAllowed(c.owed.reading, eff)
	kept := c.keepAllowed(c.owed.waiting.all(), eff)
	c.owed.waiting.keep(kept)
}

func (c *Core) keepAllowed(all []Request, eff Effects) []Request {
	kept := all[:0]
	for _, r := range all {
		if c.isAllowed(r) {
			kept = append(kept, r)
			continue
		}
		c.refuse(r, eff)
	}
	return kept
}
