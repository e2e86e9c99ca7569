package storage

import (
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// sectorsPerBlock is how finely a crash tears: a sector is whole or not.
const sectorsPerBlock = 4

// content is what a sector holds. The simulator follows what is where, not bytes.
type content uint8

const (
	nothing content = iota // never written
	good                   // what the torrent has there
	bad                    // what a liar sent
	torn                   // neither the old nor the new
	freed                  // memory that was given back
)

// sector is one sector of the simulated disk.
type sector struct {
	platter content   // what a power cut leaves, if nothing is pending
	pending []content // writes since, the oldest first; any of them may survive
	ghost   content   // what reads show though the device lost it; nothing: none
}

// read is what a read shows: the newest write, also one that a failed sync lost.
func (s *sector) read() content {
	switch {
	case len(s.pending) > 0:
		return s.pending[len(s.pending)-1]
	case s.ghost != nothing:
		return s.ghost
	}
	return s.platter
}

func (s *sector) write(c content) {
	s.pending = append(s.pending, c)
	s.ghost = nothing
}

// simDisk keeps the files of one torrent, each a range of blocks. What was
// written and not synced may survive a power cut in any part.
type simDisk struct {
	rnd     *rand.Rand
	sectors []sector
	files   []int // where each file ends, in sectors
}

func newSimDisk(rnd *rand.Rand, g geometry.Geometry, files int) *simDisk {
	blocks := int(g.TotalLength+geometry.BlockSize-1) / geometry.BlockSize
	d := &simDisk{rnd: rnd, sectors: make([]sector, blocks*sectorsPerBlock)}
	for range files - 1 {
		d.files = append(d.files, rnd.IntN(len(d.sectors)))
	}
	d.files = append(d.files, len(d.sectors))
	for i := range d.files { // ends ascend
		for j := range i {
			if d.files[j] > d.files[i] {
				d.files[i], d.files[j] = d.files[j], d.files[i]
			}
		}
	}
	return d
}

// span is the sectors of a run of blocks.
func span(g geometry.Geometry, r geometry.Run) (from, to int) {
	first := int(g.PieceOffset(r.Piece)/geometry.BlockSize) + int(r.First)
	return first * sectorsPerBlock, (first + int(r.Count)) * sectorsPerBlock
}

// fileOf is the file of a sector.
func (d *simDisk) fileOf(k int) int {
	for f, end := range d.files {
		if k < end {
			return f
		}
	}
	return len(d.files) - 1
}

// filesOf are the files that hold sectors of the pieces.
func (d *simDisk) filesOf(g geometry.Geometry, pieces *pieceset.Set) map[int]bool {
	out := map[int]bool{}
	for i := range pieces.All() {
		from, to := span(g, geometry.Run{Piece: i, Count: g.Blocks(i)})
		for k := from; k < to; k++ {
			out[d.fileOf(k)] = true
		}
	}
	return out
}

// isRight says whether a whole piece reads as the torrent has it.
func (d *simDisk) isRight(g geometry.Geometry, i pieceset.Index) bool {
	from, to := span(g, geometry.Run{Piece: i, Count: g.Blocks(i)})
	for k := from; k < to; k++ {
		if d.sectors[k].read() != good {
			return false
		}
	}
	return true
}

// isDurablyRight says whether a power cut now would leave the piece right.
func (d *simDisk) isDurablyRight(g geometry.Geometry, i pieceset.Index) bool {
	from, to := span(g, geometry.Run{Piece: i, Count: g.Blocks(i)})
	for k := from; k < to; k++ {
		s := &d.sectors[k]
		if s.platter != good {
			return false
		}
		for _, c := range s.pending {
			if c != good {
				return false
			}
		}
	}
	return true
}

// barrier is a sync under way: how many of each sector's pending writes it is
// about.
type barrier []int

// beginSync is about no more than what was asked for: the pieces, although a
// real sync takes their files.
func (d *simDisk) beginSync(g geometry.Geometry, pieces *pieceset.Set) barrier {
	b := make(barrier, len(d.sectors))
	for i := range pieces.All() {
		from, to := span(g, geometry.Run{Piece: i, Count: g.Blocks(i)})
		for k := from; k < to; k++ {
			b[k] = len(d.sectors[k].pending)
		}
	}
	return b
}

// endSync makes durable what was written before the barrier.
func (d *simDisk) endSync(b barrier) {
	for k, n := range b {
		s := &d.sectors[k]
		if n = min(n, len(s.pending)); n > 0 {
			s.platter = s.pending[n-1]
			s.pending = s.pending[n:]
		}
	}
}

// failSync is what a failed fsync does: any of the files' writes may have
// reached the device, the others are dropped; yet reads go on to show them.
func (d *simDisk) failSync(files map[int]bool) {
	for k := range d.sectors {
		s := &d.sectors[k]
		if len(s.pending) == 0 || !files[d.fileOf(k)] {
			continue
		}
		shown := s.read()
		if d.rnd.IntN(2) == 0 {
			s.platter = shown
		} else {
			s.ghost = shown
		}
		s.pending = nil
	}
}

// recheck drops what the cache shows and the device lost.
func (d *simDisk) recheck() {
	for k := range d.sectors {
		d.sectors[k].ghost = nothing
	}
}

// hasUnsynced says whether a power cut would find something to tear.
func (d *simDisk) hasUnsynced() bool {
	for k := range d.sectors {
		if len(d.sectors[k].pending) > 0 {
			return true
		}
	}
	return false
}

// powerCut keeps of the unsynced writes any subset, in any order, some torn.
func (d *simDisk) powerCut() {
	for k := range d.sectors {
		s := &d.sectors[k]
		if n := len(s.pending); n > 0 {
			switch pick := d.rnd.IntN(n + 2); {
			case pick < n:
				s.platter = s.pending[pick]
			case pick == n && d.rnd.IntN(4) == 0:
				s.platter = torn
			}
		}
		s.pending, s.ghost = nil, nothing
	}
}

// wipe is what somebody else does to a file.
func (d *simDisk) wipe(file int) {
	for k := range d.sectors {
		if d.fileOf(k) == file {
			d.sectors[k] = sector{}
		}
	}
}
