package swarms

import "github.com/etorrent/etorrent/internal/vocab/tracker"

// hand is a group that peers are drawn from: those before drawn are, those from
// end on may not be.
type hand struct {
	group      []int32
	drawn, end int
}

func (h *hand) left() int { return h.end - h.drawn }

// tell adds peers of a family until the answer has most: each of those that may be
// told is as likely as any other. Self is not told of itself.
func (s *Swarms) tell(of *[roles][]int32, to role, self int32, into *tracker.Response, most int) {
	var hands [roles]hand
	for r := range hands {
		hands[r] = hand{group: of[r], end: len(of[r])}
	}
	if self != none {
		p := &s.peers.values[self]
		h := &hands[p.role]
		h.end--
		s.swap(h.group, int(p.at), h.end)
	}
	if to == seeder {
		hands[seeder].end = 0
	}
	for len(into.Peers) < most {
		all := hands[seeder].left() + hands[leecher].left()
		if all == 0 {
			return
		}
		n := s.rand.IntN(all)
		from := &hands[seeder]
		if n >= from.left() {
			n -= from.left()
			from = &hands[leecher]
		}
		// What is drawn moves to the front, so that it is not drawn again.
		s.swap(from.group, from.drawn, from.drawn+n)
		into.Peers = append(into.Peers, s.peers.values[from.group[from.drawn]].endpoint())
		from.drawn++
	}
}
