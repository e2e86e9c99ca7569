package storage

import (
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Hashed answers a HashRun.
func (t *Torrent) Hashed(now mono.Instant, i pieceset.Index, e HashEvidence, fx Effects) {
	a := t.mustBeActive(i)
	a.hashed += a.hashing
	a.hashing = 0
	if a.fate == goesOn {
		t.judge(now, a, e, fx)
	}
	t.rest(now, a, fx)
	t.settle(now, fx)
}

func (t *Torrent) judge(now mono.Instant, a *assembly, e HashEvidence, fx Effects) {
	switch e {
	case HashAdvanced:
		t.trim(a, fx)
		t.advance(now, a, fx)
	case HashRight:
		a.verdict = right
		t.move(a.piece, Verified)
		t.commit.fetched.Add(a.piece)
		fx.PieceVerified(a.piece)
		t.writeOut(a, 0, a.blocks, fx)
	case HashWrong:
		t.fall(a, fallsCorrupt)
	}
}

// HashFailed answers a HashRun whose file could not be read.
func (t *Torrent) HashFailed(now mono.Instant, i pieceset.Index, f Fault, fx Effects) {
	a := t.mustBeActive(i)
	a.hashing = 0
	t.fall(a, fallsToDoubt)
	t.pause(now, f, fx)
	t.settle(now, fx)
}

// mustBeActive is the assembly that an answer is about: an assembly lives as
// long as something is out for it.
func (t *Torrent) mustBeActive(i pieceset.Index) *assembly {
	a := t.active[i]
	if a == nil {
		panic("storage: an answer for a piece that has nothing out")
	}
	return a
}

// fall gives an assembly up. It ends when nothing is out for it any more.
func (t *Torrent) fall(a *assembly, f fate) {
	a.fate = max(a.fate, f)
	if t.pieces[a.piece].stage != Falling {
		t.move(a.piece, Falling)
	}
	t.withhold(a)
}

// rest ends an assembly that nothing is out for, if it is at an end.
func (t *Torrent) rest(now mono.Instant, a *assembly, fx Effects) {
	if !a.isIdle() {
		return
	}
	switch t.pieces[a.piece].stage {
	case Verified:
		switch {
		case !a.isInFile():
		case t.suspected.Has(a.piece) && a.digest == undigested:
			a.takeDigests(fx)
		default:
			t.wrote(now, a, fx)
		}
	case Falling:
		if a.fate == fallsCorrupt && a.digest == undigested {
			a.takeDigests(fx)
			return
		}
		t.fallen(now, a, fx)
	case Assembling:
		t.park(now, a, fx)
	case Absent, Partial, Hashing, Written, Recalled, Syncing, Durable, Checking, Revoking:
	}
}

// wrote: a verified piece is in the file.
func (t *Torrent) wrote(now mono.Instant, a *assembly, fx Effects) {
	t.commit.bytes += t.geometry.PieceSize(a.piece)
	t.disband(a, Written, fx)
	fx.PieceWritten(a.piece)
	t.wait(now)
}

// wait arms the window for a piece that is now written: soon for the first one
// and where no other is on its way, at once for the last one of all.
func (t *Torrent) wait(now mono.Instant) {
	span := CommitEvery
	if t.commit.number == 0 || len(t.active) == 0 {
		span = FirstCommit
	}
	t.commit.arm(now.Add(span))
	if t.commit.bytes >= CommitBytes || t.count[Written]+t.count[Syncing]+t.count[Durable] == len(t.pieces) {
		t.commit.arm(now)
	}
}

// fallen ends a piece that was given up.
func (t *Torrent) fallen(now mono.Instant, a *assembly, fx Effects) {
	switch {
	case a.fate == fallsCorrupt:
		suspects := a.suspect
		t.suspected.Add(a.piece)
		t.drop(now, a, fx)
		fx.PieceCorrupt(a.piece, suspects)
		return
	case a.fate == fallsToFile && a.verdict == right && a.isInFile():
		t.wrote(now, a, fx)
		return
	case a.fate == fallsToFile && !a.file.isEmpty():
		t.keep(now, a, fx)
	default:
		t.drop(now, a, fx)
	}
	if _, running := t.phase.(Running); running || a.verdict == right {
		t.lost.Add(a.piece)
	}
}

// drop forgets all blocks of a piece; the row should forget them too.
func (t *Torrent) drop(now mono.Instant, a *assembly, fx Effects) {
	if !a.file.isEmpty() {
		t.commit.arm(now.Add(CommitEvery))
	}
	t.disband(a, Absent, fx)
}

// keep leaves of a piece what is in the file.
func (t *Torrent) keep(now mono.Instant, a *assembly, fx Effects) {
	t.commit.arm(now.Add(CommitEvery))
	t.partials[a.piece] = a.file.clone(a.blocks)
	t.disband(a, Partial, fx)
}

// park ends the assembly of an incomplete piece in a clean stop.
func (t *Torrent) park(now mono.Instant, a *assembly, fx Effects) {
	if _, stopping := t.phase.(Stopping); stopping && !a.hasUnwritten() {
		t.keep(now, a, fx)
	}
}
