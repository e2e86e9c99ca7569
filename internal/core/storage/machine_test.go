package storage

import (
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"pgregory.net/rapid"
)

func newMachine(rt *rapid.T) *machine {
	pieces, blocks := rapid.IntRange(1, 6).Draw(rt, "pieces"), rapid.IntRange(1, 5).Draw(rt, "blocks")
	g := geometry.Geometry{
		TotalLength: int64(pieces*blocks)*geometry.BlockSize - rapid.Int64Range(0, geometry.BlockSize-1).Draw(rt, "short"),
		PieceLength: int64(blocks) * geometry.BlockSize,
	}
	set := func(name string) *pieceset.Set {
		s := pieceset.New(pieces)
		for _, i := range rapid.SliceOfN(rapid.Uint32Range(0, uint32(pieces-1)), 0, 2).Draw(rt, name) {
			s.Add(pieceset.Index(i))
		}
		return s
	}
	m := &machine{
		rt: rt, now: mono.Instant(time.Second), hashed: map[pieceset.Index]uint32{},
		budget: &budget{bound: geometry.BlockSize * rapid.Int64Range(2, 40).Draw(rt, "memory")},
	}
	partial := PartialPiece{Piece: pieceset.Index(rapid.IntRange(0, pieces).Draw(rt, "partial")), Blocks: BlockSet{rapid.Uint64().Draw(rt, "map")}}
	m.t = New(Config{
		Geometry: g, Memory: m.budget, Chunk: rapid.Uint32Range(1, 2).Draw(rt, "chunk"), Reads: 2,
		Together: rapid.IntRange(1, 4).Draw(rt, "together"),
		Files:    rapid.SampledFrom([]FilesState{FilesClosed, FilesOpen}).Draw(rt, "files"),
		Known:    Known{Claimed: set("claimed"), Trusted: set("trusted"), Recalled: set("recalled"), Partials: []PartialPiece{partial}},
	})
	m.t.Begin(m.now, m)
	return m
}

func (m *machine) answer(k int, well bool) {
	o := m.out[k]
	m.out = slices.Delete(m.out, k, k+1)
	o.reply(well)
}

func (m *machine) somePieces(name string) *pieceset.Set {
	s := pieceset.New(len(m.t.pieces))
	for k := range m.t.pieces {
		if rapid.Bool().Draw(m.rt, name) {
			s.Add(pieceset.Index(k))
		}
	}
	return s
}

func (m *machine) step() {
	if rapid.IntRange(0, 3).Draw(m.rt, "pass") == 0 {
		m.now = m.now.Add(time.Duration(rapid.Int64Range(0, int64(2*time.Second)).Draw(m.rt, "span")))
	}
	switch k := rapid.IntRange(0, 20).Draw(m.rt, "do"); {
	case k < 9:
		i := pieceset.Index(rapid.IntRange(0, len(m.t.pieces)-1).Draw(m.rt, "piece"))
		b := geometry.Block{Piece: i, Number: uint32(rapid.IntRange(0, int(m.t.geometry.Blocks(i))-1).Draw(m.rt, "block"))}
		begin, length := m.t.geometry.BlockBytes(b)
		m.t.StoreBlock(m.now, Block{Piece: i, Begin: begin, Length: length, Sender: Sender(m.now%3 + 1)}, m)
	case k < 15 && len(m.out) > 0:
		well := rapid.IntRange(0, 5).Draw(m.rt, "well") > 0
		m.answer(rapid.IntRange(0, len(m.out)-1).Draw(m.rt, "which"), well)
	case k == 15:
		m.t.Tick(m.now, m)
	case k == 16:
		m.t.Check(m.now, m.somePieces("check"), m)
	case k == 17:
		m.t.Suspect(m.now, m.somePieces("suspect"), m)
	case k == 18:
		m.t.Resume(m.now, m)
	case k == 19:
		m.t.Disown(m.now, Sender(rapid.IntRange(1, 3).Draw(m.rt, "liar")), m)
	case rapid.IntRange(0, 9).Draw(m.rt, "end") == 0:
		m.t.Stop(m.now, m)
	default:
		m.t.Relieve(geometry.BlockSize, m)
	}
}

func (m *machine) check() {
	if fault := m.t.Audit(m.budget.used); fault != nil {
		m.rt.Fatal(fault)
	}
}

// end stops the torrent and lets all go well, which must come to an end.
func (m *machine) end() {
	m.t.Stop(m.now, m)
	for range 10_000 {
		switch d := m.t.NextDeadline(); {
		case len(m.out) > 0:
			m.answer(0, true)
		case d != mono.Never:
			m.now = max(m.now, d)
			m.t.Tick(m.now, m)
		default:
			if _, ended := m.t.Phase().(Ended); !ended || m.ended != 1 || m.budget.used != 0 {
				m.rt.Fatalf("stopped %d times, %T, %d bytes, %v", m.ended, m.t.Phase(), m.budget.used, m.t.count)
			}
			return
		}
		m.check()
	}
	m.rt.Fatal("the stop does not end")
}

func TestAnyOrderOfAnyAnswersKeepsTheInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(rt)
		for range rapid.IntRange(0, 80).Draw(rt, "steps") {
			m.step()
			m.check()
		}
		m.end()
	})
}
