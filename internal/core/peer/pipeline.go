package peer

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// minWindow is the least number of blocks kept in flight to a peer that is not
	// slow; fewer leave a fast local link idle.
	minWindow = 64
	// firstWindow is how many are in flight at the begin. Each block makes them one
	// more, so that they double with each round trip, as what TCP sends does.
	firstWindow = 16
	// slowSpan is for how long what is in flight to a slow peer lasts besides the round
	// trip, and slowWindow the least of it. What lies in its queue for longer is what
	// others would have to fetch a second time.
	slowSpan   = time.Second
	slowWindow = 8
	// defaultReqq is the queue of a remote that named none (BEP 10).
	defaultReqq = 250
	// queueSlack is added to the round trip when the window is computed, so
	// that the remote's queue never runs dry between two of our writes.
	queueSlack = 250 * time.Millisecond
	// roundTripBound bounds what is believed of a round trip: a first answer
	// may have waited for a disk.
	roundTripBound = 2 * time.Second
	// firstTimeout holds until the remote's rate is known.
	firstTimeout = 20 * time.Second
	minTimeout   = 4 * time.Second
	maxTimeout   = 60 * time.Second
	// timeoutBlocks is how many blocks of time at its own rate the remote may
	// take for the next one.
	timeoutBlocks = 16
)

// pipeline holds the requests that we made and how many there should be:
//
//	snubbed     1: it let a time-out pass and has sent nothing since
//	recovering  doubled by each block, up to the least
//	ramping     from the begin until the rate grows no more, or an answer takes so
//	            long that the remote must have a queue: firstWindow and a block for
//	            each that came
//	growing     doubled by each rate window in which the rate grew, up to twice
//	            what the rate needs: where the window is what limits the rate,
//	            that is no bound; where the rate is low it grows by chance
//	levelled    rate × (round trip + queueSlack), at least the least; it falls
//	            by a quarter a rate window at most, for what a larger window
//	            brought is seen a round trip later
//
// and never more than the remote's reqq. The least is minWindow, or what a slow
// remote sends within slowSpan and a round trip.
type pipeline struct {
	asked    asked
	window   int
	reqq     int
	strikes  int // time-outs since the last block
	ramp     ramp
	rate     meter
	rtt      time.Duration // 0 is unknown
	progress mono.Instant  // the last block, or when there was reason to wait anew
	waits    mono.Instant  // the same, but that a time-out is no reason
}

// ramp says whether the window is that of a begin.
type ramp uint8

const (
	ramping ramp = iota
	settled
)

func newPipeline() pipeline { return pipeline{window: firstWindow, reqq: defaultReqq} }

// limit is how many blocks should be in flight now.
func (p *pipeline) limit() int {
	if p.strikes > 0 {
		return 1
	}
	return max(1, min(p.window, p.reqq))
}

// room is how many more blocks may be asked for. It is less strict than limit,
// because deals cross a change of the limit, but never above what the remote
// queues.
func (p *pipeline) room() int {
	most := p.reqq
	if p.strikes > 0 {
		most = 1
	}
	return most - p.asked.flying.count
}

// ask puts b into flight; it must not be there yet.
func (p *pipeline) ask(now mono.Instant, b geometry.Block) {
	queue := behindOthers
	if p.asked.flying.count == 0 {
		queue = alone
		p.progress = now
		p.rate.start(now)
		if p.strikes == 0 {
			p.waits = now
		}
	}
	at := p.asked.find(b)
	if at == 0 {
		p.asked.add(b, now).queue = queue
		return
	}
	s := &p.asked.slots[at]
	s.since, s.queue = now, queue
	s.copies = min(s.copies+1, copiesBound)
	p.asked.move(at, flying)
}

// BlockEvidence says what an incoming block means for this peer. It is flat,
// because it is made for every block.
type BlockEvidence uint8

// What a block can be.
const (
	// BlockWanted is in flight: it goes to the disk.
	BlockWanted BlockEvidence = iota
	// BlockLate was given back or cancelled, and comes all the same: it goes
	// to the disk too, which knows whether it is of use.
	BlockLate
	// BlockMisaligned lies across our blocks, so we cannot have asked for it.
	BlockMisaligned
	// BlockUnrequested was never asked for.
	BlockUnrequested
)

// viewBlock says what the length bytes at begin are. A wanted or late block is
// returned with its slot.
func (p *pipeline) viewBlock(g geometry.Geometry, r Request) (BlockEvidence, int32) {
	if r.Begin%geometry.BlockSize != 0 {
		return BlockMisaligned, 0
	}
	b := r.block()
	at := p.asked.find(b)
	if at == 0 {
		return BlockUnrequested, 0
	}
	if _, length := g.BlockBytes(b); length != r.Length {
		return BlockMisaligned, 0
	}
	if p.asked.slots[at].place == late {
		return BlockLate, at
	}
	return BlockWanted, at
}

// block is the block that begins where r does.
func (r Request) block() geometry.Block {
	return geometry.Block{Piece: r.Piece, Number: r.Begin / geometry.BlockSize}
}

// arrived notes that the n bytes of a slot's block came, and adjusts the window.
func (p *pipeline) arrived(now mono.Instant, at int32, n int) {
	s := &p.asked.slots[at]
	answer := p.measure(now, s)
	growth, known := windowOpen, p.rate.perSecond > 0
	if p.asked.flying.count == 0 || p.rate.perSecond == 0 && s.queue == alone {
		p.rate.start(now) // the wait for the very first answer, or for nothing, is no rate
	} else {
		growth = p.rate.add(now, n)
	}
	p.asked.answered(at)
	p.progress, p.waits = now, now
	p.strikes = 0
	if known && growth == levelled || answer == queued {
		p.ramp = settled
	}
	least := p.least()
	switch {
	case p.window < least:
		p.window = min(least, 2*p.window)
	case p.ramp == ramping:
		p.window = max(p.window, min(p.window+1, p.reqq))
	case growth == grew:
		p.window = max(least, min(2*p.window, 2*p.level(), p.reqq))
	case growth == levelled:
		p.window = max(least, min(p.level(), p.reqq), p.window*3/4)
	}
}

// least is the least number of blocks in flight to a remote that answers.
func (p *pipeline) least() int {
	if p.rate.perSecond == 0 {
		return firstWindow
	}
	return min(minWindow, max(slowWindow, p.sentIn(p.rtt+slowSpan)))
}

// level is how many blocks keep the remote sending at its rate.
func (p *pipeline) level() int { return p.sentIn(p.rtt + queueSlack) }

// sentIn is how many blocks the remote sends in a span.
func (p *pipeline) sentIn(d time.Duration) int {
	return int(p.rate.perSecond*d.Seconds()) / geometry.BlockSize
}

// answer says what an answer tells of the remote's queue.
type answer uint8

const (
	prompt answer = iota
	queued        // it waited there for others
)

// measure learns the round trip from an answer. One to a lone request tells it.
// Those to others include the remote's queue, so they can only lower it: were
// they to raise it, a longer queue would ask for a longer queue. Where a block
// was asked for more than once, the answer may be to the earlier request. One
// that took longer than two round trips, which it may at a remote that sends
// ever faster, was queued.
func (p *pipeline) measure(now mono.Instant, s *slot) answer {
	if s.copies > 1 || s.place == late {
		return prompt
	}
	took := now.Sub(s.since)
	sample := min(took, roundTripBound)
	if s.queue == alone || p.rtt == 0 || sample < p.rtt {
		p.rtt = sample
	}
	if took > 2*(p.rtt+queueSlack) {
		return queued
	}
	return prompt
}

// rejected notes that a wanted block will not come although we are not choked:
// the remote takes no more than what is left in flight.
func (p *pipeline) rejected(at int32) {
	p.asked.forget(at)
	p.ramp = settled
	p.window = max(1, min(p.window, p.asked.flying.count))
}

// snub notes that a time-out passed.
func (p *pipeline) snub(now mono.Instant) {
	p.strikes++
	p.window = 1
	p.progress = now
}

// timeout is how long the remote may send no block while requests are in
// flight: the time of timeoutBlocks at its own rate. It doubles with each one
// in a row.
func (p *pipeline) timeout() time.Duration {
	t := firstTimeout
	if p.rate.perSecond > 0 {
		seconds := timeoutBlocks * geometry.BlockSize / p.rate.perSecond
		t = 2*p.rtt + time.Duration(min(seconds, maxTimeout.Seconds())*float64(time.Second))
	}
	return min(maxTimeout, max(minTimeout, t)<<min(p.strikes, 5))
}

// deadline is when the requests in flight count as timed out.
func (p *pipeline) deadline() mono.Instant {
	if p.asked.flying.count == 0 {
		return mono.Never
	}
	return p.progress.Add(p.timeout())
}
