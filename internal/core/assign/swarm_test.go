package assign

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// swarm plays holders of different speed against a core, in ticks. What the
// core says reaches a holder a tick later, and a holder's blocks the core two
// ticks after they were sent; so a cancel often comes too late.
type swarm struct {
	*world
	rnd   *rand.Rand
	peers []*mate
	way   []parcel
	tick  int
	next  HolderID
	troubles
	blocks, wasted int
}

// troubles are chances in a thousand, a tick and holder or a piece.
type troubles struct{ leaves, stalls, corrupt, chokes int }

type mate struct {
	id    HolderID
	speed int // blocks a tick
	queue []request
	stall int // ticks it stays silent
	has   *pieceset.Set
}

type request struct {
	block geometry.Block
	at    int // the tick it arrives at the mate
}

type parcel struct {
	from  HolderID
	block geometry.Block
	at    int
}

func newSwarm(t failer, run uint64, g geometry.Geometry, x troubles) *swarm {
	return &swarm{world: newWorld(t, g, Start{}), rnd: random(run), troubles: x}
}

// enter joins a mate that has each piece with a chance of share in 100.
func (s *swarm) enter(speed, share int) {
	s.next++
	m := &mate{id: s.next, speed: speed, has: pieceset.New(len(s.c.pieces))}
	for i := range len(s.c.pieces) {
		if s.rnd.IntN(100) < share {
			m.has.Add(pieceset.Index(i))
		}
	}
	s.peers = append(s.peers, m)
	s.c.Join(m.id, m.has)
	s.c.SetCredit(m.id, m.credit())
}

// credit covers four ticks, the round trip and one to spare.
func (m *mate) credit() uint32 { return uint32(max(2, 4*m.speed)) }

// step is one tick; it says how far the torrent is.
func (s *swarm) step() ProgressEvidence {
	s.tick++
	for _, m := range slices.Clone(s.peers) {
		s.live(m)
	}
	s.arrive()
	s.judge()
	s.settle()
	for _, m := range s.peers {
		s.hear(m)
	}
	return s.c.Progress()
}

// live has a mate send, stall, choke or leave.
func (s *swarm) live(m *mate) {
	switch {
	case s.chance(s.leaves) && len(s.peers) > 1:
		s.peers = slices.DeleteFunc(s.peers, func(o *mate) bool { return o == m })
		s.world.leave(m.id)
		s.enter(m.speed, 100)
		return
	case s.chance(s.stalls):
		m.stall = 12
	case s.chance(s.chokes):
		m.queue, s.out[m.id] = nil, nil
		s.c.ReturnedAll(m.id, Choked)
	}
	if m.stall > 0 {
		s.wait(m)
		return
	}
	for range m.speed {
		if len(m.queue) == 0 || m.queue[0].at > s.tick {
			return
		}
		s.way = append(s.way, parcel{from: m.id, block: m.queue[0].block, at: s.tick + 2})
		m.queue = m.queue[1:]
	}
}

// wait gives the first block of a silent mate back after a while, which the
// mate sends all the same when it awakes.
func (s *swarm) wait(m *mate) {
	m.stall--
	if m.stall == 6 && len(s.out[m.id]) > 0 {
		s.giveBack(m.id, s.out[m.id][0], TimedOut)
		s.c.SetCredit(m.id, 1)
	}
	if m.stall == 0 {
		s.c.SetCredit(m.id, m.credit())
	}
}

// arrive takes the blocks that are due.
func (s *swarm) arrive() {
	s.way = slices.DeleteFunc(s.way, func(p parcel) bool {
		if p.at > s.tick {
			return false
		}
		s.blocks++
		if s.receive(p.from, p.block) == BlockDuplicate {
			s.wasted++
		}
		return true
	})
}

// judge is the disk.
func (s *swarm) judge() {
	for i := range s.c.pieces {
		switch {
		case s.c.pieces[i].state != PieceFull:
		case s.chance(s.corrupt):
			s.c.Corrupt(pieceset.Index(i))
		default:
			s.c.Verified(pieceset.Index(i))
		}
	}
}

// hear makes a mate's queue follow what the core dealt and cancelled.
func (s *swarm) hear(m *mate) {
	m.queue = slices.DeleteFunc(m.queue, func(r request) bool {
		return slices.Contains(s.cancels, cancellation{holder: m.id, block: r.block})
	})
	for _, d := range s.runs {
		for n := d.run.First; d.holder == m.id && n < d.run.First+d.run.Count; n++ {
			m.queue = append(m.queue, request{block: block(d.run.Piece, n), at: s.tick + 2})
		}
	}
}

func (s *swarm) chance(inThousand int) bool { return s.rnd.IntN(1000) < inThousand }

// run steps until all is held, and fails after too many ticks.
func (s *swarm) run(t *testing.T, ticks int) {
	t.Helper()
	for range ticks {
		if _, done := s.step().(AllHeld); done {
			return
		}
	}
	t.Fatalf("not complete after %d ticks: %v", ticks, s.c.Progress())
}

func TestSwarmCompletesWhateverGoesWrong(t *testing.T) {
	for _, x := range []struct {
		name string
		troubles
	}{
		{"nothing goes wrong", troubles{}},
		{"holders leave", troubles{leaves: 30}},
		{"holders fall silent", troubles{stalls: 30}},
		{"holders choke", troubles{chokes: 50}},
		{"pieces are corrupt", troubles{corrupt: 200}},
		{"everything at once", troubles{leaves: 10, stalls: 10, chokes: 10, corrupt: 100}},
	} {
		t.Run(x.name, func(t *testing.T) {
			for n := range uint64(6) {
				s := newSwarm(t, n, shape(20+int(n)*7, 1+int(n)*3), x.troubles)
				s.enter(1, 100)
				for k := range 7 {
					s.enter(1+k, 40)
				}
				s.run(t, 5000)
			}
		})
	}
}

func TestTwentyHoldersWasteLittle(t *testing.T) {
	for _, x := range []struct {
		name                 string
		pieces, blocks, most int // most: wasted blocks in 1,000
		troubles
	}{
		{"large torrent, equal luck", 160, 64, 5, troubles{}},
		{"large torrent, silent holders", 160, 64, 5, troubles{stalls: 5}},
		{"small torrent", 60, 16, 5, troubles{}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newSwarm(t, 7, shape(x.pieces, x.blocks), x.troubles)
			for k := range 20 {
				s.enter(1+k%10, []int{100, 60}[k%2])
			}
			s.run(t, 5000)
			needed := x.pieces * x.blocks
			t.Logf("%d ticks, %d blocks needed, %d came, %d wasted (%.2f %%)",
				s.tick, needed, s.blocks, s.wasted, 100*float64(s.wasted)/float64(needed))
			if s.wasted*1000 > needed*x.most {
				t.Fatalf("more than %d in 1,000 wasted", x.most)
			}
		})
	}
}
