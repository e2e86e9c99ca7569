package reveal_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/reveal"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

const (
	begins    = mono.Instant(time.Hour)
	pieceSize = 4 * geometry.BlockSize
)

// remote is one as the stage has it: it sees what it is shown.
type remote struct {
	id    reveal.RemoteID
	sight reveal.Sight
	has   *pieceset.Set
	shown *pieceset.Set
	sent  int64
	wants reveal.Interest
	slot  reveal.Slot
}

// missing are the pieces that it was shown and lacks.
func (r *remote) missing() []pieceset.Index {
	s := r.shown.Clone()
	s.RemoveAll(r.has)
	return slices.Collect(s.All())
}

// stage plays the owner of a core and all its remotes, in virtual time.
type stage struct {
	t       testing.TB
	core    *reveal.Core
	now     mono.Instant
	pieces  int
	remotes map[reveal.RemoteID]*remote
	order   []*remote
	given   int // times that a piece was shown
	end     reveal.Ending
}

func newStage(t testing.TB, pieces int) *stage {
	return &stage{
		t: t, now: begins, pieces: pieces, remotes: map[reveal.RemoteID]*remote{},
		core: reveal.New(reveal.Config{
			Geometry: geometry.Geometry{TotalLength: int64(pieces) * pieceSize, PieceLength: pieceSize},
			Random:   rand.New(rand.NewPCG(1, uint64(pieces))),
		}),
	}
}

// join adds a remote that has nothing, or the pieces that are named.
func (s *stage) join(id reveal.RemoteID, has ...pieceset.Index) *remote {
	s.t.Helper()
	r := &remote{id: id, has: pieceset.Of(s.pieces, has...), shown: pieceset.New(s.pieces), wants: reveal.Interested, slot: reveal.HasSlot}
	s.remotes[id] = r
	s.order = append(s.order, r)
	s.core.RemoteJoined(s.now, id, reveal.SeesShown, r.shown.Clone())
	if len(has) > 0 {
		s.core.RemoteHasSet(s.now, id, r.has.Clone())
	}
	s.settle()
	return r
}

func (s *stage) leave(r *remote) {
	s.t.Helper()
	delete(s.remotes, r.id)
	s.order = slices.DeleteFunc(s.order, func(o *remote) bool { return o == r })
	s.core.RemoteLeft(s.now, r.id)
	s.settle()
}

// gets has a remote have a piece; where it sees it the bytes came from us.
func (s *stage) gets(r *remote, i pieceset.Index) {
	s.t.Helper()
	if r.shown.Has(i) {
		r.sent += pieceSize
	}
	r.has.Add(i)
	s.core.RemoteHas(s.now, r.id, i)
	s.settle()
}

func (s *stage) settle() {
	s.t.Helper()
	s.core.Settle(s.now, s)
	if err := s.core.Audit(); err != nil {
		s.t.Fatal(err)
	}
}

// pass lets time pass, with a tick whenever one is due. In between remotes want what
// they are shown, unless they are to want nothing.
func (s *stage) pass(d time.Duration) {
	s.t.Helper()
	for end := s.now.Add(d); s.now < end; {
		s.now = min(end, s.now.Add(time.Second))
		if at := s.core.NextDeadline(); at == mono.Never || at > s.now {
			continue
		}
		for _, r := range s.order {
			m := reveal.Reading{Sent: r.sent, Slot: r.slot, Interest: r.wants}
			if len(r.missing()) == 0 {
				m.Interest = reveal.NotInterested
			}
			s.core.RemoteMeasured(s.now, r.id, m)
		}
		s.core.Tick(s.now, s)
		s.settle()
	}
}

// Reveal and Unveil make the stage the Effects of its core.
func (s *stage) Reveal(id reveal.RemoteID, i pieceset.Index) {
	s.t.Helper()
	r := s.remotes[id]
	switch {
	case s.end != nil:
		s.t.Fatal("something is shown after the end")
	case r == nil:
		s.t.Fatalf("%d, which is not there, is shown something", id)
	case r.sight == reveal.SeesAll:
		s.t.Fatalf("%d, which sees all, is shown something", id)
	case r.shown.Has(i) || r.has.Has(i):
		s.t.Fatalf("%d is shown piece %d, which it saw before or has", id, i)
	}
	r.shown.Add(i)
	s.given++
}

func (s *stage) Unveil(why reveal.Ending) {
	if s.end != nil {
		s.t.Fatal("it ends twice")
	}
	s.end = why
}

// expectShown fails unless a remote was shown so many pieces.
func (s *stage) expectShown(r *remote, want int) {
	s.t.Helper()
	if got := r.shown.Count(); got != want {
		s.t.Errorf("after %v remote %d was shown %d pieces, want %d", s.now.Sub(begins), r.id, got, want)
	}
}

// all is every piece.
func (s *stage) all() []pieceset.Index { return slices.Collect(pieceset.Full(s.pieces).All()) }
