package disk

import (
	"context"
	"errors"
	"slices"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
)

// beginJob makes the row call the files open, before the first write. Those that
// are to be written are looked at before, since their times say nothing then, and
// those of them that have other names are copied.
type beginJob struct {
	keeps
	t       *open
	ctx     context.Context
	rows    *store.Service
	known   []storage.FileFacts
	foreign []int // files that are not the torrent's to speak of
	toWrite []int
	linked  []int
	copies  map[int]storage.FileFacts
	strayed []int
	op      core.Op // what failed
	err     error
}

// beginWriting is the way to the first write.
func (t *open) beginWriting() {
	t.row = rowSaysOpen
	ctx, stop := context.WithCancel(t.x.p.Context())
	t.stopCopy = stop
	j := &beginJob{
		t: t, ctx: ctx, rows: t.x.d.o.Rows, known: t.vouched.known, foreign: t.foreign(), toWrite: t.toWrite(), op: core.OpWrite,
	}
	crew := t.x.syncs
	for _, i := range j.toWrite {
		if p, there := j.known[i].(storage.Present); there && p.Links > 1 {
			j.linked = append(j.linked, i)
			crew = t.x.bytes // a copy takes long, and others wait for their claims
		}
	}
	t.watch.copied = j.linked
	crew.give(j)
}

// toWrite are the files that have a byte of a piece that is wanted and not written.
func (t *open) toWrite() []int {
	missing := t.req.Wanted.Clone()
	missing.RemoveAll(t.core.View().Written)
	return slices.Collect(t.req.Spec.FilesOf(missing))
}

func (j *beginJob) work() result {
	j.err = j.look(j.ctx)
	if j.err == nil && len(j.linked) > 0 {
		j.err = j.separate(j.ctx)
	}
	if j.err == nil {
		j.op = core.OpClaim
		now := relearnt(j.known, j.copies)
		j.err = markFiles(j.t.x.p.Context(), j.t, j.rows, rowFacts(now, store.FileOpen, j.foreign))
	}
	return j
}

// look finds files that others changed since they were judged.
func (j *beginJob) look(ctx context.Context) error {
	viewer, can := storage.As[storage.FileViewer](j.t.files)
	if !can {
		return nil
	}
	var first error
	for _, i := range j.toWrite {
		err := viewChange(j.known[i], viewer.ViewFile(ctx, i), noneOfUs)
		if err == nil {
			continue
		}
		j.strayed = append(j.strayed, i)
		if first == nil {
			first = &storage.Error{Op: "write", Path: j.t.req.Spec.Path(i), Err: err}
		}
	}
	return first
}

// separate copies the linked files, and learns what they are now, also where it
// did not come to the last of them.
func (j *beginJob) separate(ctx context.Context) error {
	st, can := storage.As[storage.Separator](j.t.files)
	if !can {
		return nil
	}
	err := st.Separate(ctx, j.linked)
	now, examineErr := j.t.files.Examine(ctx)
	if examineErr != nil {
		return errors.Join(err, examineErr)
	}
	j.copies = map[int]storage.FileFacts{}
	for _, i := range j.linked {
		j.copies[i] = now[i]
	}
	return err
}

func (j *beginJob) apply(x *process) {
	j.t.stopCopy()
	j.t.watch.copied = nil
	j.err = errors.Join(j.err, j.t.learn(j.copies))
	j.t.stray(j.strayed)
	j.t.step(func(fx *batch) {
		if j.err != nil {
			j.t.row = rowSaysClean
			j.t.core.BeginFailed(x.now(), core.Fault{Op: j.op, Err: j.err}, fx)
			return
		}
		j.t.core.WritingBegun(x.now(), fx)
	})
}
