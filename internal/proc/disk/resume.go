package disk

import (
	"slices"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// again answers for a torrent that is open; a paused one goes on first, as soon
// as nothing of before is out.
func (t *open) again(r *sup.Request[OpenRequest, opening]) {
	if err := t.wantMore(r.Q.Wanted); err != nil {
		r.Reply(opening{OpenFailed{Fault: viewFault(err), Err: err}})
		return
	}
	t.waiting = append(t.waiting, r)
	if t.ready == filesPrepared && !t.asksAs(r.Q) {
		t.ready = filesDue
	}
	t.req.Prepare, t.req.Edges = r.Q.Prepare, r.Q.Edges
	t.want(r.Q.Wanted)
	if _, paused := t.core.Phase().(core.Paused); paused {
		t.resume()
		return
	}
	t.answerPrepared()
}

// wantMore says whether the torrent may fetch what was not wanted when the files were
// judged: not what may lie in a file that was not read, nor what is another's.
func (t *open) wantMore(pieces *pieceset.Set) error {
	more := pieces.Clone()
	more.RemoveAll(t.req.Wanted)
	for _, i := range t.vouched.Unread {
		if touches(&t.req.Spec, i, more) {
			return &storage.Error{Op: "use", Path: t.req.Spec.Path(i), Err: errUnread}
		}
	}
	return t.x.leases.own(t, more)
}

// want notes what is wanted now.
func (t *open) want(pieces *pieceset.Set) {
	t.req.Wanted = pieces
	if t.core != nil {
		t.x.leases.settleAll(t)
	}
}

func isWithin(pieces, of *pieceset.Set) bool { return pieces.Overlap(of) == pieces.Count() }

// lack says whether a file that is to be written is absent.
type lack uint8

const (
	noneLacking lack = iota
	fileLacking
)

// asksAs says whether a request is for the same files and pieces as the last one.
func (t *open) asksAs(r OpenRequest) bool {
	return slices.Equal(t.req.Prepare, r.Prepare) && slices.Equal(t.req.Edges, r.Edges) && t.req.Wanted.Equal(r.Wanted)
}

// lacks says whether any of the files was not to be had when they were judged.
func (t *open) lacks() lack {
	for _, i := range t.req.Prepare {
		if !isInPlace(t.vouched.known[i]) {
			return fileLacking
		}
	}
	for _, i := range t.req.Edges {
		if _, absent := t.vouched.known[i].(storage.Absent); absent {
			return fileLacking
		}
	}
	return noneLacking
}

// isInPlace says whether something lies at a file's path.
func isInPlace(f storage.FileFacts) bool {
	switch f := f.(type) {
	case storage.Present:
		return f.Home == storage.InPlace
	case storage.Unusable, storage.Virtual:
		return true
	case storage.Absent:
	}
	return false
}

// resume goes on after a pause for those who wait for it, unless something of
// before is still out: then it is called again.
func (t *open) resume() {
	if !t.core.IsQuiet() || t.rechecking == recheckOut {
		return
	}
	if len(t.faults.failed) == 0 {
		t.goOn()
		return
	}
	t.rechecking = recheckOut
	t.x.syncs.give(&recheckJob{t: t, files: t.faults.failed})
	t.faults.failed = nil
}

func (t *open) goOn() {
	t.rechecking = recheckNone
	waiting := t.waiting
	t.waiting = nil // so that the step does not come back here
	t.step(func(fx *batch) { t.core.Resume(t.x.now(), fx) })
	t.waiting = waiting
	t.answerPrepared()
}

// answerPrepared answers when the files that are to be written are there.
func (t *open) answerPrepared() {
	switch {
	case t.ready == filesDue, t.ready == filesPrepared && t.lacks() == fileLacking:
		t.ready = filesPreparing
		t.x.bytes.give(&lateJob{t: t, req: t.req, known: t.vouched.known})
	case t.ready != filesPreparing:
		t.answerAll()
	}
}

// refuseAll answers those who opened a torrent that cannot be opened.
func (t *open) refuseAll(err error) {
	waiting := t.waiting
	t.waiting = nil
	for _, r := range waiting {
		r.Reply(opening{OpenFailed{Fault: viewFault(err), Err: err}})
	}
}

// answerAll answers those who opened a torrent that is open already.
func (t *open) answerAll() {
	waiting := t.waiting
	t.waiting = nil
	for _, r := range waiting {
		if r.Q.Verify != nil {
			if err := t.x.leases.own(t, r.Q.Verify); err != nil {
				r.Reply(opening{OpenFailed{Fault: viewFault(err), Err: err}})
				continue
			}
			t.step(func(fx *batch) { t.core.Check(t.x.now(), r.Q.Verify, fx) })
		}
		r.Reply(opening{t.answer()})
	}
	t.tellSnapshot()
	if len(t.watch.strayed) > 0 {
		t.x.report(t.id, FilesChanged{})
	}
}

// recheck says whether failed files are being released.
type recheck uint8

const (
	recheckNone recheck = iota
	recheckOut
)
