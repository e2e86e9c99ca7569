package disk

import (
	"iter"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// needs are the pieces that are to be read, and those that are to be written, as
// they were judged.
func (t *open) needs() (reads, lacks *pieceset.Set) {
	v := t.vouched
	reads = v.Suspect.Clone()
	reads.AddAll(v.Found)
	for _, more := range []*pieceset.Set{t.req.Verify, t.req.Written} {
		if more != nil {
			reads.AddAll(more)
		}
	}
	lacks = pieceset.New(reads.Size())
	if t.mayWrite() {
		lacks.AddAll(t.req.Wanted)
		lacks.RemoveAll(v.Claimed)
	}
	return reads, lacks
}

// needsStill says whether a torrent has something to read or write in a file.
func (t *open) needsStill(file int) bool {
	for i := range piecesIn(&t.req.Spec, file) {
		switch t.core.Stage(i) {
		case core.Durable:
		case core.Checking, core.Recalled:
			return true
		case core.Absent, core.Partial, core.Assembling, core.Hashing, core.Verified, core.Written, core.Syncing, core.Falling, core.Revoking:
			if t.mayWrite() && t.req.Wanted.Has(i) {
				return true
			}
		}
	}
	return false
}

// settle gives up those of the files in which the torrent needs nothing any more.
func (l *leases) settle(t *open, files iter.Seq[int]) {
	for i := range files {
		m := &t.tenants[i]
		if m.tenure == sharing || m.out > 0 || t.needsStill(i) {
			continue
		}
		if m.tenure == writing {
			l.now++
			m.wrote = l.now
			for _, o := range l.others(m) {
				if o.t.core != nil && !o.t.ended {
					o.t.settle(o.t.req.Spec.PiecesOf(o.file)) // this is how we left it
				}
			}
		}
		m.tenure = sharing
	}
}

// settleAll is settle for all files.
func (l *leases) settleAll(t *open) {
	l.settle(t, func(yield func(int) bool) {
		for i := range t.tenants {
			if !yield(i) {
				return
			}
		}
	})
}

// leave ends a torrent's part in its files.
func (l *leases) leave(t *open) {
	for i := range t.tenants {
		l.take(&t.tenants[i])
	}
	t.tenants = nil
}

// move notes how files are known now. The error says that one of them turns out
// to be another's.
func (l *leases) move(t *open, files []int) error {
	var refusal error
	for _, i := range files {
		m := &t.tenants[i]
		now := l.placeOf(t, i)
		if now == m.at {
			continue
		}
		l.take(m)
		m.at = now
		l.put(m)
		for _, o := range l.others(m) {
			if m.tenure != sharing && o.tenure != sharing {
				m.tenure = sharing
				refusal = o.error(t, i, SharedWanting)
			}
		}
	}
	return refusal
}

// own makes files a torrent's own whose pieces are to be read, or fetched.
func (l *leases) own(t *open, pieces *pieceset.Set) error {
	for i := range t.req.Spec.FilesOf(pieces) {
		for _, o := range l.others(&t.tenants[i]) {
			if o.tenure != sharing {
				return o.error(t, i, SharedWanting)
			}
		}
	}
	for i := range t.req.Spec.FilesOf(pieces) {
		t.tenants[i].tenure = max(t.tenants[i].tenure, owning)
	}
	return nil
}

// isOfNoUse says whether a torrent that others keep out would be kept out again.
func (x *process) isOfNoUse(w *wait, r OpenRequest) bool {
	return w.behind != nil && x.torrents[w.behind.id] == w.behind && r.Wanted.Overlap(w.differ) > 0
}

// lost notes that a torrent lost pieces: who waits because it holds them may try
// again.
func (l *leases) lost(t *open, pieces *pieceset.Set) {
	l.settle(t, t.req.Spec.FilesOf(pieces))
	for _, w := range l.waits {
		if w.behind == t {
			w.behind = nil
		}
	}
}
