package disk

import (
	"bytes"
	"cmp"
	"errors"
	"iter"
	"slices"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// held is a range of the torrent's bytes that another torrent holds: the owner of
// the file writes there only what is there already.
type held struct {
	from, to int64
	by       *tenant
}

// write makes the torrent the one that writes the files of a range. What others
// hold in them is returned; it stays theirs, since nobody but the owner can come to
// hold more. The files are appended to into. The error says that a file is another's.
func (l *leases) write(t *open, from, to int64, into []int) (files []int, theirs []held, err error) {
	files = into
	for seg := range t.req.Spec.Segments(from, int(to-from)) {
		m := &t.tenants[seg.File]
		if m.at == (place{}) {
			continue
		}
		for _, o := range l.others(m) {
			if o.tenure != sharing {
				return into, nil, o.error(t, seg.File, SharedWanting)
			}
			theirs = append(theirs, heldBy(o, seg, from)...)
		}
		files = append(files, seg.File)
	}
	for _, i := range files {
		m := &t.tenants[i]
		m.tenure = writing
		m.out++
		for _, o := range l.others(m) {
			if !o.t.ended { // else what it wrote is being looked at for the last time
				o.t.wrote(o.file) // it is no stranger who changes its file
			}
		}
	}
	return files, theirs, nil
}

// heldBy are the ranges of a segment that a tenant of its file holds. The span of
// the segment begins at the torrent's byte from.
func heldBy(o *tenant, seg storage.Segment, from int64) []held {
	spec := o.t.req.Spec
	f := spec.Files[o.file]
	first, last := f.Offset+seg.Offset, f.Offset+min(seg.Offset+int64(seg.To-seg.From), f.Length)
	shift := from + int64(seg.From) - first // from its bytes to those of the other
	var out []held
	for at := first; at < last; {
		i := pieceset.Index(at / spec.Geometry.PieceLength)
		end := min(last, spec.Geometry.PieceOffset(i)+spec.Geometry.PieceSize(i))
		if o.t.keeps(i) {
			out = append(out, held{from: at + shift, to: end + shift, by: o})
		}
		at = end
	}
	return out
}

// keeps says whether a piece lies in the files for all that the torrent knows, so
// that nobody may change it.
func (t *open) keeps(i pieceset.Index) bool {
	if t.core == nil {
		return t.vouched.Claimed.Has(i) || t.vouched.Suspect.Has(i)
	}
	switch t.core.Stage(i) {
	case core.Written, core.Recalled, core.Syncing, core.Durable, core.Checking:
		return true
	case core.Absent, core.Partial, core.Assembling, core.Hashing, core.Verified, core.Falling, core.Revoking:
	}
	return false
}

// heldElsewhere yields those of some pieces, in files that the torrent owns, of
// which others hold every byte.
func (l *leases) heldElsewhere(t *open, of *pieceset.Set) iter.Seq2[pieceset.Index, *tenant] {
	return func(yield func(pieceset.Index, *tenant) bool) {
		for file := range t.tenants {
			if m := &t.tenants[file]; m.tenure == sharing || len(l.others(m)) == 0 {
				continue
			}
			for i := range piecesIn(&t.req.Spec, file) {
				if !of.Has(i) {
					continue
				}
				if by := l.holder(t, i); by != nil && !yield(i, by) {
					return
				}
			}
		}
	}
}

// holder is who holds bytes of a piece, if others hold every one that is stored.
func (l *leases) holder(t *open, i pieceset.Index) *tenant {
	g := t.req.Spec.Geometry
	from, to := g.PieceOffset(i), g.PieceOffset(i)+g.PieceSize(i)
	var theirs []held
	var by *tenant
	for seg := range t.req.Spec.Segments(from, int(to-from)) {
		m := &t.tenants[seg.File]
		if t.req.Spec.Files[seg.File].Role != storage.Data { // padding
			theirs = append(theirs, held{from: from + int64(seg.From), to: from + int64(seg.To)})
			continue
		}
		for _, o := range l.others(m) {
			theirs = append(theirs, heldBy(o, seg, from)...)
		}
	}
	slices.SortFunc(theirs, func(a, b held) int { return cmp.Compare(a.from, b.from) })
	for _, h := range theirs {
		if h.from > from {
			return nil
		}
		from = max(from, h.to)
		if h.by != nil {
			by = h.by
		}
	}
	if from < to {
		return nil
	}
	return by
}

// viewDiffering looks for a piece that the torrent has read and does not hold,
// while others hold all of its bytes: theirs are other bytes.
func (l *leases) viewDiffering(t *open) error {
	if !t.mayWrite() {
		return nil
	}
	lacks := t.core.At(core.Absent)
	lacks.AddAll(t.core.At(core.Partial))
	lacks.AddAll(t.core.At(core.Revoking))
	lacks.Retain(t.req.Wanted)
	differ := pieceset.New(lacks.Size())
	var by *tenant
	for i, holder := range l.heldElsewhere(t, lacks) {
		if by == nil || by.t == holder.t {
			by = holder
			differ.Add(i)
		}
	}
	if by == nil {
		return nil
	}
	return l.waitBehind(t, by, differ)
}

// pauseIfDiffering pauses the torrent if its files are another's for good.
func (t *open) pauseIfDiffering() differing {
	err := t.x.leases.viewDiffering(t)
	if err == nil {
		return alike
	}
	t.pause(err)
	return differs
}

// differing says whether others hold bytes that are not the torrent's.
type differing uint8

const (
	alike differing = iota
	differs
)

// pause pauses the torrent for a reason that its files give.
func (t *open) pause(err error) {
	t.step(func(fx *batch) { t.core.Pause(t.x.now(), core.Fault{Op: core.OpWrite, Err: err}, fx) })
}

// waitBehind notes that it is of no use for a torrent to want some pieces while
// another is open and holds what it holds. It is nil if that is not open any more.
func (l *leases) waitBehind(t *open, by *tenant, differ *pieceset.Set) error {
	var err error
	pieces := pieceset.New(t.req.Spec.Geometry.Pieces())
	for i := range t.tenants {
		for _, o := range l.others(&t.tenants[i]) {
			if o.t != by.t {
				continue
			}
			addPieces(&t.req.Spec, i, pieces)
			if err == nil && touches(&t.req.Spec, i, differ) {
				err = by.error(t, i, SharedDiffering)
			}
		}
	}
	if err != nil {
		l.waits[t.id] = &wait{pieces: pieces, differ: differ, behind: by.t, err: err}
	}
	return err
}

// compare fails where a run would change bytes that another torrent holds.
func (j *writeJob) compare() error {
	for _, h := range j.theirs {
		there := make([]byte, h.to-h.from)
		if _, err := j.files.ReadAt(there, h.from); err != nil {
			return err
		}
		at := j.at
		for _, s := range j.spans {
			from, to := max(at, h.from), min(at+int64(len(s)), h.to)
			if from < to && !bytes.Equal(s[from-at:to-at], there[from-h.from:to-h.from]) {
				return &differingError{h}
			}
			at += int64(len(s))
		}
	}
	return nil
}

// differingError says whose bytes a run would change.
type differingError struct{ held held }

func (*differingError) Error() string { return "a torrent holds other bytes" }

// landed notes that a run is no longer on its way, and says what a run that would
// have changed another's bytes means: where its hash was right, that the contents
// differ.
func (j *writeJob) landed(x *process) {
	for _, i := range j.entered {
		j.t.tenants[i].out--
	}
	if j.err != nil {
		j.wentWrong(x)
	}
	if !j.t.req.Wanted.Has(j.run.Piece) {
		x.leases.settle(j.t, slices.Values(j.entered))
	}
}

// wentWrong puts the torrent behind another whose bytes differ.
func (j *writeJob) wentWrong(x *process) {
	var found *differingError
	if errors.As(j.err, &found) {
		for seg := range j.t.req.Spec.Segments(found.held.from, 1) {
			j.err = found.held.by.error(j.t, seg.File, SharedDiffering)
		}
		if j.t.core.Stage(j.run.Piece) == core.Verified {
			differ := pieceset.Of(j.t.req.Spec.Geometry.Pieces(), j.run.Piece)
			if err := x.leases.waitBehind(j.t, found.held.by, differ); err != nil {
				j.err = err
			}
		}
	}
}
