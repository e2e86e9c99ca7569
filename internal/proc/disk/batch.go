package disk

import (
	"slices"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// batch is the Effects of one step of a torrent's core: jobs and reports, to be
// carried out in order after the step.
type batch struct {
	t    *open
	acts []func()
}

// step runs the core and carries out what it decided.
func (t *open) step(input func(*batch)) {
	fx := batch{t: t}
	input(&fx)
	fx.run()
	if _, paused := t.core.Phase().(core.Paused); paused && len(t.waiting) > 0 {
		t.resume()
	}
}

func (b *batch) run() {
	for _, act := range b.acts {
		b.t.x.p.Act("disk action")
		act()
	}
	b.acts = b.acts[:0]
}

func (b *batch) then(act func()) { b.acts = append(b.acts, act) }

func (b *batch) report(r Report) {
	b.then(func() { b.t.x.report(b.t.id, r) })
}

// Hash gives a worker the next run of a piece's hash.
func (b *batch) Hash(r core.HashRun) {
	b.then(func() { b.t.x.bytes.give(b.t.hashJob(r)) })
}

// Write gives a worker a run to write.
func (b *batch) Write(r geometry.Run) {
	b.then(func() {
		j := b.t.writeJob(r)
		if j.err == nil {
			from, to := runBytes(b.t.req.Spec.Geometry, r)
			b.t.wrote(slices.Collect(b.t.filesIn(j.at, int(to-from))))
		}
		b.t.x.bytes.give(j)
	})
}

// Digest gives a worker a piece whose blocks are to be told apart.
func (b *batch) Digest(i pieceset.Index, memory core.BlockSet) {
	b.then(func() { b.t.x.bytes.give(b.t.digestJob(i, memory)) })
}

// ReadPiece gives a worker a piece to read and hash.
func (b *batch) ReadPiece(i pieceset.Index) {
	b.then(func() { b.t.x.bytes.give(&checkJob{t: b.t, piece: i}) })
}

// Release frees a chunk.
func (b *batch) Release(i pieceset.Index, chunk uint32) {
	b.then(func() { b.t.release(i, chunk) })
}

// Forget frees a piece.
func (b *batch) Forget(i pieceset.Index) {
	b.then(func() { b.t.forget(i) })
}

// BeginWriting makes the row say that the files are open.
func (b *batch) BeginWriting() {
	b.then(b.t.beginWriting)
}

// Sync makes a window durable.
func (b *batch) Sync(w core.Window) {
	b.then(func() { b.t.x.syncs.give(&syncJob{t: b.t, window: w}) })
}

// Claim changes the row.
func (b *batch) Claim(c core.Claim) {
	b.then(func() {
		b.t.x.syncs.give(&claimJob{
			t: b.t, rows: b.t.x.d.o.Rows, claim: c, files: b.t.row, known: b.t.vouched.known,
			without: append(b.t.unproven(c.Unproven), b.t.foreign()...),
		})
	})
}

// PieceVerified, PieceWritten, PiecesDurable, PieceCorrupt, PieceDigested, PiecesLost,
// CheckProgress and Faulted are reports.

// PieceVerified reports it.
func (b *batch) PieceVerified(i pieceset.Index) { b.report(PieceVerified{Piece: i}) }

// PieceWritten reports it.
func (b *batch) PieceWritten(i pieceset.Index) { b.report(PieceWritten{Piece: i}) }

// PiecesDurable reports it, and has a last look at the files that are whole now.
func (b *batch) PiecesDurable(s *pieceset.Set) {
	b.then(func() { b.t.settle(s) })
	b.report(PiecesDurable{Pieces: s})
	b.then(func() { b.t.x.leases.settle(b.t, b.t.req.Spec.FilesOf(s)) })
}

// PieceCorrupt reports it.
func (b *batch) PieceCorrupt(i pieceset.Index, blocks []core.Suspect) {
	b.report(PieceCorrupt{Piece: i, Blocks: blocks})
}

// PieceDigested reports it.
func (b *batch) PieceDigested(i pieceset.Index, digests []core.Digest) {
	b.report(PieceDigested{Piece: i, Digests: digests})
}

// PiecesLost reports it.
func (b *batch) PiecesLost(s *pieceset.Set) {
	b.report(PiecesLost{Pieces: s})
	b.then(func() { b.t.x.leases.lost(b.t, s) })
}

// CheckProgress reports it.
func (b *batch) CheckProgress(done, total int) { b.report(CheckProgress{Done: done, Total: total}) }

// CheckEnded decides whether the files may be written, and reports.
func (b *batch) CheckEnded(good, bad int) {
	b.then(func() { b.t.checkEnded(good, bad) })
}

// Faulted reports it.
func (b *batch) Faulted(f core.Fault) {
	b.report(TorrentFaulted{Fault: viewFault(f.Err), Err: f})
}

// Stopped ends the torrent here.
func (b *batch) Stopped() { b.then(b.t.stopped) }
