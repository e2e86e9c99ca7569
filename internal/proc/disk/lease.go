package disk

import (
	"hash/maphash"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Several torrents may have one file: under the same path, or through links. It
// has one owner at a time: the first that lacks something of it, or has to read
// it. Who comes then and lacks or reads some too waits until the owner needs the
// file no more, and so does everybody who comes once the owner has written into
// it. The others hold what they have verified: the owner writes nothing else in
// its place (lease_write.go).

// tenure says what a torrent may do with a file that it has.
type tenure uint8

const (
	sharing tenure = iota // it may serve what it holds
	owning                // it alone may read what it does not hold, and write
	writing               // it owns the file and has written into it
)

// tenant is a torrent's part in a file.
type tenant struct {
	t      *open
	file   int
	at     place
	tenure tenure
	out    int    // writes that are under way
	wrote  moment // when its last tenure of writing ended

	nextAtPath, nextByNumbers *tenant // of the same file
}

// moment orders what happens to leases.
type moment uint64

// leases are the parts of all torrents that are open on a volume.
type leases struct {
	at    map[place]*tenant // by path, and by numbers
	seed  maphash.Seed
	now   moment
	waits map[ident.TorrentID]*wait
}

// wait is what is known of a torrent that was not let in.
type wait struct {
	pieces *pieceset.Set // of the files that it waits for: anything may happen there
	differ *pieceset.Set // pieces of which behind holds other bytes
	behind *open         // nil: it is worth another try
	err    error
}

func newLeases() *leases {
	return &leases{at: map[place]*tenant{}, seed: maphash.MakeSeed(), waits: map[ident.TorrentID]*wait{}}
}

func (o *tenant) error(t *open, file int, why SharedCause) error {
	e := &SharedFileError{Other: o.t.req.Spec.Name, ID: o.t.id, Cause: why}
	return &storage.Error{Op: "use", Path: t.req.Spec.Path(file), Err: e}
}

// judged gives a torrent its files, unless one is another's, and then has those
// made that are absent.
func (x *process) judged(j *openJob) {
	t := x.torrents[j.req.Torrent]
	if j.refusal == nil {
		if err := x.leases.enter(t, j); err != nil {
			j.refuse(err)
			_ = j.files.Close()
		}
	}
	if j.refusal == nil && !j.answer.mustRead(j.req) {
		t.files = j.files // to be closed if this process ends before
		x.bytes.give(&makeJob{j})
		return
	}
	x.opened(j)
}

// enter gives a torrent its files as they were judged. What others may have
// written since the row knew it becomes doubtful.
func (l *leases) enter(t *open, j *openJob) error {
	t.vouched = j.answer
	t.tenants = make([]tenant, len(t.req.Spec.Files))
	for i := range t.tenants {
		t.tenants[i] = tenant{t: t, file: i, at: l.placeOf(t, i)}
	}
	l.doubt(t, j)
	if err := l.admit(t); err != nil {
		t.tenants = nil
		return err
	}
	delete(l.waits, t.id)
	reads, lacks := t.needs()
	for i := range t.tenants {
		l.put(&t.tenants[i])
		if touches(&t.req.Spec, i, reads) || touches(&t.req.Spec, i, lacks) {
			t.tenants[i].tenure = owning
		}
	}
	for i := range l.heldElsewhere(t, lacks) {
		t.vouched.Found.Add(i) // read, it is there, or shows that the bytes differ
	}
	t.vouched.Found.RemoveAll(t.vouched.Suspect)
	t.vouched.reason = reasonOf(t.vouched.Vouched, t.req)
	return nil
}

// doubt makes those pieces doubtful whose files another torrent may have written
// without the row showing it: while this one waited, while it looked, or after it
// ended without calling them closed.
func (l *leases) doubt(t *open, j *openJob) {
	doubtful := pieceset.New(t.req.Spec.Geometry.Pieces())
	if w := l.waits[t.id]; w != nil {
		doubtful.AddAll(w.pieces)
	}
	relied := make([]moment, len(t.tenants)) // what others wrote before, the facts of a file show
	for i := range relied {
		relied[i] = j.begun
	}
	for _, f := range t.req.Row.Files {
		if f.State == store.FileOpen && f.File >= 0 && f.File < len(relied) {
			relied[f.File] = 0
		}
	}
	for i := range t.tenants {
		for _, o := range l.others(&t.tenants[i]) {
			if o.wrote > relied[i] {
				addPieces(&t.req.Spec, i, doubtful)
			}
		}
	}
	v := t.vouched
	for i := range doubtful.All() {
		switch {
		case v.Claimed.Has(i):
			v.Claimed.Remove(i)
			v.Suspect.Add(i)
		case v.Suspect.Has(i), v.Trusted.Has(i), t.req.Written != nil && t.req.Written.Has(i):
		case t.req.Wanted.Has(i):
			v.Found.Add(i)
		}
	}
}

// admit says whether the owners of the files let the torrent in. If not, it is
// remembered what it waits for.
func (l *leases) admit(t *open) error {
	reads, lacks := t.needs()
	var refusal error
	waits := pieceset.New(t.req.Spec.Geometry.Pieces())
	for i := range t.tenants {
		needed := touches(&t.req.Spec, i, reads) || touches(&t.req.Spec, i, lacks)
		used := needed || touches(&t.req.Spec, i, t.req.Wanted) || touches(&t.req.Spec, i, t.vouched.Claimed)
		for _, o := range l.others(&t.tenants[i]) {
			if needed && o.tenure != sharing || used && o.tenure == writing {
				refusal = o.error(t, i, SharedWanting)
				addPieces(&t.req.Spec, i, waits)
				break
			}
		}
	}
	if refusal == nil {
		return nil
	}
	if before := l.waits[t.id]; before != nil {
		waits.AddAll(before.pieces)
	}
	l.waits[t.id] = &wait{pieces: waits, err: refusal}
	return refusal
}
