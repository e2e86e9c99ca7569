package storage

import (
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// commit is the group commit. One window is under way at a time; what is
// written meanwhile belongs to the next.
//
//	windowNone ──due──▶ windowSyncing ──Synced, SyncFailed──▶ windowClaiming
//	    │ ▲                                     ▲    │     │
//	    └─│──nothing to sync────────────────────│────┘     │ClaimFailed
//	      │                        time, Resume │          ▼
//	      └────────Claimed──────── windowWaiting┴──────────┘
type commit struct {
	state    windowState
	number   uint64        // of the window under way or the last one
	pieces   *pieceset.Set // those it took; some may be lost since
	drop     *pieceset.Set // those that its claim takes back
	partials []PartialPiece
	synced   *pieceset.Set // pieces that its sync is or was about
	dirty    *pieceset.Set // pieces with writes that no window took
	fetched  *pieceset.Set // pieces that were hashed as they came, and are not claimed
	bytes    int64         // written since the last window opened
	due      mono.Instant
	retry    mono.Instant
	backoff  time.Duration
}

type windowState uint8

const (
	windowNone windowState = iota
	windowSyncing
	windowClaiming
	windowWaiting
)

func newCommit(pieces int) commit {
	return commit{
		pieces: pieceset.New(pieces), synced: pieceset.New(pieces), dirty: pieceset.New(pieces), fetched: pieceset.New(pieces),
		backoff: firstClaimWait,
	}
}

// arm asks for a window at d at the latest.
func (c *commit) arm(d mono.Instant) { c.due = mono.Earliest(c.due, d) }

func (c *commit) deadline() mono.Instant {
	switch c.state {
	case windowNone:
		return c.due
	case windowWaiting:
		return c.retry
	case windowSyncing, windowClaiming:
	}
	return mono.Never
}

// openWindow opens a window if one is due.
func (t *Torrent) openWindow(now mono.Instant, fx Effects) {
	c := &t.commit
	if c.state != windowNone || c.due == mono.Never || now < c.due {
		return
	}
	c.due, c.bytes = mono.Never, 0
	c.number++
	c.pieces = t.at(Written)
	for i := range c.pieces.All() {
		t.move(i, Syncing)
	}
	c.partials = t.viewPartials()
	if c.dirty.IsEmpty() {
		t.claim(fx)
		return
	}
	c.state = windowSyncing
	c.synced, c.dirty = c.dirty, c.synced
	c.dirty.Clear()
	fx.Sync(Window{Number: c.number, Pieces: c.synced.Clone()})
}

// viewPartials says which blocks of incomplete pieces are in the file.
func (t *Torrent) viewPartials() []PartialPiece {
	var out []PartialPiece
	for i, a := range t.active {
		if a.fate <= fallsToFile && !a.file.isEmpty() {
			out = append(out, PartialPiece{Piece: i, Blocks: a.file.clone(a.blocks)})
		}
	}
	for i, s := range t.partials {
		out = append(out, PartialPiece{Piece: i, Blocks: slices.Clone(s)})
	}
	slices.SortFunc(out, func(a, b PartialPiece) int { return int(a.Piece) - int(b.Piece) })
	return out
}

// Synced answers Sync: what was written before it is durable.
func (t *Torrent) Synced(now mono.Instant, fx Effects) {
	t.claim(fx)
	t.settle(now, fx)
}

// SyncFailed answers Sync. What was written to the doubtful pieces since their
// last good sync may be gone, whatever a read shows, and no later sync proves
// otherwise: they must be written again. The others are durable.
func (t *Torrent) SyncFailed(now mono.Instant, doubtful *pieceset.Set, f Fault, fx Effects) {
	since := t.unsynced()
	since.Retain(doubtful)
	t.doubt(now, since, fx)
	t.pause(now, f, fx)
	t.claim(fx)
	t.settle(now, fx)
}

// unsynced are the pieces of which something may have been written since their
// last good sync, by us or by somebody else.
func (t *Torrent) unsynced() *pieceset.Set {
	s := t.at(Recalled)
	s.AddAll(t.at(Checking))
	s.AddAll(t.commit.synced)
	s.AddAll(t.commit.dirty)
	for i, a := range t.active {
		if a.writes > 0 {
			s.Add(i)
		}
	}
	return s
}

// doubt gives up what is written and not claimed of some pieces.
func (t *Torrent) doubt(now mono.Instant, pieces *pieceset.Set, fx Effects) {
	t.commit.partials = slices.DeleteFunc(t.commit.partials, func(p PartialPiece) bool { return pieces.Has(p.Piece) })
	for i := range pieces.All() {
		switch t.pieces[i].stage {
		case Written, Recalled, Syncing:
			t.lose(now, i)
		case Partial:
			t.move(i, Absent)
			delete(t.partials, i)
			t.commit.arm(now.Add(CommitEvery))
		case Checking:
			delete(t.partials, i)
			t.check.again(i)
		case Assembling, Hashing, Verified, Falling:
			if a := t.active[i]; !a.file.isEmpty() || a.writes > 0 {
				t.fall(a, fallsToDoubt)
				t.rest(now, a, fx)
			}
		case Absent, Durable, Revoking:
		}
	}
}

// lose takes a piece that has no assembly out of every word reported of it.
func (t *Torrent) lose(now mono.Instant, i pieceset.Index) {
	t.check.forget(i)
	t.trusted.Remove(i)
	t.commit.fetched.Remove(i)
	if t.pieces[i].row == rowSilent {
		t.move(i, Absent)
		t.lost.Add(i)
		return
	}
	t.move(i, Revoking)
	t.commit.arm(now)
}
