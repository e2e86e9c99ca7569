package disk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// beginJob makes the row call the files open, before the first write. Those that
// are to be written are looked at before, since their times say nothing then, and
// those of them that have other names are copied.
type beginJob struct {
	keeps
	t       *open
	rows    *store.Service
	known   []storage.FileFacts
	foreign []int // files that are not the torrent's to speak of
	toWrite []int
	linked  []int
	copies  map[int]storage.FileFacts
	strayed []int
	op      core.Op // what failed
	err     error   // from the beginning, where another torrent has a file
}

// beginWriting is the way to the first write.
func (t *open) beginWriting() {
	t.row = rowSaysOpen
	j := &beginJob{t: t, rows: t.x.d.o.Rows, known: t.vouched.known, foreign: t.foreign(), toWrite: t.toWrite(), op: core.OpWrite}
	crew := t.x.syncs
	for _, i := range j.toWrite {
		p, there := j.known[i].(storage.Present)
		switch {
		case !there:
		case p.Links > 1:
			j.linked = append(j.linked, i)
			crew = t.x.bytes // a copy takes long, and others wait for their claims
		case j.err == nil:
			j.err = t.viewOthers(i, p)
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

// viewOthers says whether another torrent has a file open. Two torrents may serve
// one file; a write by one would take the other's verified bytes away.
func (t *open) viewOthers(file int, p storage.Present) error {
	if p.Inode == 0 {
		return nil
	}
	for _, other := range t.x.torrents {
		if other == t || other.core == nil {
			continue
		}
		for _, f := range other.vouched.known {
			if q, there := f.(storage.Present); there && q.Inode == p.Inode && q.Device == p.Device {
				return &storage.Error{
					Op: "write", Path: t.req.Spec.Path(file), Err: &SharedFileError{Other: other.req.Spec.Name, ID: other.id},
				}
			}
		}
	}
	return nil
}

// SharedFileError says that another torrent of this program has the file that was
// to be written.
type SharedFileError struct {
	Other string // its name
	ID    ident.TorrentID
}

// Error names the other torrent.
func (e *SharedFileError) Error() string {
	return fmt.Sprintf("torrent %q has this file too; stop one of the two, or use another folder", e.Other)
}

func (j *beginJob) work() result {
	ctx := context.Background()
	if j.err == nil {
		j.err = j.look(ctx)
	}
	if j.err == nil && len(j.linked) > 0 {
		j.err = j.separate(ctx)
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
	viewer, can := j.t.files.(storage.FileViewer)
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
	st, can := j.t.files.(storage.Separator)
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
	j.t.watch.copied = nil
	j.t.learn(j.copies)
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
