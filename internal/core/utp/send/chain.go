package send

import "github.com/etorrent/etorrent/internal/vocab/serial"

// link is the number of a packet, or none.
type link int32

const none link = -1

func (l link) number() serial.Number { return serial.Number(l) }

// chain has the packets that have not arrived, in the order in which they were sent
// last: first those that are lost, then those that fly. Packets are found lost from
// the oldest on, so nearly every change is at one of the places that are known.
type chain struct {
	head, tail link
	open       link // the first that flies
}

// push appends a packet that flies.
func (f *Flight) push(n serial.Number) { f.insert(n, none) }

// insert puts a packet before another one that flies, or last. It flies.
func (f *Flight) insert(n serial.Number, at link) {
	s, here := f.at(n), link(n)
	s.after, s.before = at, f.sent.tail
	if at != none {
		s.before = f.at(at.number()).before
		f.at(at.number()).before = here
	} else {
		f.sent.tail = here
	}
	if s.before != none {
		f.at(s.before.number()).after = here
	} else {
		f.sent.head = here
	}
	if f.sent.open == at {
		f.sent.open = here
	}
}

// unlink takes a packet out.
func (f *Flight) unlink(n serial.Number) {
	s, here := f.at(n), link(n)
	if s.before != none {
		f.at(s.before.number()).after = s.after
	} else {
		f.sent.head = s.after
	}
	if s.after != none {
		f.at(s.after.number()).before = s.before
	} else {
		f.sent.tail = s.before
	}
	if f.sent.open == here {
		f.sent.open = s.after
	}
}

// ground moves a packet that flew to the end of those that are to be sent again.
func (f *Flight) ground(n serial.Number, as state) {
	s := f.at(n)
	f.unfly(s)
	if f.lost.Packets == 0 || n.Less(f.hint) {
		f.hint = n
	}
	f.lost.add(s)
	s.state = as
	if f.sent.open != link(n) {
		f.unlink(n)
		f.insert(n, f.sent.open)
	}
	f.sent.open = s.after
}
