package recv

import "github.com/etorrent/etorrent/internal/vocab/serial"

// arrival is a packet that takes a number.
type arrival struct {
	seq     serial.Number
	last    role
	payload []byte
}

// role says what a packet is to the stream.
type role uint8

const (
	inside role = iota
	fin
)

// ReceiveData takes a Data packet. One without payload is a packet as any other.
func (q *Queue) ReceiveData(seq serial.Number, payload []byte, to Stream) Receipt {
	return q.receive(arrival{seq, inside, payload}, to)
}

// ReceiveFin takes a Fin. Its payload, which libtorrent allows, is the end of the
// stream.
func (q *Queue) ReceiveFin(seq serial.Number, payload []byte, to Stream) Receipt {
	return q.receive(arrival{seq, fin, payload}, to)
}

func (q *Queue) receive(a arrival, to Stream) Receipt {
	r := Receipt{Kind: q.view(a)}
	switch r.Kind {
	case InOrder:
		q.take(a, &r, to)
	case Held:
		r.Kind = q.hold(a)
	case Repeated, BeyondWindow, TooFar, NoMemory, Strange, BehindEnd, EndElsewhere:
	}
	r.End = q.End()
	return r
}

// view says what is to become of a packet. Held is one for which there may still be
// no memory.
func (q *Queue) view(a arrival) ReceiptKind {
	ahead := a.seq.Diff(q.next)
	switch {
	case q.end != endUnknown && a.seq.Diff(q.fin) > 0:
		return BehindEnd
	case ahead < -q.cfg.Slots:
		return Strange
	case ahead < 0 || q.isHeld(a.seq):
		return Repeated
	case a.last == fin && q.end != endUnknown && a.seq != q.fin:
		return EndElsewhere
	case ahead >= q.cfg.Slots:
		return TooFar
	case ahead == 0 && q.used()+len(a.payload) > q.cfg.Window+q.cfg.Reserve:
		return BeyondWindow
	case ahead == 0:
		return InOrder
	case q.used()+len(a.payload) > q.cfg.Window:
		return BeyondWindow
	}
	return Held
}

// place notes where the end is. What came from behind it is no part of the stream.
func (q *Queue) place(a arrival) {
	if a.last == fin && q.end == endUnknown {
		q.end, q.fin = endPlaced, a.seq
		q.dropFrom(a.seq.Next())
	}
}

// take delivers the packet that is next, and those that waited for it.
func (q *Queue) take(a arrival, r *Receipt, to Stream) {
	q.place(a)
	q.deliver(a.payload, r, to)
	for q.isHeld(q.next) {
		s := q.remove(q.next)
		q.deliver(s.payload, r, to)
		q.pool.giveBack(s.payload)
	}
	if q.end == endPlaced && q.next.Previous() == q.fin {
		q.end = endReached
	}
}

func (q *Queue) deliver(payload []byte, r *Receipt, to Stream) {
	q.next = q.next.Next()
	r.Packets++
	r.Bytes += len(payload)
	q.unread += len(payload)
	if len(payload) > 0 {
		to.Deliver(payload)
	}
}

// hold keeps a packet that came early, if there is memory for it.
func (q *Queue) hold(a arrival) ReceiptKind {
	var s slot
	if len(a.payload) > 0 {
		if s.payload = q.pool.lend(len(a.payload)); s.payload == nil {
			return NoMemory
		}
		copy(s.payload, a.payload)
	}
	q.place(a)
	q.grow(a.seq.Diff(q.next))
	q.put(a.seq, s)
	if q.held.packets == 0 || q.top.Less(a.seq) {
		q.top = a.seq
	}
	q.held.packets++
	q.held.bytes += len(a.payload)
	return Held
}
