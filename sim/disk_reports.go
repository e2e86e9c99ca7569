package sim

import (
	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// What the disk reports goes to the picker and to control, in order.

// tell reports to both; nil is nothing for one of them.
func (d *disk) tell(picker func(*assigner), control func(*control)) {
	d.do(func() {
		l := d.l
		if a := l.assign; picker != nil {
			a.report(func() {
				if a.core != nil { // else the snapshot that it waits for says it
					picker(a)
				}
			})
		}
		if c := l.control; control != nil {
			c.box.put(func() { control(c) })
		}
	})
}

// PieceVerified reports it.
func (d *disk) PieceVerified(i pieceset.Index) {
	d.l.w.note(d.l, "piece %d verified", i)
	d.tell(func(a *assigner) { a.core.Verified(i) }, nil)
}

// PieceWritten reports it.
func (d *disk) PieceWritten(i pieceset.Index) {
	d.l.w.note(d.l, "piece %d written", i)
	if d.on.reads(i) != storage.ReadRight {
		d.l.w.fail(d.l, "piece %d is called written, and a read shows that it is not there", i)
	}
	d.tell(nil, func(c *control) { c.pieceWritten(i) })
}

// PiecesDurable reports it.
func (d *disk) PiecesDurable(s *pieceset.Set) {
	for i := range s.All() {
		d.l.w.note(d.l, "piece %d durable", i)
		if !d.on.row.claims.Has(i) {
			d.l.w.fail(d.l, "piece %d is called durable before the row claims it", i)
		}
	}
	d.l.w.watch(d.l.n)
	d.tell(nil, func(c *control) { c.piecesDurable(s) })
}

// PieceCorrupt reports it.
func (d *disk) PieceCorrupt(i pieceset.Index, blocks []storage.Suspect) {
	d.l.w.note(d.l, "piece %d corrupt", i)
	d.wasted(i, blocks)
	d.tell(func(a *assigner) {
		a.core.Corrupt(i)
		a.blame.Corrupt(i, blocks, a)
	}, nil)
}

// wasted counts the piece against every node that sent a wrong block of it.
func (d *disk) wasted(i pieceset.Index, blocks []storage.Suspect) {
	if blocks == nil {
		return
	}
	d.l.w.totals.Corrupt++
	spoilt := map[*node]struct{}{}
	for n, s := range blocks {
		b := geometry.Block{Piece: i, Number: uint32(n)}
		if !d.on.isRight(b, d.digests[i][b]) && s.Sender != storage.Nobody {
			spoilt[d.l.sender(assign.HolderID(s.Sender))] = struct{}{}
		}
	}
	total := &d.l.w.totals
	for from := range spoilt {
		d.l.n.waste[from]++
		from.spoilt++
		total.MostWasted = max(total.MostWasted, d.l.n.waste[from])
		total.WastedByOne = max(total.WastedByOne, from.spoilt)
	}
}

// PieceDigested reports it.
func (d *disk) PieceDigested(i pieceset.Index, digests []storage.Digest) {
	d.tell(func(a *assigner) { a.blame.Right(i, digests, a) }, nil)
}

// PiecesLost reports it.
func (d *disk) PiecesLost(s *pieceset.Set) {
	for i := range s.All() {
		d.l.w.note(d.l, "piece %d lost", i)
		if d.on.row.claims.Has(i) {
			d.l.w.fail(d.l, "piece %d is called lost while the row claims it", i)
		}
	}
	d.tell(func(a *assigner) {
		for i := range s.All() {
			a.core.Lost(i)
		}
	}, func(c *control) { c.piecesLost(s) })
}

// CheckProgress is of no interest here.
func (d *disk) CheckProgress(int, int) {}

// CheckEnded is of no interest here: nobody asks for a check.
func (d *disk) CheckEnded(int, int) {}

// Faulted reports that the torrent is paused.
func (d *disk) Faulted(f storage.Fault) {
	d.l.w.note(d.l, "fault: %v", f)
	d.tell(nil, func(c *control) { c.halt() })
}

// Stopped follows a stop in order, which a world does not have.
func (d *disk) Stopped() { d.l.w.fail(d.l, "stopped, and nobody asked for it") }

// attach gives the picker a snapshot, as every report before it is told.
func (d *disk) attach() {
	d.box.put(func() {
		if d.isOver() {
			return
		}
		v := d.core.View()
		snap := assign.Snapshot{Held: v.Held, Partials: map[pieceset.Index]assign.BlockSet{}}
		for i, blocks := range v.Present {
			snap.Partials[i] = assign.BlockSet(blocks)
		}
		a, c := d.l.assign, d.l.control
		a.report(func() { a.snapshot(snap) })
		c.box.put(func() { c.snapshot(v.Written, v.Durable) })
	})
}

// resume goes on after a pause, as soon as nothing of before is out.
func (d *disk) resume() {
	if d.isOver() {
		return
	}
	if _, paused := d.core.Phase().(storage.Paused); !paused {
		return
	}
	if !d.core.IsQuiet() {
		d.job(d.resume)
		return
	}
	d.on.dropCache()
	d.step(func() { d.core.Resume(d.l.w.now, d) })
	d.attach()
}
