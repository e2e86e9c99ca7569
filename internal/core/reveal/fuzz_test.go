package reveal_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/reveal"
	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// FuzzReveal takes two bytes for each input: what happens, and to whom or to what. The
// stage fails where the core contradicts itself, shows a piece twice or to who has it, or
// goes on after its end.
func FuzzReveal(f *testing.F) {
	fuzzseed.Add(f)
	f.Add(uint8(5), []byte{0, 1, 0, 2, 3, 0, 3, 1, 9, 5, 3, 0, 3, 1, 2, 0, 9, 60})
	f.Add(uint8(20), []byte{0, 1, 1, 2, 4, 0, 8, 0, 9, 90, 5, 1, 9, 90, 6, 0, 7, 0, 9, 200})
	f.Fuzz(func(t *testing.T, pieces uint8, steps []byte) {
		s := newStage(t, 1+int(pieces)%40)
		for n := reveal.RemoteID(0); len(steps) >= 2 && n < 400; steps = steps[2:] {
			n++
			s.play(steps[0]%10, n, steps[1])
		}
	})
}

// play carries out one step. A remote that comes gets the number.
func (s *stage) play(what byte, number reveal.RemoteID, which byte) {
	s.t.Helper()
	i := pieceset.Index(int(which/8) % s.pieces)
	switch {
	case what == 0:
		s.join(number)
		return
	case what == 1:
		s.join(number, i)
		return
	case what == 8:
		s.core.RemoteHas(s.now, number, i) // of whom nothing counts
		s.core.RemoteHasSet(s.now, number, pieceset.Full(s.pieces))
		s.core.RemoteMeasured(s.now, number, reveal.Reading{Sent: 5})
		s.core.RemoteLeft(s.now, number)
		s.settle()
		return
	case what == 9:
		s.pass(time.Duration(which) * time.Second)
		return
	case len(s.order) == 0:
		return
	}
	r := s.order[int(which)%len(s.order)]
	switch what {
	case 2:
		s.leave(r)
	case 3:
		for _, k := range r.missing() {
			s.gets(r, k)
		}
	case 4:
		s.gets(r, i)
	case 5:
		r.wants = reveal.Interest(which / 8 % 2)
	case 6:
		r.slot = reveal.Slot(which / 8 % 2)
	case 7:
		r.sent += int64(which) << 10
	}
}
