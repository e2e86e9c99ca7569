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
	synced   *pieceset.Set // pieces that its sync is about
	dirty    *pieceset.Set // pieces with writes that no window took
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
		pieces: pieceset.New(pieces), synced: pieceset.New(pieces), dirty: pieceset.New(pieces),
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

// claim asks the row for what the window has, and for what is to be taken back.
// Pieces of the window that were lost since are taken back too: an earlier try
// may have claimed them.
func (t *Torrent) claim(fx Effects) {
	c := &t.commit
	c.state = windowClaiming
	c.drop = t.at(Revoking)
	asked := Claim{
		Number: c.number, Partials: c.partials,
		Add: pieceset.New(len(t.pieces)), Trusted: pieceset.New(len(t.pieces)), Drop: c.drop.Clone(),
		Unproven: t.at(Checking),
	}
	for i := range c.pieces.All() {
		if t.pieces[i].stage != Syncing {
			c.pieces.Remove(i)
			continue
		}
		if t.pieces[i].row == rowSilent {
			t.pieces[i].row = rowAsked
		}
		if t.trusted.Has(i) {
			asked.Trusted.Add(i)
		} else {
			asked.Add.Add(i)
		}
	}
	fx.Claim(asked)
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
	t.doubt(now, doubtful, fx)
	t.pause(now, f, fx)
	t.claim(fx)
	t.settle(now, fx)
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
	if t.pieces[i].row == rowSilent {
		t.move(i, Absent)
		t.lost.Add(i)
		return
	}
	t.move(i, Revoking)
	t.commit.arm(now)
}

// Claimed answers Claim: the row says what was asked.
func (t *Torrent) Claimed(now mono.Instant, fx Effects) {
	c := &t.commit
	c.state = windowNone
	c.backoff = firstClaimWait
	for i := range c.drop.All() {
		t.pieces[i].row = rowSilent
		t.move(i, Absent)
		t.lost.Add(i)
	}
	for i := range c.pieces.All() {
		t.pieces[i].row = rowClaims
		if t.pieces[i].stage == Syncing {
			t.move(i, Durable)
		} else {
			c.pieces.Remove(i)
		}
	}
	if !c.pieces.IsEmpty() {
		fx.PiecesDurable(c.pieces.Clone())
	}
	if t.count[Written] > 0 {
		t.commit.arm(now.Add(CommitEvery))
	}
	t.settle(now, fx)
}

// ClaimFailed answers Claim: the row may or may not say it. It is asked again
// after a wait; the data stays written.
func (t *Torrent) ClaimFailed(now mono.Instant, fx Effects) {
	c := &t.commit
	c.state = windowWaiting
	c.retry = now.Add(c.backoff)
	c.backoff = min(2*c.backoff, maxClaimWait)
	t.settle(now, fx)
}

// ClaimRefused answers Claim: the row is not ours to change. It is asked again
// after Resume.
func (t *Torrent) ClaimRefused(now mono.Instant, f Fault, fx Effects) {
	t.commit.state = windowWaiting
	t.commit.retry = mono.Never
	t.pause(now, f, fx)
	t.settle(now, fx)
}

func (t *Torrent) retryClaim(now mono.Instant, fx Effects) {
	c := &t.commit
	if c.state == windowWaiting && c.retry != mono.Never && now >= c.retry {
		t.claim(fx)
	}
}
