package storage

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"pgregory.net/rapid"
)

// machine is a torrent whose answers come in any order and turn out in any way.
// It holds the torrent to the promises of Effects.
type machine struct {
	rt     *rapid.T
	t      *Torrent
	now    mono.Instant
	budget *budget
	out    []outstanding
	hashed map[pieceset.Index]uint32
	number uint64
	ended  int
}

// outstanding is an effect that is not answered.
type outstanding struct {
	kind  Op
	run   geometry.Run // of a hash or a write
	reply func(well bool)
}

func (m *machine) owe(o outstanding) {
	if m.ended > 0 {
		m.rt.Fatal("an effect after Stopped")
	}
	m.out = append(m.out, o)
}

func (m *machine) overlaps(kind Op, r geometry.Run) bool {
	return slices.ContainsFunc(m.out, func(o outstanding) bool {
		return o.kind == kind && o.run.Piece == r.Piece && o.run.First < r.First+r.Count && r.First < o.run.First+o.run.Count
	})
}

func (m *machine) fault(op Op) Fault { return Fault{Op: op, Err: errInjected} }

func (m *machine) Hash(r HashRun) {
	if m.hashed[r.Piece] != r.First || m.overlaps(OpRead, geometry.Run{Piece: r.Piece, Count: 1 << 20}) {
		m.rt.Fatalf("a hash of %v where block %d is next", r, m.hashed[r.Piece])
	}
	m.owe(outstanding{OpRead, r.Run, func(well bool) {
		m.hashed[r.Piece] += r.Count
		last := r.First+r.Count == m.t.geometry.Blocks(r.Piece)
		switch {
		case well && last:
			m.t.Hashed(m.now, r.Piece, HashRight, m)
		case well:
			m.t.Hashed(m.now, r.Piece, HashAdvanced, m)
		case last:
			m.t.Hashed(m.now, r.Piece, HashWrong, m)
		case r.Source == FromFile:
			m.t.HashFailed(m.now, r.Piece, m.fault(OpRead), m)
		default:
			m.t.Hashed(m.now, r.Piece, HashAdvanced, m)
		}
	}})
}

func (m *machine) Write(r geometry.Run) {
	if m.overlaps(OpWrite, r) || m.t.pieces[r.Piece].row != rowSilent {
		m.rt.Fatalf("a write of %v twice, or over a claim", r)
	}
	m.owe(outstanding{OpWrite, r, func(well bool) {
		if well {
			m.t.RunWritten(m.now, r, m)
		} else {
			m.t.RunFailed(m.now, r, m.fault(OpWrite), m)
		}
	}})
}

func (m *machine) ReadPiece(i pieceset.Index) {
	m.owe(outstanding{OpExamine, geometry.Run{}, func(well bool) {
		switch {
		case well:
			m.t.PieceRead(m.now, i, ReadRight, m)
		case m.number%2 == 0:
			m.t.PieceRead(m.now, i, ReadMissing, m)
		default:
			m.t.PieceReadFailed(m.now, i, m.fault(OpRead), m)
		}
	}})
}

// Release and Forget must not take memory from what is out.
func (m *machine) Release(i pieceset.Index, chunk uint32) {
	r := geometry.Run{Piece: i, First: chunk * m.t.chunk, Count: m.t.chunk}
	if m.overlaps(OpRead, r) || m.overlaps(OpWrite, r) {
		m.rt.Fatalf("chunk %d of %d is released while it is in use", chunk, i)
	}
}

func (m *machine) Forget(i pieceset.Index) {
	if r := (geometry.Run{Piece: i, Count: 1 << 20}); m.overlaps(OpRead, r) || m.overlaps(OpWrite, r) {
		m.rt.Fatalf("piece %d is forgotten while it is in use", i)
	}
	delete(m.hashed, i)
}

func (m *machine) BeginWriting() {
	m.owe(outstanding{OpClaim, geometry.Run{}, func(well bool) {
		if well {
			m.t.WritingBegun(m.now, m)
		} else {
			m.t.BeginFailed(m.now, m.fault(OpClaim), m)
		}
	}})
}

func (m *machine) Sync(w Window) {
	if w.Number <= m.number {
		m.rt.Fatalf("window %d after %d", w.Number, m.number)
	}
	m.number = w.Number
	m.owe(outstanding{OpSync, geometry.Run{}, func(well bool) {
		if well {
			m.t.Synced(m.now, m)
		} else {
			m.t.SyncFailed(m.now, w.Pieces, m.fault(OpSync), m)
		}
	}})
}

func (m *machine) Claim(c Claim) {
	if c.Add.Overlap(c.Drop) > 0 || c.Add.Overlap(c.Trusted) > 0 {
		m.rt.Fatalf("a claim that contradicts itself: %+v", c)
	}
	m.owe(outstanding{OpClaim, geometry.Run{}, func(well bool) {
		switch {
		case well:
			m.t.Claimed(m.now, m)
		case m.number%3 == 0:
			m.t.ClaimRefused(m.now, m.fault(OpClaim), m)
		default:
			m.t.ClaimFailed(m.now, m)
		}
	}})
}

func (m *machine) PieceVerified(pieceset.Index) {}
func (m *machine) PieceWritten(pieceset.Index)  {}
func (m *machine) PieceCorrupt(pieceset.Index)  {}

func (m *machine) PiecesDurable(s *pieceset.Set) {
	for i := range s.All() {
		if m.t.Stage(i) != Durable {
			m.rt.Fatalf("piece %d is reported durable and is %v", i, m.t.Stage(i))
		}
	}
}

func (m *machine) PiecesLost(s *pieceset.Set) {
	for i := range s.All() {
		if heldStages.has(m.t.Stage(i)) {
			m.rt.Fatalf("piece %d is reported lost and is %v", i, m.t.Stage(i))
		}
	}
}

func (m *machine) CheckProgress(done, total int) {
	if done > total {
		m.rt.Fatalf("%d of %d checked", done, total)
	}
}
func (m *machine) CheckEnded(int, int) {}
func (m *machine) Faulted(Fault)       {}
func (m *machine) Stopped()            { m.ended++ }

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
		budget: &budget{bound: geometry.BlockSize * rapid.Int64Range(2, 12).Draw(rt, "memory")},
	}
	partial := PartialPiece{Piece: pieceset.Index(rapid.IntRange(0, pieces).Draw(rt, "partial")), Blocks: BlockSet{rapid.Uint64().Draw(rt, "map")}}
	m.t = New(Config{
		Geometry: g, Memory: m.budget, Chunk: rapid.Uint32Range(1, 2).Draw(rt, "chunk"), Reads: 2,
		Files: rapid.SampledFrom([]FilesState{FilesClosed, FilesOpen}).Draw(rt, "files"),
		Known: Known{Claimed: set("claimed"), Trusted: set("trusted"), Recalled: set("recalled"), Partials: []PartialPiece{partial}},
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
	m.now = m.now.Add(time.Duration(rapid.Int64Range(0, int64(2*time.Second)).Draw(m.rt, "span")))
	switch k := rapid.IntRange(0, 19).Draw(m.rt, "do"); {
	case k < 9:
		i := pieceset.Index(rapid.IntRange(0, len(m.t.pieces)-1).Draw(m.rt, "piece"))
		b := geometry.Block{Piece: i, Number: uint32(rapid.IntRange(0, int(m.t.geometry.Blocks(i))-1).Draw(m.rt, "block"))}
		begin, length := m.t.geometry.BlockBytes(b)
		m.t.StoreBlock(m.now, Block{i, begin, length}, m)
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
	case rapid.IntRange(0, 9).Draw(m.rt, "end") == 0:
		m.t.Stop(m.now, m)
	default:
		m.t.Relieve(geometry.BlockSize, m)
	}
}

func (m *machine) check() {
	if fault := m.t.broken(m.budget); fault != "" {
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

func TestABlockSetIsASetOfNumbers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		blocks := rapid.Uint32Range(1, 200).Draw(rt, "blocks")
		s, model := NewBlockSet(blocks), map[uint32]bool{}
		for range rapid.IntRange(0, 20).Draw(rt, "steps") {
			first := rapid.Uint32Range(0, blocks-1).Draw(rt, "first")
			count := rapid.Uint32Range(0, blocks-first).Draw(rt, "count")
			member := rapid.Bool().Draw(rt, "member")
			for n := first; n < first+count; n++ {
				model[n] = member
			}
			if member {
				s.addRun(first, count)
			} else {
				s.removeRun(first, count)
			}
		}
		total, limit := 0, rapid.Uint32Range(0, blocks).Draw(rt, "limit")
		for n := range blocks {
			if s.Has(n) != model[n] {
				rt.Fatalf("block %d", n)
			}
			if model[n] && n < limit {
				total++
			}
		}
		s.limit(limit)
		if s.Count() != total || s.isEmpty() != (total == 0) {
			rt.Fatal(fmt.Sprint(s, " has not ", total))
		}
	})
}
