package send

import "fmt"

// Audit says what in the flight contradicts itself, nil if nothing does. It walks
// everything: it is for simulations and tests, after every input.
func (f *Flight) Audit() error {
	var up, down, beyond Tally
	sacked, unsent, order := 0, 0, uint64(0)
	state := make(map[link]state)
	for n := f.una; n != f.next; n = n.Next() {
		s := f.at(n)
		if (f.arrivedFrom(n)&1 == 1) != (s.state == arrived) {
			return fmt.Errorf("the bit of packet %v is wrong, it is %d", n, s.state)
		}
		switch s.state {
		case flying:
			up.add(s)
			if s.sight == untold {
				beyond.add(s)
			}
		case arrived:
			sacked++
			continue
		case lost, timedOut, withheld:
			down.add(s)
		}
		if s.times == 0 {
			unsent++
		}
		state[link(n)] = s.state
		if order = max(order, s.order); order > f.order {
			return fmt.Errorf("packet %v was sent as number %d of %d", n, order, f.order)
		}
	}
	switch {
	case f.Span() > f.cfg.Most:
		return fmt.Errorf("%d packets, at most %d", f.Span(), f.cfg.Most)
	case beyond != f.untold:
		return fmt.Errorf("%+v are untold, counted were %+v", beyond, f.untold)
	case up != f.flying || down != f.lost || sacked != f.sacked || unsent != f.unsent:
		return fmt.Errorf("%+v fly, %+v are lost, %d arrived, %d unsent, counted were %+v, %+v, %d, %d",
			up, down, sacked, unsent, f.flying, f.lost, f.sacked, f.unsent)
	case f.una != f.next && f.at(f.una).state == arrived:
		return fmt.Errorf("packet %v is missing, and has arrived", f.una)
	}
	return f.auditChain(state)
}

// auditChain looks whether the chain has all these, those that fly behind the others
// and in the order in which they were sent.
func (f *Flight) auditChain(state map[link]state) error {
	side, order, before := ground, uint64(0), none
	for at := f.sent.head; at != none; at = f.at(at.number()).after {
		s, is := state[at]
		delete(state, at)
		if at == f.sent.open {
			side = air
		}
		switch here := f.at(at.number()); {
		case !is:
			return fmt.Errorf("packet %d is in the chain twice, or has arrived", at)
		case here.before != before:
			return fmt.Errorf("packet %d is behind %d, and says %d", at, before, here.before)
		case (s == flying) != (side == air):
			return fmt.Errorf("packet %d is on the wrong side", at)
		case side == air && here.order <= order:
			return fmt.Errorf("packet %d was sent before the one before it", at)
		case side == air:
			order = here.order
		}
		before = at
	}
	if len(state) > 0 || f.sent.tail != before || side == ground && f.sent.open != none {
		return fmt.Errorf("%d packets are not in the chain, its end is %d of %d", len(state), f.sent.tail, before)
	}
	return nil
}

// The sides of a chain.
type chainSide uint8

const (
	ground chainSide = iota
	air
)
