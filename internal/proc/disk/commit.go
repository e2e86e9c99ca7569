package disk

import (
	"context"
	"errors"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// trustedSource is the source of claims that nobody checked.
const trustedSource = "existing trust"

// syncJob makes a window durable.
type syncJob struct {
	keeps
	t      *open
	window core.Window
	err    error
}

func (j *syncJob) work() result {
	j.err = j.t.files.Sync(context.Background(), j.window.Pieces)
	return j
}

func (j *syncJob) apply(x *process) {
	if j.err == nil {
		j.t.step(func(fx *batch) { j.t.core.Synced(x.now(), fx) })
		return
	}
	doubtful := j.window.Pieces
	var several *storage.SyncError
	var strayed []int
	if errors.As(j.err, &several) {
		j.t.faults.failed = several.Files()
		doubtful = j.t.req.Spec.PiecesOf(several.Files()...)
		for _, f := range several.Faults {
			if storage.ViewStray(f.Err) != nil {
				strayed = append(strayed, f.File)
			}
		}
	}
	j.t.step(func(fx *batch) {
		j.t.core.SyncFailed(x.now(), doubtful, core.Fault{Op: core.OpSync, Err: j.err}, fx)
	})
	j.t.stray(strayed)
}

// claimJob changes the row. Where the row calls the files clean it also keeps
// how they looked when they were judged, so that the claims can be relied on.
type claimJob struct {
	keeps
	t     *open
	rows  *store.Service
	claim core.Claim
	files rowFiles
	known []storage.FileFacts
	// without are the files that the row must not take for the torrent's as they are.
	without []int
	err     error
}

func (j *claimJob) work() result {
	j.err = j.change(j.t.x.p.Context())
	return j
}

func (j *claimJob) change(ctx context.Context) error {
	id, epoch := j.t.id, j.t.req.Epoch
	if d := j.claim.Drop; d != nil && !d.IsEmpty() {
		u := store.UnclaimUpdate{ID: id, Epoch: epoch, Remove: d, Reason: store.LossChanged}
		if err := j.rows.Unclaim(ctx, calls.DiskUnclaim, u); err != nil {
			return err
		}
	}
	var facts []store.FileFacts
	if j.files == rowSaysClean {
		facts = rowFacts(j.known, store.FileClean, j.without)
	}
	partials := storePartials(j.t.req.Spec.Geometry, j.claim.Partials)
	u := store.ClaimUpdate{
		ID: id, Epoch: epoch, Add: j.claim.Add, Origin: store.Checked{}, Partials: &partials, Files: facts,
	}
	switch j.claim.Makes {
	case core.WholeByFetching:
		u.Completed = j.t.x.d.o.Clock.Wall()
	case core.StillInPart:
	}
	if err := j.rows.Claim(ctx, calls.DiskClaim, u); err != nil {
		return err
	}
	if isNone(j.claim.Trusted) {
		return nil
	}
	u = store.ClaimUpdate{ID: id, Epoch: epoch, Add: j.claim.Trusted, Origin: store.Trusted{Source: trustedSource}}
	return j.rows.Claim(ctx, calls.DiskClaim, u)
}

func isNone(s *pieceset.Set) bool { return s == nil || s.IsEmpty() }

func (j *claimJob) apply(x *process) {
	j.tell()
	j.t.step(func(fx *batch) {
		var stale *store.StaleEpochError
		var gone *store.NotFoundError
		switch {
		case j.err == nil:
			j.t.core.Claimed(x.now(), fx)
		case errors.As(j.err, &stale), errors.As(j.err, &gone):
			j.t.core.ClaimRefused(x.now(), core.Fault{Op: core.OpClaim, Err: j.err}, fx)
		default:
			j.t.core.ClaimFailed(x.now(), fx)
		}
	})
}

// tell reports that claims have to wait, and when they do no more. That the store
// restarts is told by its crash.
func (j *claimJob) tell() {
	var down *sup.DownError
	state := &j.t.faults.claims
	switch {
	case j.err == nil && *state == claimsWait:
		*state = claimsKept
		j.t.x.report(j.t.id, ClaimsGoOn{})
	case j.err != nil && *state == claimsKept && !errors.As(j.err, &down) && j.t.x.p.Context().Err() == nil:
		*state = claimsWait
		j.t.x.report(j.t.id, ClaimsWait{Err: j.err})
	}
}

// closeJob notes the files as clean and closes them.
type closeJob struct {
	keeps
	t    *open
	rows *store.Service
	left leftFiles
	err  error
}

func (j *closeJob) work() result {
	ctx := j.t.x.p.Context()
	facts, err := j.left.facts(ctx, j.t.files)
	j.err = err
	if j.err == nil {
		j.err = markFiles(ctx, j.t, j.rows, facts)
	}
	j.t.closeFiles()
	return j
}

func (j *closeJob) apply(*process) { j.t.closed(j.err) }

// prepareJob makes the absent files, once it is known that what lies there may
// be written.
type prepareJob struct {
	keeps
	prepared
	t         *open
	req       OpenRequest
	good, bad int
	known     []storage.FileFacts
	err       error
}

func (j *prepareJob) work() result {
	j.prepared, j.err = prepareLate(context.Background(), j.req, j.t.files, j.known)
	return j
}

func (j *prepareJob) apply(x *process) {
	if j.t.ended {
		return // the row has been told already how the files were left
	}
	j.t.ready = filesPrepared
	j.err = errors.Join(j.err, j.t.learn(j.made))
	x.tellRefused(j.t, j.refused)
	if j.err != nil {
		j.t.ready = filesDue
		j.t.pause(j.err)
	}
	j.t.tellCheckEnded(j.good, j.bad)
	if len(j.t.waiting) > 0 {
		j.t.answerPrepared() // who opened the torrent again meanwhile
	}
}

// lateJob makes files that came to be wanted while the torrent was open.
type lateJob struct {
	keeps
	prepared
	t     *open
	req   OpenRequest
	known []storage.FileFacts
	err   error
}

func (j *lateJob) work() result {
	j.prepared, j.err = prepareLate(context.Background(), j.req, j.t.files, j.known)
	return j
}

func (j *lateJob) apply(x *process) {
	if j.t.ended {
		return
	}
	j.t.ready = filesPrepared
	j.err = errors.Join(j.err, j.t.learn(j.made))
	x.tellRefused(j.t, j.refused)
	if j.err == nil {
		j.t.answerAll()
		return
	}
	j.t.ready = filesDue
	j.t.refuseAll(j.err)
	j.t.pause(j.err)
}

// recheckJob ends the failed state of files, before a paused torrent goes on.
type recheckJob struct {
	keeps
	t     *open
	files []int
	err   error
}

func (j *recheckJob) work() result {
	j.err = j.t.files.Recheck(context.Background(), j.files)
	return j
}

func (j *recheckJob) apply(x *process) {
	if j.t.ended {
		return
	}
	if j.err == nil {
		j.t.goOn()
		return
	}
	j.t.faults.failed, j.t.rechecking = j.files, recheckNone
	j.t.refuseAll(j.err)
}
