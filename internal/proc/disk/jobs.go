package disk

import (
	"crypto/sha1"
	"errors"
	"hash"
	"io"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/metainfo"
)

// keeps is for results that hold nothing to give back.
type keeps struct{}

func (keeps) discard() {}

// hashJob lets a piece's hash take a run.
type hashJob struct {
	keeps
	t        *open
	run      core.HashRun
	state    hash.Hash
	spans    [][]byte // from memory
	files    storage.Store
	verifier metainfo.Verifier
	last     bool
	atOnce   int                 // hashes like it that are worth advancing at once
	sum      [sha1.Size * 2]byte // room for it
	evidence core.HashEvidence
	err      error
}

func (t *open) hashJob(r core.HashRun) *hashJob {
	a := t.assembly(r.Piece)
	if a.hash == nil {
		a.hash = t.req.Verifier.NewHash(int(r.Piece))
	}
	j := t.x.spare.hashes.take()
	*j = hashJob{
		t: t, run: r, state: a.hash, spans: j.spans[:0], files: t.files, verifier: t.req.Verifier,
		last: r.First+r.Count == t.req.Spec.Geometry.Blocks(r.Piece), atOnce: t.core.Together(),
	}
	if r.Source == core.FromMemory {
		j.spans = t.spans(r.Run, j.spans)
	}
	return j
}

func (j *hashJob) work() result {
	j.err = j.take()
	j.judge()
	return j
}

// judge compares the sum of a piece whose last run was taken.
func (j *hashJob) judge() {
	if j.err != nil || !j.last {
		return
	}
	j.evidence = core.HashWrong
	if j.verifier.Matches(int(j.run.Piece), j.state.Sum(j.sum[:0])) {
		j.evidence = core.HashRight
	}
}

func (j *hashJob) take() error {
	if j.run.Source == core.FromFile {
		from, to := runBytes(j.t.req.Spec.Geometry, j.run.Run)
		at := j.t.req.Spec.Geometry.PieceOffset(j.run.Piece)
		return readAll(j.files, at+int64(from), at+int64(to), j.state)
	}
	for _, s := range j.spans {
		_, _ = j.state.Write(s) // a hash takes everything
	}
	return nil
}

func (j *hashJob) apply(x *process) {
	j.t.step(func(fx *batch) {
		if j.err != nil {
			j.t.core.HashFailed(x.now(), j.run.Piece, core.Fault{Op: core.OpRead, Err: j.err}, fx)
			return
		}
		j.t.core.Hashed(x.now(), j.run.Piece, j.evidence, fx)
	})
	if j.err != nil && isAbsence(j.err) {
		j.t.missed(j.run.Piece)
	}
	clear(j.spans)
	x.spare.hashes.keep(j)
}

// readAll feeds the bytes [from, to) of the torrent to w.
func readAll(files storage.Store, from, to int64, w io.Writer) error {
	buf := make([]byte, min(to-from, chunkBytes))
	for from < to {
		part := buf[:min(int64(len(buf)), to-from)]
		if _, err := files.ReadAt(part, from); err != nil {
			return err
		}
		_, _ = w.Write(part)
		from += int64(len(part))
	}
	return nil
}

// writeJob writes a run.
type writeJob struct {
	keeps
	t     *open
	run   geometry.Run
	at    int64
	spans [][]byte
	files storage.Store
	err   error

	entered []int  // the files that the run lies in
	theirs  []held // what other torrents hold of it
}

func (t *open) writeJob(r geometry.Run) *writeJob {
	from, to := runBytes(t.req.Spec.Geometry, r)
	j := t.x.spare.writes.take()
	*j = writeJob{
		t: t, run: r, at: t.req.Spec.Geometry.PieceOffset(r.Piece) + int64(from),
		spans: t.spans(r, j.spans[:0]), files: t.files, entered: j.entered[:0],
	}
	j.entered, j.theirs, j.err = t.x.leases.write(t, j.at, j.at+int64(to-from), j.entered)
	return j
}

func (j *writeJob) work() result {
	if j.err == nil {
		j.err = j.compare()
	}
	if j.err != nil {
		return j
	}
	// Not through wrappers: theirs is the WriteAt that counts.
	if g, can := j.files.(storage.GatherWriter); can && len(j.spans) > 1 {
		_, j.err = g.WriteGathered(j.spans, j.at)
		return j
	}
	_, j.err = storage.WriteSpans(j.files, j.spans, j.at)
	return j
}

func (j *writeJob) apply(x *process) {
	j.landed(x)
	j.t.step(func(fx *batch) {
		if j.err != nil {
			j.t.core.RunFailed(x.now(), j.run, core.Fault{Op: core.OpWrite, Err: j.err}, fx)
			return
		}
		j.t.core.RunWritten(x.now(), j.run, fx)
	})
	if storage.ViewStray(j.err) != nil {
		j.t.missed(j.run.Piece)
	}
	clear(j.spans)
	x.spare.writes.keep(j)
}

// checkJob hashes a whole piece, and reads it unless it is a hole.
type checkJob struct {
	keeps
	t        *open
	piece    pieceset.Index
	evidence core.ReadEvidence
	err      error
}

func (j *checkJob) work() result {
	sum, err := j.sum()
	switch {
	case err == nil && j.t.req.Verifier.Matches(int(j.piece), sum):
		j.evidence = core.ReadRight
	case err == nil:
		j.evidence = core.ReadWrong
	case isAbsence(err):
		j.evidence = core.ReadMissing
	default:
		j.err = err
	}
	return j
}

// sum is what the piece's bytes hash to, as they are in the files.
func (j *checkJob) sum() ([]byte, error) {
	if known, zero := j.t.zeros.View(j.piece).(storage.AllZero); zero {
		return known.Sum, nil
	}
	g := j.t.req.Spec.Geometry
	h := j.t.req.Verifier.NewHash(int(j.piece))
	at := g.PieceOffset(j.piece)
	err := readAll(j.t.files, at, at+g.PieceSize(j.piece), h)
	return h.Sum(nil), err
}

// isAbsence says whether an error means that the bytes are not there, rather
// than that they cannot be had.
func isAbsence(err error) bool {
	switch storage.View(err).(type) {
	case storage.Missing, storage.Truncated, storage.Changed, storage.PathBlocked:
		return true
	case storage.NoSpace, storage.QuotaExceeded, storage.ReadOnlyFileSystem, storage.FileTooLarge,
		storage.InputOutput, storage.NoPermission, storage.TooManyFiles, storage.NameRefused,
		storage.StoreClosed, storage.OtherFault:
	}
	return errors.Is(err, io.EOF)
}

// failed tells a sector of ours that the device does not give, and that is fetched
// anew, from a file that nobody could open or that may be a stranger's.
func (j *checkJob) failed(x *process, f core.Fault, fx *batch) {
	_, few := storage.View(j.err).(storage.TooManyFiles)
	if few || j.t.viewOwner(j.piece) == ownerUnknown {
		j.t.core.PieceUnread(x.now(), j.piece, f, fx)
		return
	}
	j.t.faults.damaged = append(j.t.faults.damaged, filesOf(j.t, j.t.only(j.piece))...)
	j.t.core.PieceReadFailed(x.now(), j.piece, f, fx)
}

func (t *open) only(i pieceset.Index) *pieceset.Set {
	return pieceset.Of(t.req.Spec.Geometry.Pieces(), i)
}

// owner says whose the bytes of a piece are.
type owner uint8

const (
	ownerUnknown owner = iota
	ownerTorrent       // the piece is claimed, or another one of its files is right
)

func (t *open) viewOwner(i pieceset.Index) owner {
	if t.req.Row.Claims.Held(t.req.Spec.Geometry.Pieces()).Has(i) {
		return ownerTorrent
	}
	if t.req.Spec.PiecesOf(filesOf(t, t.only(i))...).Overlap(t.core.View().Held) > 0 {
		return ownerTorrent
	}
	return ownerUnknown
}

func (j *checkJob) apply(x *process) {
	j.t.step(func(fx *batch) {
		if j.err != nil {
			j.failed(x, core.Fault{Op: core.OpRead, Err: j.err}, fx)
			return
		}
		j.t.core.PieceRead(x.now(), j.piece, j.evidence, fx)
	})
}

func viewFault(err error) storage.FaultEvidence { return storage.View(err) }
