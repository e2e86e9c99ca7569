package storage

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// meddle takes a file away and puts an empty one in its place.
func (w *world) meddle() {
	f := w.rnd.IntN(len(w.disk.files))
	w.disk.wipe(f)
	w.facts[f]++
}

// differing are the files of which two accounts differ.
func differing(a, b []int) map[int]bool {
	out := map[int]bool{}
	for f := range a {
		if a[f] != b[f] {
			out[f] = true
		}
	}
	return out
}

// foreign are the files that somebody replaced, which this life has not seen.
func (w *world) foreign() map[int]bool { return differing(w.facts, w.seen) }

// stale are the files of which a next life would see that they were replaced.
func (w *world) stale() map[int]bool { return differing(w.facts, w.row.facts) }

// seeForeign is what the process does when it finds that files are not as they
// were left. It reports whether there were any.
func (w *world) seeForeign() bool {
	pieces := w.piecesOf(w.foreign())
	if len(w.foreign()) == 0 {
		return false
	}
	w.seen = slices.Clone(w.facts)
	f := w.fault(OpExamine)
	w.input(func() { w.t.Suspect(w.now, pieces, w) })
	w.input(func() { w.t.Pause(w.now, f, w) })
	return true
}

// learn takes facts of the files into the row, but for those that are being read.
func (w *world) learn(facts []int, unproven *pieceset.Set) {
	keep := w.disk.filesOf(w.geometry, unproven)
	for f := range facts {
		if !keep[f] {
			w.row.facts[f] = facts[f]
		}
	}
}

func (w *world) piecesOf(files map[int]bool) *pieceset.Set {
	s := pieceset.New(w.geometry.Pieces())
	for k := range w.disk.sectors {
		if files[w.disk.fileOf(k)] {
			s.Add(pieceset.Index(int64(k/sectorsPerBlock) * geometry.BlockSize / w.geometry.PieceLength))
		}
	}
	return s
}
