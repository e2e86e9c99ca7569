package disk

import (
	"errors"
	"slices"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/sup"
)

var errNotServable = errors.New("the piece is not written")

// readJob reads ahead for an upload.
type readJob struct {
	x       *process
	t       *open
	run     ReadRun
	files   storage.Store
	at      int64
	slab    slab.Slab
	mapping storage.Mapping // in place of the slab
	err     error
}

// read gives a worker a read-ahead, or answers that it cannot be.
func (x *process) read(r ReadRun) {
	t := x.torrents[r.Torrent]
	if t == nil || t.core == nil || t.core.ViewServe(r.Piece) == core.NotServable || r.Length > slab.Size {
		x.refuseRead(r)
		return
	}
	switch t.sight(r) {
	case sightFresh:
	case sightOwed:
		t.watch.parked = append(t.watch.parked, r)
		return
	case sightStrayed:
		x.refuseRead(r)
		return
	}
	x.lull.end(x.now())
	j := x.spare.reads.take()
	*j = readJob{
		x: x, t: t, run: r, files: t.files,
		at: t.req.Spec.Geometry.PieceOffset(r.Piece) + int64(r.Begin),
	}
	if m, can := j.mapper(); can {
		j.mapping = m.MapCached(j.at, int(r.Length))
	}
	if !j.mapping.IsNone() {
		j.apply(x)
		return
	}
	x.reads.give(j)
}

// refuseRead answers that a piece is not served.
func (x *process) refuseRead(r ReadRun) {
	if x.forgetRead(r) == somebodyWaits {
		r.Reply.Put(ReadDone{Piece: r.Piece, Begin: r.Begin, Length: r.Length, Err: errNotServable})
	}
}

func (j *readJob) work() result {
	if m, can := j.mapper(); can {
		j.mapping = m.Map(j.at, int(j.run.Length))
	}
	if !j.mapping.IsNone() {
		return j
	}
	s, err := j.x.d.o.Reads.Rent(j.x.p.Context())
	if err != nil {
		j.err = err
		return j
	}
	j.slab = s
	j.x.p.Step(jobLabel)
	_, j.err = j.files.ReadAt(s.Bytes()[:j.run.Length], j.at)
	return j
}

// mapper lends what the run lies in without its being read, where the kernel alone
// reads it.
func (j *readJob) mapper() (m storage.Mapper, can bool) {
	if j.run.Reader == ReadByKernel {
		m, can = j.files.(storage.Mapper)
	}
	return m, can
}

func (j *readJob) apply(x *process) {
	x.answerRead(j)
	x.spare.reads.keep(j)
}

// answerRead gives what was read to whoever waits for it.
func (x *process) answerRead(j *readJob) {
	if x.forgetRead(j.run) == nobodyWaits {
		j.discard()
		return
	}
	done := ReadDone{Piece: j.run.Piece, Begin: j.run.Begin, Length: j.run.Length, Err: j.err}
	switch {
	case j.err != nil:
		j.discard()
	case !j.mapping.IsNone():
		done.Mapping = j.mapping
	default:
		done.Data, done.Slab = j.slab.Bytes()[:j.run.Length], j.slab
	}
	j.slab, j.mapping = slab.Slab{}, storage.Mapping{}
	j.run.Reply.Put(done)
	if j.err != nil && isAbsence(j.err) {
		j.t.missed(j.run.Piece)
	}
}

func (j *readJob) discard() {
	held := ReadDone{Slab: j.slab, Mapping: j.mapping}
	j.slab, j.mapping = slab.Slab{}, storage.Mapping{}
	held.Release()
}

// waiter says whether somebody waits for a read.
type waiter uint8

const (
	somebodyWaits waiter = iota
	nobodyWaits
)

// forgetRead takes a read out of those that are under way.
func (x *process) forgetRead(r ReadRun) waiter {
	runs := x.d.reading[r.Reply]
	i := slices.Index(runs, r)
	if i < 0 {
		return nobodyWaits
	}
	x.d.reading[r.Reply] = slices.Delete(runs, i, i+1) // its room stays until abandon
	return somebodyWaits
}

// abandon gives back what nobody takes any more.
func (x *process) abandon(reply *sup.Mailbox[ReadDone]) {
	delete(x.d.reading, reply)
	for _, done := range reply.Take(nil) {
		done.Release()
	}
}
