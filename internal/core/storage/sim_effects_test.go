package storage

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// The world as the Effects of the torrent: a method appends to the batch what
// then goes to the simulated disk or row and is answered some time later.

func (w *world) do(f func()) { w.batch = append(w.batch, f) }

// reply lets an input of the core come later.
func (w *world) reply(step func()) { w.soon(func() { w.input(step) }) }

func (w *world) fault(op Op) Fault {
	f := Fault{Op: op, Err: w.err}
	w.faults = append(w.faults, f)
	return f
}

func (w *world) Hash(r HashRun) {
	w.do(func() {
		if r.Source == FromFile && w.happens(w.chances.read) {
			f := w.fault(OpRead)
			w.reply(func() { w.t.HashFailed(w.now, r.Piece, f, w) })
			return
		}
		w.soon(func() {
			e := w.hash(r)
			w.input(func() { w.t.Hashed(w.now, r.Piece, e, w) })
		})
	})
}

func (w *world) HashTogether(runs []HashRun) {
	for _, r := range runs {
		w.Hash(r)
	}
}

// hash looks at the bytes when the hash is done, and judges the whole piece by
// what it saw of it.
func (w *world) hash(r HashRun) HashEvidence {
	w.noteHash(r)
	if r.First+r.Count < w.geometry.Blocks(r.Piece) {
		return HashAdvanced
	}
	for n := range w.geometry.Blocks(r.Piece) {
		if w.delivered[geometry.Block{Piece: r.Piece, Number: n}] != good && w.lie != hashesWrong {
			return HashWrong
		}
	}
	return HashRight
}

// noteHash keeps in delivered what the hash took.
func (w *world) noteHash(r HashRun) {
	for n := r.First; n < r.First+r.Count; n++ {
		b := geometry.Block{Piece: r.Piece, Number: n}
		seen := w.memory[b]
		if r.Source == FromFile {
			seen = good
			from, to := span(w.geometry, geometry.Run{Piece: r.Piece, First: n, Count: 1})
			for k := from; k < to; k++ {
				if c := w.disk.sectors[k].read(); c != good {
					seen = c
				}
			}
		}
		if seen == freed || seen == nothing && r.Source == FromMemory {
			w.fail("the hash takes block %v from memory that has %d", b, seen)
		}
		w.delivered[b] = seen
	}
}

func (w *world) Write(r geometry.Run) {
	if w.t.pieces[r.Piece].row != rowSilent {
		w.fail("a write to piece %d, which the row claims or may claim", r.Piece)
	}
	if w.row.files != FilesOpen {
		w.fail("a write before the row calls the files open")
	}
	w.do(func() {
		bytes := w.gather(r)
		if w.happens(w.chances.write) {
			w.soon(func() { w.tear(r, bytes); f := w.fault(OpWrite); w.input(func() { w.t.RunFailed(w.now, r, f, w) }) })
			return
		}
		late := w.putSome(r, bytes)
		w.applied = append(w.applied, func() { late(w.rnd.IntN(2)) })
		if w.lie == writesLater {
			w.after(10*latest, func() { late(len(bytes)) })
			w.reply(func() { w.t.RunWritten(w.now, r, w) })
			return
		}
		w.soon(func() {
			late(len(bytes))
			w.input(func() { w.t.RunWritten(w.now, r, w) })
		})
	})
}

// putSome writes some sectors of a run at once and returns what writes a number
// of the others: all of them when the write ends, fewer when a crash ends it.
func (w *world) putSome(r geometry.Run, bytes []content) func(most int) {
	from, _ := span(w.geometry, r)
	var late []int
	for k, c := range bytes {
		if w.rnd.IntN(2) == 0 {
			w.toSector(from+k, c)
		} else {
			late = append(late, k)
		}
	}
	return func(most int) {
		for ; most > 0 && len(late) > 0; most-- {
			w.toSector(from+late[0], bytes[late[0]])
			late = late[1:]
		}
	}
}

// gather takes a run's bytes from memory.
func (w *world) gather(r geometry.Run) []content {
	var out []content
	for n := r.First; n < r.First+r.Count; n++ {
		b := geometry.Block{Piece: r.Piece, Number: n}
		c := w.memory[b]
		if c == freed || c == nothing {
			w.fail("block %v is written from memory that has %d", b, c)
		}
		for range sectorsPerBlock {
			out = append(out, c)
		}
	}
	return out
}

// tear puts any part of a run.
func (w *world) tear(r geometry.Run, bytes []content) {
	from, _ := span(w.geometry, r)
	for k, c := range bytes {
		if w.rnd.IntN(2) == 0 {
			w.toSector(from+k, c)
		}
	}
}

// toSector writes; what goes to a file that somebody took away goes nowhere.
func (w *world) toSector(k int, c content) {
	if f := w.disk.fileOf(k); w.facts[f] == w.seen[f] {
		w.disk.sectors[k].write(c)
	}
}

func (w *world) ReadPiece(i pieceset.Index) {
	w.do(func() {
		if w.happens(w.chances.read) {
			f := w.fault(OpRead)
			if w.rnd.IntN(2) == 0 {
				w.reply(func() { w.t.PieceUnread(w.now, i, f, w) })
			} else {
				w.reply(func() { w.t.PieceReadFailed(w.now, i, f, w) })
			}
			return
		}
		w.soon(func() {
			e := ReadWrong
			if w.disk.isRight(w.geometry, i) {
				e = ReadRight
			}
			w.reply(func() { w.t.PieceRead(w.now, i, e, w) })
		})
	})
}

func (w *world) Release(i pieceset.Index, chunk uint32) {
	w.do(func() {
		for n := chunk * w.t.chunk; n < (chunk+1)*w.t.chunk; n++ {
			if b := (geometry.Block{Piece: i, Number: n}); w.memory[b] != nothing {
				w.memory[b] = freed
			}
		}
	})
}

func (w *world) Forget(i pieceset.Index) {
	w.do(func() {
		for n := range w.geometry.Blocks(i) {
			delete(w.memory, geometry.Block{Piece: i, Number: n})
			delete(w.delivered, geometry.Block{Piece: i, Number: n})
		}
	})
}

func (w *world) PieceVerified(pieceset.Index)           {}
func (w *world) PieceWritten(i pieceset.Index)          { w.writtenAt[i] = w.now }
func (w *world) PieceCorrupt(pieceset.Index, []Suspect) {}
func (w *world) PieceDigested(pieceset.Index, []Digest) {}

func (w *world) Digest(i pieceset.Index, memory BlockSet) {
	w.do(func() {
		for n := range w.geometry.Blocks(i) {
			b := geometry.Block{Piece: i, Number: n}
			if c := w.memory[b]; memory.Has(n) && (c == freed || c == nothing) {
				w.fail("block %v is digested from memory that has %d", b, c)
			}
		}
		w.reply(func() { w.t.Digested(w.now, i, nil, w) })
	})
}

func (w *world) PiecesDurable(s *pieceset.Set) {
	w.durable.AddAll(s)
	for i := range s.All() {
		if !w.row.claims.Has(i) {
			w.fail("piece %d is reported durable before the row claims it", i)
		}
	}
}

func (w *world) PiecesLost(s *pieceset.Set) {
	w.durable.RemoveAll(s)
	for i := range s.All() {
		delete(w.writtenAt, i)
		if w.row.claims.Has(i) {
			w.fail("piece %d is reported lost while the row claims it", i)
		}
	}
}

func (w *world) CheckProgress(int, int) {}

func (w *world) CheckEnded(good, bad int) {
	w.checks++
	w.checked = [2]int{good, bad}
}

func (w *world) Faulted(Fault) {}
func (w *world) Stopped()      { w.stopped = true }
