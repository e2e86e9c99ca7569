package storage

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Phase says what the torrent is up to.
func (t *Torrent) Phase() PhaseEvidence { return t.phase }

// pause gives up all assemblies: their memory is shared with torrents that can
// go on. What is in the file stays, and is still synced and claimed.
func (t *Torrent) pause(now mono.Instant, f Fault, fx Effects) {
	if _, running := t.phase.(Running); running {
		t.phase = Paused{Fault: f}
		fx.Faulted(f)
	}
	for _, a := range t.actives() {
		t.fall(a, fallsToFile)
		t.rest(now, a, fx)
	}
}

// Pause stops taking blocks for a reason that the owner saw.
func (t *Torrent) Pause(now mono.Instant, f Fault, fx Effects) {
	t.pause(now, f, fx)
	t.settle(now, fx)
}

// Suspect says that the files of some pieces are not as they were left: what is
// held of them must be read again, and what is only in part there is gone. The
// reading begins at once, or with Resume.
func (t *Torrent) Suspect(now mono.Instant, pieces *pieceset.Set, fx Effects) {
	if _, ended := t.phase.(Ended); ended {
		return
	}
	t.doubt(now, pieces, fx)
	for i := range pieces.All() {
		if t.pieces[i].stage == Durable {
			t.move(i, Checking)
			t.check.begin(i)
		}
	}
	t.settle(now, fx)
}

// Disown drops the pieces that still lack blocks and have one of a sender that is
// known to send wrong ones. They are reported as lost, and fetched anew.
func (t *Torrent) Disown(now mono.Instant, by Sender, fx Effects) {
	for _, a := range t.actives() {
		if t.pieces[a.piece].stage == Assembling && slices.Contains(a.senders, by) {
			t.fall(a, fallsToDoubt)
			t.rest(now, a, fx)
		}
	}
	t.settle(now, fx)
}

// Resume goes on after a pause. It is for when IsQuiet: what was dropped while
// paused is nowhere reported, so whoever fetches needs a new View after it.
func (t *Torrent) Resume(now mono.Instant, fx Effects) {
	if _, paused := t.phase.(Paused); !paused {
		return
	}
	t.phase = Running{}
	if c := &t.commit; c.state == windowWaiting {
		c.retry = now
		t.retryClaim(now, fx)
	}
	t.settle(now, fx)
}

// IsQuiet says whether nothing is out but the window: no write, hash or read.
func (t *Torrent) IsQuiet() bool {
	if t.gate.state == gateOpening || !t.check.reading.IsEmpty() {
		return false
	}
	for _, a := range t.active {
		if !a.isIdle() {
			return false
		}
	}
	return true
}

// Stop writes out what is in memory, syncs, claims and reports Stopped. Checks
// that have not begun are dropped.
func (t *Torrent) Stop(now mono.Instant, fx Effects) {
	switch t.phase.(type) {
	case Stopping, Ended:
		return
	case Running, Paused:
	}
	t.phase = Stopping{}
	t.check.stop(t.at(Recalled))
	t.endWait(fx)
	for _, a := range t.actives() {
		if t.pieces[a.piece].stage == Assembling {
			t.flush(a, fx)
		}
		t.rest(now, a, fx)
	}
	t.settle(now, fx)
}

// finish ends a stop when nothing is out and nothing is left to commit.
func (t *Torrent) finish(now mono.Instant, fx Effects) {
	if _, stopping := t.phase.(Stopping); !stopping || len(t.active) > 0 || !t.IsQuiet() {
		return
	}
	c := &t.commit
	if c.state == windowNone && c.due != mono.Never {
		c.due = now
		t.openWindow(now, fx)
	}
	refused := c.state == windowWaiting && c.retry == mono.Never
	if refused || c.state == windowNone {
		t.phase = Ended{}
		fx.Stopped()
	}
}

// Abandon ends the torrent at once, with answers still out: none may come. Its
// memory is free for others.
func (t *Torrent) Abandon() {
	for _, a := range t.active {
		for c := range t.chunksOf(a) {
			if a.chunks.Has(c) {
				t.unreserve(a, c)
			}
		}
	}
	clear(t.active)
	t.phase = Ended{}
}
