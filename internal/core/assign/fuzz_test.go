package assign

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// script reads inputs for a core from bytes.
type script struct {
	*world
	rest  []byte
	all   []dealt
	slots [8]HolderID
	next  HolderID
}

func (s *script) byte() int {
	if len(s.rest) == 0 {
		return 0
	}
	b := s.rest[0]
	s.rest = s.rest[1:]
	return int(b)
}

func (s *script) piece() pieceset.Index { return pieceset.Index(s.byte() % len(s.c.pieces)) }

func (s *script) block() geometry.Block {
	i := s.piece()
	return block(i, uint32(s.byte())%s.c.geometry.Blocks(i))
}

// ownBlock is a block that the holder fetches, if it fetches any.
func (s *script) ownBlock(id HolderID) geometry.Block {
	if out := s.out[id]; len(out) > 0 {
		return out[s.byte()%len(out)]
	}
	return s.block()
}

// drive plays a script and returns all that was dealt.
func drive(t failer, trace []byte) []dealt {
	s := &script{world: newWorld(t, shape(20, 6), Start{}), rest: trace}
	for len(s.rest) > 0 {
		s.step()
		s.all = append(s.all, s.settle()...)
	}
	return s.all
}

func (s *script) step() {
	slot := &s.slots[s.byte()%8]
	if *slot == Nobody {
		s.next++
		*slot = s.next
		s.c.Join(s.next, nil)
	}
	id := *slot
	switch s.byte() % 14 {
	case 0:
		s.leave(id)
		*slot = Nobody
	case 1, 2:
		s.c.Have(id, s.piece())
	case 3:
		s.c.HaveAll(id)
	case 4, 5:
		s.c.SetCredit(id, uint32(s.byte()%40))
	case 6, 7:
		s.receive(id, s.ownBlock(id))
	case 8:
		s.receiveAll(id)
	case 9:
		s.receive(id, s.block())
	case 10:
		s.giveBack(id, s.ownBlock(id), Reason(s.byte()%4))
	case 11:
		s.survive(id)
	case 12:
		s.oblige(id)
	default:
		s.disk()
	}
}

// oblige has a holder choke us, and allow us a piece or not.
func (s *script) oblige(id HolderID) {
	switch s.byte() % 3 {
	case 0:
		s.c.Allow(id, s.piece())
	case 1:
		s.c.Disallow(id, s.piece())
	case 2:
		s.c.SetAllowedCredit(id, uint32(s.byte()%9))
	}
}

// survive has a holder join again with a few blocks, of its own or of others.
func (s *script) survive(id HolderID) {
	p := Past{Told: Interest(s.byte() % 2)}
	for range s.byte() % 6 {
		if b := s.ownBlock(id); !slices.Contains(p.Fetches, b) {
			p.Fetches = append(p.Fetches, b)
		}
	}
	s.rejoin(id, pieceset.Of(len(s.c.pieces), s.piece()), p)
}

func (s *script) disk() {
	switch i := s.piece(); s.byte() % 8 {
	case 0:
		s.c.Corrupt(i)
	case 1:
		s.c.Lost(i)
	case 2:
		s.c.Reset(Snapshot{Partials: map[pieceset.Index]BlockSet{i: {uint64(s.byte())}}})
	case 3:
		priorities := allNormal(len(s.c.pieces))
		priorities[i] = Priority(s.byte() % 4)
		s.c.SetPriorities(priorities)
	case 4:
		if n := s.byte(); n&1 == 0 {
			s.c.SetWindow(WindowID(n>>1&1), Window{First: i, Now: n >> 2 & 3, Soon: n >> 4})
		} else {
			s.c.CloseWindow(WindowID(n >> 1 & 1))
		}
	default:
		s.c.Verified(i)
	}
}

func FuzzCore(f *testing.F) {
	fuzzseed.Add(f)
	f.Add([]byte{0, 3, 0, 4, 30, 0, 8, 0, 8})
	f.Add([]byte{0, 3, 0, 4, 30, 1, 3, 1, 4, 39, 0, 10, 3, 2, 1, 8, 0, 0})
	f.Add([]byte{0, 3, 0, 4, 39, 0, 8, 0, 12, 3, 0, 0, 11, 5, 3, 0})
	f.Fuzz(func(t *testing.T, trace []byte) {
		drive(t, trace[:min(len(trace), 2000)])
	})
}
