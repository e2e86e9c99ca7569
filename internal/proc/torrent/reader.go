package torrent

import (
	"context"

	"github.com/etorrent/etorrent/internal/leaf/limit"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

// fill is what one read brought: n bytes in the slab, of which the first may be
// the rest that was carried over. Err is set when nothing more will come.
type fill struct {
	slab slab.Slab // none where nothing was read
	n    int
	err  error
}

// appetite is what the loop lets the reader go on with.
type appetite struct {
	carry []byte // the rest of the last fill, nil if it was used up
	most  int    // bytes to read at once
	due   int    // bytes of blocks that are to come
	asked int    // bytes to wait for where none are
}

const (
	// quietRead is how much is read at once of a remote that may send us no block: a
	// thousand requests. What follows from it is bounded with it.
	quietRead = 16 << 10
	// carryKept is how much room for the rest of a fill is kept for the next one.
	carryKept = 32 << 10
)

// keep copies what is left of a fill. Room that one long frame took is not kept.
func (in *intake) keep(rest []byte) {
	if cap(in.carry) > carryKept && len(rest) <= carryKept {
		in.carry = nil
	}
	in.carry = append(in.carry[:0], rest...)
}

// reader is the linked goroutine that waits for the socket. It holds no buffer
// while it waits; a frame that came in part is carried in a slice of its size.
type reader struct {
	conn   pnet.Conn
	inflow inflow
	slabs  *slab.Pool
	rented chan slab.Slab // on which one comes that was waited for
	clock  *clock.Clock
	limit  *limit.Drawer
	fills  chan fill
	resume chan appetite
	waits  chan struct{} // one place: we do not read, for want of a slab or by a limit
}

// run reads until the connection or the process ends.
func (r *reader) run(p *sup.Process) error {
	defer r.limit.Leave()
	ctx := p.Context()
	next := appetite{most: quietRead}
	for {
		awaited := r.inflow.worth(next.due)
		if err := r.await(max(awaited, next.asked)); err != nil {
			r.hand(ctx, fill{err: err})
			return nil
		}
		room, ok := r.draw(p, next.most)
		if !ok {
			return nil
		}
		s := r.rent(ctx)
		if s.IsNone() {
			return nil
		}
		f, handed := r.bring(p, s, next.carry, room)
		if !handed {
			return nil
		}
		r.inflow.took(r.clock.Now(), f.n-len(next.carry), awaited)
		select {
		case next = <-r.resume:
		case <-ctx.Done():
			return nil
		}
		if f.err != nil {
			return nil
		}
	}
}

// await waits until so many bytes are there, where the connection can do that.
func (r *reader) await(n int) error {
	if g, can := r.conn.(pnet.Gatherer); can {
		return g.WaitGathered(n, gatherWait)
	}
	return r.conn.WaitReadable()
}

// rent waits for a slab; none means that the process ends.
func (r *reader) rent(ctx context.Context) slab.Slab {
	s, wait := r.slabs.TryRentBy(r.rented)
	if wait == nil {
		return s
	}
	r.tellWait()
	select {
	case s = <-wait:
		return s
	case <-ctx.Done():
		r.slabs.Forgo(wait)
		return slab.Slab{}
	}
}

// bring fills a slab and gives it to the loop; it reports false, and releases the
// slab, when the process ends first.
func (r *reader) bring(p *sup.Process, s slab.Slab, carry []byte, room int) (f fill, handed bool) {
	defer func() {
		if !handed {
			s.Release()
		}
	}()
	p.Step("read")
	f = r.fill(s, carry, room)
	p.Act("hand over")
	return f, r.hand(p.Context(), f)
}

// tellWait tells the loop that it is our side that does not read.
func (r *reader) tellWait() {
	select {
	case r.waits <- struct{}{}:
	default:
	}
}

// fill reads what is there, at most room bytes and a slab.
func (r *reader) fill(s slab.Slab, carry []byte, room int) fill {
	buf := s.Bytes()
	start := copy(buf, carry)
	end := min(len(buf), start+room)
	n := start
	for n < end {
		m, err := r.conn.TryRead(buf[n:end])
		n += m
		if err != nil {
			r.limit.Return(room - (n - start))
			return fill{slab: s, n: n, err: err}
		}
		if m == 0 {
			break
		}
	}
	r.limit.Return(room - (n - start))
	return fill{slab: s, n: n}
}

// hand gives a fill to the loop; it reports false when the process ends first.
func (r *reader) hand(ctx context.Context, f fill) bool {
	select {
	case r.fills <- f:
		return true
	case <-ctx.Done():
		return false
	}
}

// draw waits until the limits grant bytes, at most so many. They may be fewer than
// a block: what is read can end anywhere.
func (r *reader) draw(p *sup.Process, most int) (int, bool) {
	n, wait := r.limit.Take(r.clock.Now(), most, 1)
	for n == 0 {
		r.tellWait()
		if p.Pause(wait) == sup.StopAsked {
			return 0, false
		}
		n, wait = r.limit.Take(r.clock.Now(), most, 1)
	}
	return n, true
}
