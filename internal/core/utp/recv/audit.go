package recv

import "fmt"

// Audit says what in the queue contradicts itself, nil if nothing does. It walks
// everything: it is for simulations and tests, after every input.
func (q *Queue) Audit() error {
	var held tally
	for n, left := q.next, len(q.ring); left > 0; n, left = n.Next(), left-1 {
		if !q.isHeld(n) {
			continue
		}
		held.packets++
		held.bytes += len(q.ring[q.at(n)].payload)
		switch ahead := n.Diff(q.next); {
		case ahead == 0:
			return fmt.Errorf("packet %v is held and next", n)
		case ahead >= q.cfg.Slots:
			return fmt.Errorf("packet %v is held %d ahead, of at most %d", n, ahead, q.cfg.Slots)
		case n.Diff(q.top) > 0:
			return fmt.Errorf("packet %v is held, the furthest is %v", n, q.top)
		case q.end != endUnknown && n.Diff(q.fin) > 0:
			return fmt.Errorf("packet %v is held behind the end at %v", n, q.fin)
		}
	}
	switch {
	case held != q.held:
		return fmt.Errorf("%+v are held, counted were %+v", held, q.held)
	case held.packets > 0 && !q.isHeld(q.top):
		return fmt.Errorf("the furthest, %v, is not held", q.top)
	case q.end == endReached && (held.packets > 0 || q.next.Previous() != q.fin):
		return fmt.Errorf("the end at %v is reached with %v, and %d are held", q.fin, q.next, held.packets)
	}
	return nil
}
