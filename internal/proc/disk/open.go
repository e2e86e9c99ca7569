package disk

import (
	"context"
	"hash"
	"slices"

	"github.com/etorrent/etorrent/internal/core/assign"
	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/core/vouch"
	"github.com/etorrent/etorrent/internal/leaf/sha1many"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// open is a torrent that is open on the volume.
type open struct {
	x       *process
	id      ident.TorrentID
	req     OpenRequest
	core    *core.Torrent
	files   storage.Store
	zeros   *storage.Zeros
	pieces  assemblies
	vouched *vouchAnswer
	ready   readiness
	row     rowFiles
	waiting []*sup.Request[OpenRequest, opening]
	closing []*sup.Request[ident.TorrentID, closing]
	faults  faults
	watch   watch
	tenants []tenant // one a file
	fx      batch

	stopCopy context.CancelFunc // of the beginning that is under way or was

	rechecking recheck
	ended      bool
}

// faults is what the environment refused so far.
type faults struct {
	failed  []int // files whose last sync failed
	damaged []int // files of ours that could not be read in part
	claims  claimState
}

// claimState says whether the last claim that was asked for is in the row.
type claimState uint8

const (
	claimsKept claimState = iota
	claimsWait
)

// readiness says whether the files may be written.
type readiness uint8

const (
	filesPrepared  readiness = iota
	filesUntouched           // what lies there is being read first
	filesPreparing
	filesDue // to be made with the next open: the volume refused them, or others are wanted
)

// rowFiles says what the row will say of the files.
type rowFiles uint8

const (
	rowSaysClean rowFiles = iota
	rowSaysOpen
)

// assemblies are the pieces whose blocks come, and those that were forgotten, to be
// used again.
type assemblies struct {
	of    map[pieceset.Index]*assembly
	spare spare[assembly]
}

// assembly is the bytes of a piece whose blocks come, and the hash so far. chunks
// is memory for blocks that do not lie in slabs, nil where there is none.
type assembly struct {
	blocks []placed
	chunks [][]byte
	hash   hash.Hash
}

// placed is where the bytes of a block lie: in a slab, or in a chunk where in is nil.
type placed struct {
	bytes []byte // nil: the block is not in memory
	in    *loan
}

// open answers a request: of a torrent that is open the present truth, else what
// the files show.
func (x *process) open(r *sup.Request[OpenRequest, opening]) {
	t := x.torrents[r.Q.Torrent]
	if w := x.leases.waits[r.Q.Torrent]; t == nil && w != nil && x.isOfNoUse(w, r.Q) {
		r.Reply(opening{OpenFailed{Fault: viewFault(w.err), Err: w.err}})
		return
	}
	if t == nil {
		t = &open{x: x, id: r.Q.Torrent, req: r.Q, pieces: assemblies{of: map[pieceset.Index]*assembly{}}, watch: newWatch()}
		t.fx.t = t
		x.torrents[t.id] = t
		t.waiting = append(t.waiting, r)
		x.bytes.give(&openJob{storage: x.d.o.Storage, req: r.Q, begun: x.leases.now})
		return
	}
	if t.core == nil || t.isClosing() {
		t.waiting = append(t.waiting, r) // until it is open, or closed
		return
	}
	t.again(r)
}

func (t *open) answer() Opened {
	return Opened{
		Claimed: t.core.View().Durable, Checking: t.core.InCheck(),
		Reason: t.vouched.reason, Features: t.files.Features(), Longer: longerFiles(t.req.Spec, t.vouched.known),
	}
}

// opened takes what the open job found.
func (x *process) opened(j *openJob) {
	t := x.torrents[j.req.Torrent]
	waiting := t.waiting
	t.waiting = nil
	if j.refusal != nil {
		delete(x.torrents, t.id)
		for _, r := range waiting {
			r.Reply(opening{j.refusal})
		}
		t.closed(nil)
		return
	}
	t.files, t.vouched, t.row = j.files, j.answer, j.answer.files
	holes, _ := storage.As[storage.HoleViewer](t.files)
	t.zeros = storage.NewZeros(holes, t.req.Spec.Geometry, t.req.Verifier.NewHash)
	known := core.Known{
		Claimed: j.answer.Claimed.Clone(), Trusted: j.answer.Trusted,
		Recalled: t.req.Written, Partials: corePartials(t.req.Row.Partials),
	}
	known.Claimed.AddAll(j.answer.Suspect)
	state := core.FilesClosed
	if t.row == rowSaysOpen {
		state = core.FilesOpen
	}
	t.core = core.New(core.Config{
		Geometry: t.req.Spec.Geometry, Memory: x.memory, Reads: x.bytes.workers, Files: state, Known: known,
		Together: sha1many.AtOnce(t.req.Verifier.NewHash(0)),
	})
	t.begin()
	if err := x.leases.move(t, slices.Concat(t.req.Prepare, t.req.Edges)); err != nil {
		t.pause(err) // it shows only now whose a file is that was absent
	}
	for _, r := range waiting {
		if !isWithin(r.Q.Wanted, j.req.Wanted) { // it was asked for since
			r.Reply(opening{OpenFailed{Fault: viewFault(errUnread), Err: errUnread}})
			continue
		}
		r.Reply(opening{t.answer()})
	}
	t.tellSnapshot()
	x.tellRefused(t, j.refused)
	if len(t.closing) > 0 {
		t.step(func(fx *batch) { t.core.Stop(x.now(), fx) })
	}
}

func (t *open) tellSnapshot() {
	for _, box := range t.x.d.attached[t.id] {
		box.Put(t.snapshot())
	}
}

// begin lets the core begin, and reads what must be read first.
func (t *open) begin() {
	v := t.vouched
	now := t.x.now()
	t.step(func(fx *batch) { t.core.Begin(now, fx) })
	if !v.prepared {
		t.ready = filesUntouched
	}
	if doubtful := t.doubtful(); !doubtful.IsEmpty() {
		t.step(func(fx *batch) { t.core.Suspect(now, doubtful, fx) })
	}
	check := v.Found.Clone()
	if t.req.Verify != nil {
		check.AddAll(t.req.Verify)
	}
	if !check.IsEmpty() {
		t.step(func(fx *batch) { t.core.Check(now, check, fx) })
	}
}

// checkEnded decides, when everything that had to be read was read, whether the
// files may be written.
func (t *open) checkEnded(good, bad int) {
	t.x.leases.settleAll(t)
	if t.pauseIfDiffering() == differs || t.ready != filesUntouched {
		t.tellCheckEnded(good, bad)
		return
	}
	v := t.vouched
	held := t.core.View().Held
	doubted := vouch.Doubted(policyOf(t.req.Existing), v.questions, v.Strangers)
	if i, found := vouch.Untouchable(t.req.Spec.Geometry, v.questions, doubted, held); found == vouch.NothingOfOurs && t.mayWrite() {
		t.x.report(t.id, NothingMatched{Path: t.req.Spec.Files[i].Path})
		return
	}
	t.ready = filesPreparing
	t.x.bytes.give(&prepareJob{t: t, req: t.req, good: good, bad: bad, known: v.known})
}

// tellCheckEnded reports the end of a check, and what there is now: blocks that
// came for a piece in check were dropped.
func (t *open) tellCheckEnded(good, bad int) {
	t.x.report(t.id, CheckEnded{Good: good, Bad: bad})
	t.tellSnapshot()
}

func (t *open) mayWrite() bool { return t.req.Spec.Access == storage.ReadWrite }

// snapshot is what the torrent has now.
func (t *open) snapshot() Snapshot {
	if t.core == nil {
		n := t.req.Spec.Geometry.Pieces()
		return Snapshot{Held: pieceset.New(n), Written: pieceset.New(n)}
	}
	v := t.core.View()
	s := Snapshot{Held: v.Held, Written: v.Written, Partials: map[pieceset.Index]assign.BlockSet{}}
	for i, blocks := range v.Present {
		s.Partials[i] = assign.BlockSet(blocks)
	}
	return s
}

// closeFiles releases the files; nothing is written through them any more.
func (t *open) closeFiles() {
	if t.files != nil {
		_ = t.files.Close()
	}
}

// close writes out, syncs, claims and closes a torrent.
func (x *process) close(r *sup.Request[ident.TorrentID, closing]) {
	t := x.torrents[r.Q]
	if t == nil {
		r.Reply(closing{})
		return
	}
	t.closing = append(t.closing, r)
	if t.stopCopy != nil {
		t.stopCopy()
	}
	if t.core != nil && len(t.closing) == 1 {
		t.step(func(fx *batch) { t.core.Stop(x.now(), fx) })
	}
}

// letGo closes a torrent for nobody. One that is being opened has somebody.
func (x *process) letGo(id ident.TorrentID) {
	if t := x.torrents[id]; t != nil && t.core != nil {
		t.step(func(fx *batch) { t.core.Stop(x.now(), fx) })
	}
}

// stopped notes the files as clean and closes them, when the core has nothing
// left to do.
func (t *open) stopped() {
	if t.ended {
		return
	}
	t.ended = true
	t.x.syncs.give(&closeJob{t: t, rows: t.x.d.o.Rows, left: leftFiles{
		known: t.vouched.known, unproven: append(t.unproven(t.core.At(core.Checking)), t.foreign()...),
		written: t.watch.written, strayed: t.watch.strayed,
	}})
}

// isClosing says whether nothing new is begun: whoever opens the torrent waits.
func (t *open) isClosing() bool {
	switch t.core.Phase().(type) {
	case core.Stopping, core.Ended:
		return true
	case core.Running, core.Paused:
	}
	return len(t.closing) > 0
}

// doubtful are the pieces of which nothing is taken for granted: those that were
// claimed, and parts of pieces in files that changed.
func (t *open) doubtful() *pieceset.Set {
	s := t.vouched.Suspect.Clone()
	for _, p := range t.req.Row.Partials {
		if t.vouched.Found.Has(p.Piece) {
			s.Add(p.Piece)
		}
	}
	return s
}

// closed answers those who wait for the end, and opens the torrent again for
// those who asked meanwhile.
func (t *open) closed(err error) {
	delete(t.x.torrents, t.id)
	for i := range t.pieces.of {
		t.forget(i)
	}
	t.x.leases.leave(t)
	t.unpark() // to be refused
	for _, r := range t.closing {
		r.Reply(closing{err})
	}
	for _, r := range t.waiting {
		t.x.open(r)
	}
}

// deadline is when the core wants to be ticked.
func (t *open) deadline() mono.Instant {
	if t.core == nil {
		return mono.Never
	}
	return t.core.NextDeadline()
}
