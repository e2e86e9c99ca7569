package disk

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// The files of a torrent are compared with the row when it is opened. While it is
// open others can still take them away or change them. The store looks at what it
// makes durable; what is only read is looked at here, at most every lookEvery and
// only when something is read.
//
// A file that strayed is not served any more. Whoever opened the torrent is told,
// closes it and opens it again: so there is one place that judges files.

const lookEvery = 5 * time.Second

// watch is what is known of changes to the files of an open torrent.
type watch struct {
	looks   map[int]look
	parked  []ReadRun      // wait for a look
	written map[int]uint64 // files that we wrote since their facts were taken, and how often
	parts   partsState
	copied  []int            // linked files that are being copied
	strayed map[int]struct{} // no more as they were, until the torrent is opened anew
	era     uint64           // counts what we learnt of the files, so that looks of before are known
}

// partsState says whether all files in the parts file are among those that we wrote.
type partsState uint8

const (
	partsUnwritten partsState = iota
	partsWritten
)

func newWatch() watch {
	return watch{looks: map[int]look{}, written: map[int]uint64{}, strayed: map[int]struct{}{}}
}

// look is when a file was looked at.
type look struct {
	state lookState
	due   mono.Instant // the next one, if something is read
}

type lookState uint8

const (
	lookEnded lookState = iota
	lookOut
)

// sight says whether a run may be read now.
type sight uint8

const (
	sightFresh   sight = iota
	sightOwed          // a look is out
	sightStrayed       // never
)

// sight says how the files of a run stand, and has them looked at where that is
// due.
func (t *open) sight(r ReadRun) sight {
	if _, can := storage.As[storage.FileViewer](t.files); !can {
		return sightFresh
	}
	now, found := t.x.now(), sightFresh
	var due []int
	for i := range t.filesIn(t.req.Spec.Geometry.PieceOffset(r.Piece)+int64(r.Begin), int(r.Length)) {
		if _, strayed := t.watch.strayed[i]; strayed {
			return sightStrayed
		}
		l := t.watch.looks[i]
		if l.state == lookEnded && now < l.due {
			continue
		}
		if l.state == lookEnded {
			due = append(due, i)
		}
		found = sightOwed
	}
	t.look(due, nil)
	return found
}

// filesIn are the files that hold n bytes of the torrent from at on.
func (t *open) filesIn(at int64, n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for seg := range t.req.Spec.Segments(at, n) {
			if t.req.Spec.Files[seg.File].Role == storage.Data && !yield(seg.File) {
				return
			}
		}
	}
}

// look has a worker look at files. Unless they strayed the doubtful pieces, which
// may be nil, must be read again.
func (t *open) look(files []int, doubtful *pieceset.Set) {
	if len(files) == 0 {
		return
	}
	for _, i := range files {
		t.watch.looks[i] = look{state: lookOut}
	}
	viewer, _ := storage.As[storage.FileViewer](t.files) // who asks knows that it is one
	t.x.reads.give(&lookJob{
		t: t, files: files, viewer: viewer, doubtful: doubtful, era: t.watch.era,
	})
}

// missed is for a read or write of a piece that did not find its file as it should
// be.
func (t *open) missed(i pieceset.Index) {
	piece := pieceset.Of(t.req.Spec.Geometry.Pieces(), i)
	if _, can := storage.As[storage.FileViewer](t.files); can {
		t.look(filesOf(t, piece), piece)
		return
	}
	t.suspect(piece)
}

func (t *open) suspect(pieces *pieceset.Set) {
	t.step(func(fx *batch) { t.core.Suspect(t.x.now(), pieces, fx) })
}

// lookJob looks at files by their paths.
type lookJob struct {
	keeps
	t        *open
	files    []int
	viewer   storage.FileViewer
	facts    []storage.FileFacts
	doubtful *pieceset.Set
	era      uint64
}

func (j *lookJob) work() result {
	for _, i := range j.files {
		j.facts = append(j.facts, j.viewer.ViewFile(context.Background(), i))
	}
	return j
}

func (j *lookJob) apply(x *process) {
	t := j.t
	if t.ended {
		return // what is parked is answered at the end
	}
	var strayed []int
	for n, i := range j.files {
		by := t.author(i)
		t.watch.looks[i] = look{due: x.now().Add(lookEvery)}
		if j.era != t.watch.era { // what is known may be younger than the look
			by = ourselves
			t.watch.looks[i] = look{due: x.now()}
		}
		if viewChange(t.vouched.known[i], j.facts[n], by) != nil {
			strayed = append(strayed, i)
		}
	}
	t.stray(strayed)
	if j.doubtful != nil && len(strayed) == 0 {
		t.suspect(j.doubtful)
	}
	t.unpark()
}

// unpark brings the reads again that waited for a look.
func (t *open) unpark() {
	parked := t.watch.parked
	t.watch.parked = nil
	for _, r := range parked {
		t.x.read(r)
	}
}

// author says who may have written a file since its facts were taken.
type author uint8

const (
	noneOfUs author = iota
	ourselves
)

func (t *open) author(i int) author {
	if t.watch.written[i] > 0 || slices.Contains(t.watch.copied, i) {
		return ourselves
	}
	return noneOfUs
}

// viewChange says what others did to a file, nil where nothing shows: the cause
// alone. Of a file that we wrote only the store can tell.
func viewChange(known, now storage.FileFacts, by author) error {
	before, knew := known.(storage.Present)
	switch now := now.(type) {
	case storage.Absent:
		if knew {
			return storage.ErrRemoved
		}
	case storage.Unusable:
		return storage.ViewStray(now.Err)
	case storage.Present:
		if knew && by == noneOfUs && (now.Size != before.Size || !now.ModTime.Equal(before.ModTime)) {
			return storage.ErrEdited
		}
	case storage.Virtual:
	}
	return nil
}

// stray notes files that others changed, and tells of them, unless the torrent is
// being closed anyway.
func (t *open) stray(files []int) {
	before := len(t.watch.strayed)
	for _, i := range files {
		t.watch.strayed[i] = struct{}{}
	}
	if len(t.watch.strayed) > before && len(t.closing) == 0 {
		t.x.report(t.id, FilesChanged{})
	}
}
