package disk

import (
	"context"
	"maps"
	"slices"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// wrote notes that a worker is about to change a file.
func (t *open) wrote(i int) {
	t.watch.written[i]++
	if isInParts(t.vouched.known[i]) {
		t.wroteParts()
	}
}

// wroteParts notes that the time of the parts file is about to change, which is that
// of all files in it.
func (t *open) wroteParts() {
	if t.watch.parts == partsWritten {
		return
	}
	t.watch.parts = partsWritten
	for i, f := range t.vouched.known {
		if isInParts(f) {
			t.watch.written[i]++
		}
	}
}

func isInParts(f storage.FileFacts) bool {
	p, there := f.(storage.Present)
	return there && p.Home == storage.InParts
}

// learn takes new facts of files that we made or wrote. The error says that one of
// them turns out to be another torrent's.
func (t *open) learn(now map[int]storage.FileFacts) error {
	if len(now) == 0 {
		return nil
	}
	t.vouched.known = relearnt(t.vouched.known, now)
	t.watch.era++
	t.watch.parts = partsUnwritten // there may be more files in it
	return t.x.leases.move(t, slices.Sorted(maps.Keys(now)))
}

// settle has those files looked at that we wrote and that are whole with these
// pieces: so they are left, and any change from then on is somebody else's.
func (t *open) settle(durable *pieceset.Set) {
	viewer, can := storage.As[storage.FileViewer](t.files)
	if !can || len(t.watch.written) == 0 {
		return
	}
	j := &settleJob{t: t, viewer: viewer, writes: map[int]uint64{}, facts: map[int]storage.FileFacts{}}
	for i := range t.req.Spec.FilesOf(durable) {
		if n := t.watch.written[i]; n > 0 && t.isWhole(i) {
			j.writes[i] = n
		}
	}
	if len(j.writes) > 0 {
		t.x.syncs.give(j)
	}
}

func (t *open) isWhole(i int) bool {
	f, g := &t.req.Spec.Files[i], t.req.Spec.Geometry
	for p := f.Offset / g.PieceLength; p <= (f.Offset+f.Length-1)/g.PieceLength; p++ {
		if t.core.Stage(pieceset.Index(p)) != core.Durable {
			return false
		}
	}
	return true
}

// settleJob looks at files that we have written for the last time.
type settleJob struct {
	keeps
	t      *open
	viewer storage.FileViewer
	writes map[int]uint64 // by file: the writes so far
	facts  map[int]storage.FileFacts
}

func (j *settleJob) work() result {
	for i := range j.writes {
		j.facts[i] = j.viewer.ViewFile(context.Background(), i)
	}
	return j
}

func (j *settleJob) apply(*process) {
	t := j.t
	if t.ended {
		return
	}
	var strayed []int
	for i, n := range j.writes {
		_, there := j.facts[i].(storage.Present)
		switch {
		case t.watch.written[i] != n: // again, since
			delete(j.facts, i)
		case there:
			delete(t.watch.written, i)
		default:
			if viewChange(t.vouched.known[i], j.facts[i], ourselves) != nil {
				strayed = append(strayed, i)
			}
			delete(j.facts, i)
		}
	}
	if err := t.learn(j.facts); err != nil {
		t.pause(err)
	}
	t.stray(strayed)
}
