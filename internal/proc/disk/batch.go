package disk

import (
	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// batch is the Effects of a torrent's core: what a step decided is appended to the
// acts of the process and carried out in order after the step.
type batch struct {
	t     *open
	words words
}

// act is one thing to do. What comes for every piece or run is a value.
type act struct {
	kind  actKind
	piece pieceset.Index
	chunk uint32       // of actRelease
	run   core.HashRun // of actHash and actJoin; of actWrite the Run alone
	then  func()       // of actOther
}

type actKind uint8

const (
	actOther actKind = iota
	actHash
	actJoin     // a hash of those that go on together
	actTogether // they are all there
	actWrite
	actRelease
	actForget
	actTellVerified
	actTellWritten
)

// actsKept is how many acts room is kept for after a burst.
const actsKept = 1024

// step runs the core and carries out what it decided.
func (t *open) step(input func(*batch)) {
	from := len(t.x.acts)
	input(&t.fx)
	t.carryOut(from)
	if _, paused := t.core.Phase().(core.Paused); paused && len(t.waiting) > 0 {
		t.resume()
	}
}

// carryOut does the acts behind those that an outer step is at.
func (t *open) carryOut(from int) {
	x := t.x
	for n := from; n < len(x.acts); n++ {
		x.p.Act("disk action")
		t.do(x.acts[n])
	}
	clear(x.acts[from:])
	x.acts = x.acts[:from]
	if from == 0 && cap(x.acts) > actsKept {
		x.acts = nil
	}
}

func (t *open) do(a act) {
	switch a.kind {
	case actHash:
		t.x.bytes.give(t.hashJob(a.run))
	case actJoin:
		if t.x.joining == nil {
			t.x.joining = t.x.togetherJob()
		}
		t.x.joining.add(t.hashJob(a.run))
	case actTogether:
		t.x.bytes.give(t.x.joining)
		t.x.joining = nil
	case actWrite:
		t.giveWrite(a.run.Run)
	case actRelease:
		t.release(a.piece, a.chunk)
	case actForget:
		t.forget(a.piece)
	case actTellVerified:
		t.x.report(t.id, t.fx.words.verified.add(PieceVerified{a.piece}))
	case actTellWritten:
		t.x.report(t.id, t.fx.words.written.add(PieceWritten{a.piece}))
	case actOther:
		a.then()
	}
}

// giveWrite gives a worker a run to write.
func (t *open) giveWrite(r geometry.Run) {
	j := t.writeJob(r)
	if j.err == nil {
		from, to := runBytes(t.req.Spec.Geometry, r)
		for i := range t.filesIn(j.at, int(to-from)) {
			t.wrote(i)
		}
	}
	t.x.bytes.give(j)
}

func (b *batch) act(a act) { b.t.x.acts = append(b.t.x.acts, a) }

func (b *batch) then(f func()) { b.act(act{then: f}) }

func (b *batch) report(r Report) {
	b.then(func() { b.t.x.report(b.t.id, r) })
}

// Hash gives a worker the next run of a piece's hash.
func (b *batch) Hash(r core.HashRun) { b.act(act{kind: actHash, run: r}) }

// HashTogether gives a worker the next runs of several hashes.
func (b *batch) HashTogether(runs []core.HashRun) {
	for _, r := range runs {
		b.act(act{kind: actJoin, run: r})
	}
	b.act(act{kind: actTogether})
}

// Write gives a worker a run to write.
func (b *batch) Write(r geometry.Run) { b.act(act{kind: actWrite, run: core.HashRun{Run: r}}) }

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
	b.act(act{kind: actRelease, piece: i, chunk: chunk})
}

// Forget frees a piece.
func (b *batch) Forget(i pieceset.Index) { b.act(act{kind: actForget, piece: i}) }

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
func (b *batch) PieceVerified(i pieceset.Index) { b.act(act{kind: actTellVerified, piece: i}) }

// PieceWritten reports it.
func (b *batch) PieceWritten(i pieceset.Index) { b.act(act{kind: actTellWritten, piece: i}) }

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
