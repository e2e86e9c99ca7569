package storage

import (
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

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
	if t.count[Durable]+t.count[Syncing] == len(t.pieces) && c.fetched.Overlap(asked.Add) > 0 {
		asked.Makes = WholeByFetching
	}
	fx.Claim(asked)
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
			c.fetched.Remove(i)
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
