// Package recv is the side of a uTP connection that receives (BEP 29): it brings
// packets into their order, and says what to acknowledge and what window to give.
//
// A Queue expects one packet next. That one is delivered at once, from the datagram
// that it came in; those that come before their turn are held, and follow as soon as
// nothing is missing before them. Every packet ends as one of
//
//	in order ──▶ delivered
//	early ─────▶ held ──▶ delivered
//	any other ─▶ dropped, and the receipt says why
//
// What is delivered is the caller's, which says by Read when it needs no more room.
// What is held is copied into a buffer of a Pool that all connections share, since
// the datagram lies in a batch that is read over: packets that come in order, which
// are nearly all, cost no copy, and a thousand connections that lose nothing hold
// nothing.
//
// Invariants: every packet is delivered once, in order; never more bytes are held and
// unread than the window and its reserve, never more packets are held than the slots;
// the window is no larger than what is free; nothing is delivered behind a Fin.
package recv

import (
	"github.com/etorrent/etorrent/internal/vocab/serial"
)

// MaxSlots is the most that a queue may have: from there on it is no longer clear
// whether a number is old or new.
const MaxSlots = 1 << 14

// minSlots is how many there are room for at first. It is a word of bits.
const minSlots = 64

// Config is what a queue is made for.
type Config struct {
	Next    serial.Number // the first packet
	Window  int           // in bytes: what is held, or not yet read, stays below it
	Reserve int           // in bytes: what packets that come in order may have beyond it
	Slots   int           // how many packets ahead of the next one may be held, it included
	Segment int           // in bytes: a usual payload; a window below it is as good as closed
}

// Stream takes what comes, in order. It copies or uses the payload before it returns:
// the memory is used again.
type Stream interface {
	Deliver(payload []byte)
}

// Queue is the receiving side of one connection. It has one owner.
type Queue struct {
	cfg    Config
	pool   *Pool
	next   serial.Number
	ring   []slot   // by number modulo its length, a power of two; nil: nothing was held
	bits   []uint64 // which slots are in use
	held   tally
	top    serial.Number // the furthest that is held, where one is
	unread int           // bytes that were delivered, and not read
	told   int           // the window that the remote was told last
	end    end
	fin    serial.Number // where end is not endUnknown
}

// slot is a packet that is held.
type slot struct {
	payload []byte // of the pool; nil where it is empty
}

// tally counts packets and their bytes.
type tally struct{ packets, bytes int }

// end is what is known of the last packet.
type end uint8

const (
	endUnknown end = iota
	endPlaced      // a Fin has come
	endReached     // and all before it
)

// New returns a queue to which nothing has come. The window has been told to nobody.
func New(cfg Config, pool *Pool) *Queue {
	cfg.Slots = min(max(cfg.Slots, 1), MaxSlots)
	return &Queue{cfg: cfg, pool: pool, next: cfg.Next}
}

// Ack is what to acknowledge: the last packet that came in order.
func (q *Queue) Ack() serial.Number { return q.next.Previous() }

// Held is how many packets wait for one before them.
func (q *Queue) Held() int { return q.held.packets }

// End says what is known of the end of the stream.
func (q *Queue) End() EndEvidence {
	switch q.end {
	case endPlaced:
		return EndAhead
	case endReached:
		return EndReached
	case endUnknown:
	}
	return EndUnknown
}

// used is what takes up the window.
func (q *Queue) used() int { return q.held.bytes + q.unread }

// at is the place of a number in the ring.
func (q *Queue) at(n serial.Number) int { return int(n) & (len(q.ring) - 1) }

func (q *Queue) isHeld(n serial.Number) bool {
	if ahead := n.Diff(q.next); ahead < 0 || ahead >= len(q.ring) {
		return false
	}
	at := q.at(n)
	return q.bits[at>>6]>>(at&63)&1 != 0
}

// grow makes the ring long enough for a number so far ahead.
func (q *Queue) grow(ahead int) {
	size := max(len(q.ring), minSlots)
	for size <= ahead {
		size *= 2
	}
	if size == len(q.ring) {
		return
	}
	old := *q
	q.ring, q.bits = make([]slot, size), make([]uint64, size/64)
	for n, left := old.next, old.held.packets; left > 0; n = n.Next() {
		if old.isHeld(n) {
			q.put(n, old.ring[old.at(n)])
			left--
		}
	}
}

func (q *Queue) put(n serial.Number, s slot) {
	at := q.at(n)
	q.ring[at] = s
	q.bits[at>>6] |= 1 << (at & 63)
}

// remove takes a packet that is held out of the ring.
func (q *Queue) remove(n serial.Number) slot {
	at := q.at(n)
	s := q.ring[at]
	q.ring[at] = slot{}
	q.bits[at>>6] &^= 1 << (at & 63)
	q.held.packets--
	q.held.bytes -= len(s.payload)
	return s
}

// Drop gives back what is held: for a connection that ends, or that is to start over.
func (q *Queue) Drop() {
	q.dropFrom(q.next)
	q.ring, q.bits = nil, nil
}

// Rest gives back the memory for what is held, where nothing is: for a connection that
// is idle.
func (q *Queue) Rest() {
	if q.held.packets == 0 {
		q.ring, q.bits = nil, nil
	}
}

// dropFrom gives back what is held from a number on.
func (q *Queue) dropFrom(n serial.Number) {
	for q.held.packets > 0 && n.Diff(q.top) <= 0 {
		q.pool.giveBack(q.remove(q.top).payload)
		for q.held.packets > 0 && !q.isHeld(q.top) {
			q.top = q.top.Previous()
		}
	}
}
