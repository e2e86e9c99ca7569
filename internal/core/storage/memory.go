package storage

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// assemble makes the assembly of piece i, with the blocks that are in the file.
func (t *Torrent) assemble(i pieceset.Index) *assembly {
	blocks := t.geometry.Blocks(i)
	var a *assembly
	if last := len(t.spare) - 1; last >= 0 && t.spare[last].blocks == blocks {
		a = t.spare[last]
		t.spare = t.spare[:last]
		a.restart(i)
	} else {
		a = newAssembly(i, blocks)
	}
	copy(a.file, t.partials[i])
	copy(a.present, t.partials[i])
	a.count = uint32(a.file.Count())
	delete(t.partials, i)
	t.active[i] = a
	t.move(i, Assembling)
	return a
}

// disband ends an assembly that has nothing out; its memory is free.
func (t *Torrent) disband(a *assembly, to Stage, fx Effects) {
	for c := range t.chunksOf(a) {
		if a.chunks.Has(c) {
			t.unreserve(a, c)
		}
	}
	fx.Forget(a.piece)
	delete(t.active, a.piece)
	t.move(a.piece, to)
	if len(t.spare) < keptSpare {
		t.spare = append(t.spare, a)
	}
}

// chunksOf is the number of chunks of a piece.
func (t *Torrent) chunksOf(a *assembly) uint32 { return (a.blocks + t.chunk - 1) / t.chunk }

// chunkBytes is the memory of a chunk.
func (t *Torrent) chunkBytes(a *assembly, chunk uint32) int64 {
	size := int64(t.chunk) * geometry.BlockSize
	return min(size, t.geometry.PieceSize(a.piece)-int64(chunk)*size)
}

func (t *Torrent) unreserve(a *assembly, chunk uint32) {
	n := t.chunkBytes(a, chunk)
	if a.leaving.Has(chunk) {
		t.outgoing -= n
		a.leaving.remove(chunk)
	}
	a.chunks.remove(chunk)
	t.memory.Return(n)
}

// reserve takes the memory of a chunk, and makes the assembly it belongs to.
func (t *Torrent) reserve(now mono.Instant, i pieceset.Index, chunk uint32, fx Effects) Room {
	size := int64(t.chunk) * geometry.BlockSize
	n := min(size, t.geometry.PieceSize(i)-int64(chunk)*size)
	room := t.memory.Reserve(n)
	switch room {
	case RoomNone:
		t.hurry(fx)
		t.Relieve(n, fx)
		return room
	case RoomTight:
		t.relieveWhole(n, fx)
	case RoomAmple:
	}
	a := t.active[i]
	if a == nil {
		a = t.assemble(i)
	}
	a.chunks.add(chunk)
	return room
}

// leave marks a reserved chunk as leaving.
func (t *Torrent) leave(a *assembly, chunk uint32) {
	if a.chunks.Has(chunk) && !a.leaving.Has(chunk) {
		a.leaving.add(chunk)
		t.outgoing += t.chunkBytes(a, chunk)
	}
}

// Relieve writes out what is in memory, the oldest first, until n bytes are on
// their way out. It returns how many are.
func (t *Torrent) Relieve(n int64, fx Effects) int64 {
	if t.relieveWhole(n, fx) >= n {
		return t.outgoing
	}
	for k := range t.ages {
		a := t.agedAt(t.ages[k])
		for c := uint32(0); a != nil && c*t.chunk < a.blocks && t.outgoing < n; c++ {
			t.evict(a, c, fx)
		}
	}
	return t.outgoing
}

// relieveWhole is Relieve, but for chunks that still miss blocks.
func (t *Torrent) relieveWhole(n int64, fx Effects) int64 {
	for k := 0; k < len(t.ages) && t.outgoing < n; k++ {
		a := t.agedAt(t.ages[k])
		for c := uint32(0); a != nil && c*t.chunk < a.blocks && t.outgoing < n; c++ {
			first := c * t.chunk
			count := min(t.chunk, a.blocks-first)
			if !a.leaving.Has(c) && a.memory.hasAll(first, count) {
				t.evict(a, c, fx)
			}
		}
	}
	return t.outgoing
}

// evict writes a chunk out, to release its memory.
func (t *Torrent) evict(a *assembly, chunk uint32, fx Effects) {
	if !a.chunks.Has(chunk) || a.leaving.Has(chunk) {
		return
	}
	t.leave(a, chunk)
	t.writeOut(a, chunk*t.chunk, min((chunk+1)*t.chunk, a.blocks), fx)
}
