package sim

import (
	"github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// The disk as the Effects of its core: a method appends to the batch what then
// goes to the platter or the row and is answered some time later.

func (d *disk) do(act func()) { d.batch = append(d.batch, act) }

// answer lets an input of the core come later.
func (d *disk) answer(input func()) { d.job(func() { d.step(input) }) }

// fails draws whether an operation fails.
func (d *disk) fails() bool {
	w := d.l.w
	if w.isCalm() || !w.happens(w.cfg.Hazards.Faults) {
		return false
	}
	w.totals.Faults++
	return true
}

func fault(op storage.Op) storage.Fault { return storage.Fault{Op: op, Err: errInjected} }

// Hash has a worker hash a run.
func (d *disk) Hash(r storage.HashRun) {
	d.do(func() {
		if r.Source == storage.FromFile && d.fails() {
			d.answer(func() { d.core.HashFailed(d.l.w.now, r.Piece, fault(storage.OpRead), d) })
			return
		}
		d.job(func() {
			e := d.hash(r)
			d.step(func() { d.core.Hashed(d.l.w.now, r.Piece, e, d) })
		})
	})
}

// HashTogether has a worker hash several runs.
func (d *disk) HashTogether(runs []storage.HashRun) {
	for _, r := range runs {
		d.Hash(r)
	}
}

// hash notes what the hash takes, and judges the piece by all that it took.
func (d *disk) hash(r storage.HashRun) storage.HashEvidence {
	for n := r.First; n < r.First+r.Count; n++ {
		b := geometry.Block{Piece: r.Piece, Number: n}
		if r.Source == storage.FromFile {
			d.hashed[b] = d.on.read(b)
		} else {
			d.hashed[b] = d.mustHave(b)
		}
	}
	if r.First+r.Count < d.on.Blocks(r.Piece) {
		return storage.HashAdvanced
	}
	for b := range d.on.allOf(r.Piece) {
		if !d.on.isRight(b, d.hashed[b]) && d.l.w.cfg.defect != defectTrustsAnyHash {
			return storage.HashWrong
		}
	}
	return storage.HashRight
}

// mustHave is a block that the core says is in memory.
func (d *disk) mustHave(b geometry.Block) []byte {
	data := d.memory[b]
	if data == nil {
		d.l.w.fail(d.l, "block %v is used from memory that does not have it", b)
	}
	return data
}

// Write has a worker write a run.
func (d *disk) Write(r geometry.Run) {
	if d.on.row.claims.Has(r.Piece) {
		d.l.w.fail(d.l, "a write to piece %d, which the row claims", r.Piece)
	}
	if d.on.row.files != storage.FilesOpen {
		d.l.w.fail(d.l, "a write before the row calls the files open")
	}
	d.do(func() {
		x := &write{run: r}
		for n := r.First; n < r.First+r.Count; n++ {
			x.data = append(x.data, d.mustHave(geometry.Block{Piece: r.Piece, Number: n}))
		}
		d.writes = append(d.writes, x)
		failed := d.fails()
		d.job(func() {
			d.forgetWrite(x)
			if failed {
				d.putSome(x)
				d.step(func() { d.core.RunFailed(d.l.w.now, r, fault(storage.OpWrite), d) })
				return
			}
			for k, data := range x.data {
				d.on.write(geometry.Block{Piece: r.Piece, Number: r.First + uint32(k)}, data)
			}
			d.step(func() { d.core.RunWritten(d.l.w.now, r, d) })
		})
	})
}

func (d *disk) forgetWrite(x *write) {
	for k := range d.writes {
		if d.writes[k] == x {
			d.writes = append(d.writes[:k], d.writes[k+1:]...)
			return
		}
	}
}

// ReadPiece has a worker read and hash a piece.
func (d *disk) ReadPiece(i pieceset.Index) {
	d.do(func() {
		if d.fails() {
			d.answer(func() { d.core.PieceReadFailed(d.l.w.now, i, fault(storage.OpRead), d) })
			return
		}
		d.job(func() {
			e := d.on.reads(i)
			d.step(func() { d.core.PieceRead(d.l.w.now, i, e, d) })
		})
	})
}

// Digest has a worker digest the blocks of a piece.
func (d *disk) Digest(i pieceset.Index, memory storage.BlockSet) {
	d.do(func() {
		seen := map[geometry.Block][]byte{}
		for b := range d.on.allOf(i) {
			seen[b] = d.on.read(b)
			if memory.Has(b.Number) {
				seen[b] = d.mustHave(b)
			}
		}
		d.digests[i] = seen
		out := make([]storage.Digest, 0, len(seen))
		for b := range d.on.allOf(i) {
			out = append(out, digest(seen[b]))
		}
		d.answer(func() { d.core.Digested(d.l.w.now, i, out, d) })
	})
}

// Release frees a chunk.
func (d *disk) Release(i pieceset.Index, chunk uint32) {
	d.do(func() {
		for n := chunk * d.chunk; n < (chunk+1)*d.chunk; n++ {
			delete(d.memory, geometry.Block{Piece: i, Number: n})
		}
	})
}

// Forget frees a piece.
func (d *disk) Forget(i pieceset.Index) {
	d.do(func() {
		for b := range d.on.allOf(i) {
			delete(d.memory, b)
			delete(d.hashed, b)
		}
	})
}

// BeginWriting makes the row say that the files are open.
func (d *disk) BeginWriting() {
	d.do(func() {
		if d.fails() {
			d.answer(func() { d.core.BeginFailed(d.l.w.now, fault(storage.OpClaim), d) })
			return
		}
		d.job(func() {
			d.on.row.files = storage.FilesOpen
			d.step(func() { d.core.WritingBegun(d.l.w.now, d) })
		})
	})
}

// Sync makes a window durable.
func (d *disk) Sync(win storage.Window) {
	d.do(func() {
		if d.l.w.cfg.defect == defectClaimsUnsynced {
			d.answer(func() { d.core.Synced(d.l.w.now, d) })
			return
		}
		if d.fails() {
			d.job(func() { d.failSync(win) })
			return
		}
		barrier := d.on.beginSync(win.Pieces)
		d.job(func() {
			d.on.endSync(barrier)
			d.step(func() { d.core.Synced(d.l.w.now, d) })
		})
	})
}

func (d *disk) failSync(win storage.Window) {
	files := d.on.filesOf(win.Pieces)
	d.on.failSync(files)
	doubtful := d.on.inFiles(files)
	d.step(func() { d.core.SyncFailed(d.l.w.now, doubtful, fault(storage.OpSync), d) })
}

// Claim changes the row. A claim that fails may have been carried out.
func (d *disk) Claim(c storage.Claim) {
	d.do(func() {
		if d.fails() {
			lost := d.l.w.rnd.IntN(2) == 0
			d.job(func() {
				if lost {
					d.claim(c)
				}
				d.step(func() { d.core.ClaimFailed(d.l.w.now, d) })
			})
			return
		}
		d.job(func() {
			d.claim(c)
			d.step(func() { d.core.Claimed(d.l.w.now, d) })
		})
	})
}

// claim changes the row, which is durable at once. No claim may be false, not
// even if the power fails right now.
func (d *disk) claim(c storage.Claim) {
	r := &d.on.row
	r.claims.RemoveAll(c.Drop)
	r.claims.AddAll(c.Add)
	r.partials = r.partials[:0]
	for _, p := range c.Partials {
		if !r.claims.Has(p.Piece) {
			r.partials = append(r.partials, storage.PartialPiece{Piece: p.Piece, Blocks: append(storage.BlockSet{}, p.Blocks...)})
		}
	}
	for i := range c.Add.All() {
		if d.on.survives(i) != storage.ReadRight {
			d.l.w.fail(d.l, "piece %d is claimed, and a power cut would show that it is not there", i)
		}
	}
}
