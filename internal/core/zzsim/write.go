package storage

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// writeLimit is the most blocks of one run (1 MiB).
const writeLimit = 64

// gate holds writes back until the row says that the files are open.
//
//	gateClosed ──first write──▶ gateOpening ──WritingBegun──▶ gateOpen
//	     ▲──────BeginFailed, and the held runs fail────┘
type gate struct {
	state gateState
	held  []geometry.Run
}

type gateState uint8

const (
	gateClosed gateState = iota
	gateOpen
	gateOpening
)

// writeOut sends blocks [from, end) to the file, as far as they are in memory
// and neither there nor on their way.
func (t *Torrent) writeOut(a *assembly, from, end uint32, fx Effects) {
	for from < end {
		r := a.nextWrite(from, end)
		if r.Count == 0 {
			return
		}
		r.Count = min(r.Count, writeLimit)
		from = r.First + r.Count
		a.writing.addRun(r.First, r.Count)
		a.writes++
		t.write(r, fx)
	}
}

// write sends a run, or holds it at the gate.
func (t *Torrent) write(r geometry.Run, fx Effects) {
	switch t.gate.state {
	case gateOpen:
		fx.Write(r)
		return
	case gateClosed:
		t.gate.state = gateOpening
		fx.BeginWriting()
	case gateOpening:
	}
	t.gate.held = append(t.gate.held, r)
}

// WritingBegun answers BeginWriting.
func (t *Torrent) WritingBegun(now mono.Instant, fx Effects) {
	t.gate.state = gateOpen
	for _, r := range t.gate.held {
		fx.Write(r)
	}
	t.gate.held = nil
	t.settle(now, fx)
}

// BeginFailed answers BeginWriting: nothing may be written.
func (t *Torrent) BeginFailed(now mono.Instant, f Fault, fx Effects) {
	t.gate.state = gateClosed
	t.pause(now, f, fx)
	t.settle(now, fx)
}

// withhold takes back the runs of a piece that wait at the gate.
func (t *Torrent) withhold(a *assembly) {
	t.gate.held = slices.DeleteFunc(t.gate.held, func(r geometry.Run) bool {
		if r.Piece != a.piece {
			return false
		}
		a.writing.removeRun(r.First, r.Count)
		a.writes--
		return true
	})
}

// RunWritten answers a Write: the run's bytes are in the file.
func (t *Torrent) RunWritten(now mono.Instant, r geometry.Run, fx Effects) {
	a := t.landed(r)
	a.file.addRun(r.First, r.Count)
	t.commit.dirty.Add(r.Piece)
	switch t.pieces[r.Piece].stage {
	case Assembling, Hashing:
		t.commit.arm(now.Add(CommitEvery))
		t.trim(a, fx)
	case Verified:
		if !a.isInFile() {
			t.trim(a, fx)
		}
	case Absent, Partial, Written, Recalled, Syncing, Durable, Checking, Falling, Revoking:
	}
	t.rest(now, a, fx)
	t.settle(now, fx)
}

// RunFailed answers a Write: any part of the run may be in the file, or none.
func (t *Torrent) RunFailed(now mono.Instant, r geometry.Run, f Fault, fx Effects) {
	a := t.landed(r)
	t.commit.dirty.Add(r.Piece)
	t.fall(a, fallsToFile)
	t.pause(now, f, fx)
	t.settle(now, fx)
}

func (t *Torrent) landed(r geometry.Run) *assembly {
	a := t.mustBeActive(r.Piece)
	a.writing.removeRun(r.First, r.Count)
	a.writes--
	return a
}

// trim releases the leaving chunks whose blocks are in the file and that the
// hash is not taking. Those that got new blocks meanwhile stay.
func (t *Torrent) trim(a *assembly, fx Effects) {
	if !a.hasUnwritten() {
		a.since = mono.Never
	}
	for c := range t.chunksOf(a) {
		first := c * t.chunk
		count := min(t.chunk, a.blocks-first)
		if !a.leaving.Has(c) || a.writing.hasAny(first, count) || a.isTaking(first, count) {
			continue
		}
		if a.file.covers(a.memory, first, count) {
			a.memory.removeRun(first, count)
			t.unreserve(a, c)
			fx.Release(a.piece, c)
		} else if t.pieces[a.piece].stage == Assembling {
			a.leaving.remove(c)
			t.outgoing -= t.chunkBytes(a, c)
		}
	}
}

// isTaking says whether the hash is at work on any of the blocks.
func (a *assembly) isTaking(first, count uint32) bool {
	return a.hashing > 0 && a.hashed < first+count && first < a.hashed+a.hashing
}

// writeAged writes out what has been in memory for too long.
func (t *Torrent) writeAged(now mono.Instant, fx Effects) {
	for a := t.oldest(); a != nil && now.Sub(a.since) >= PartialAge; a = t.oldest() {
		t.flush(a, fx)
		a.since = mono.Never
	}
}

// flush sends all of an assembly's memory to the file.
func (t *Torrent) flush(a *assembly, fx Effects) {
	for c := range t.chunksOf(a) {
		t.leave(a, c)
	}
	t.writeOut(a, 0, a.blocks, fx)
	t.trim(a, fx)
}
