package storage

import (
	"slices"

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

func (m *machine) HashTogether(runs []HashRun) {
	of := map[pieceset.Index]HashRun{}
	for _, r := range runs {
		of[r.Piece] = r
		if r.Source != FromMemory {
			m.rt.Fatalf("%v is not in memory", r)
		}
		m.Hash(r)
	}
	if len(of) != len(runs) || len(runs) < 2 || len(runs) > m.t.gathering.most {
		m.rt.Fatalf("these do not go together: %v", runs)
	}
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
		case m.number%3 == 0:
			m.t.PieceRead(m.now, i, ReadMissing, m)
		case m.number%3 == 1:
			m.t.PieceUnread(m.now, i, m.fault(OpRead), m)
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

func (m *machine) PieceCorrupt(pieceset.Index, []Suspect) {}
func (m *machine) PieceDigested(pieceset.Index, []Digest) {}

func (m *machine) Digest(i pieceset.Index, _ BlockSet) {
	whole := geometry.Run{Piece: i, Count: 1 << 20}
	if m.overlaps(OpRead, whole) || m.overlaps(OpWrite, whole) {
		m.rt.Fatalf("piece %d is digested while it is in use", i)
	}
	m.owe(outstanding{OpRead, geometry.Run{Piece: i, Count: m.t.geometry.Blocks(i)}, func(bool) {
		m.t.Digested(m.now, i, nil, m)
	}})
}

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
