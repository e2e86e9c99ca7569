package storage

import (
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// check reads and hashes whole pieces: those of Check and Suspect, which are
// counted, and Recalled ones and partials without a gap, which are not.
type check struct {
	width     int
	waiting   *pieceset.Set // to be read
	reading   *pieceset.Set // a read is out; if it waits too, its answer is stale
	counted   *pieceset.Set // of the check under way, not done
	good, bad int           // done
}

func newCheck(pieces, width int) check {
	return check{
		width:   width,
		waiting: pieceset.New(pieces), reading: pieceset.New(pieces), counted: pieceset.New(pieces),
	}
}

func (c *check) queue(i pieceset.Index) { c.waiting.Add(i) }

// begin queues a piece that is counted.
func (c *check) begin(i pieceset.Index) {
	c.waiting.Add(i)
	c.counted.Add(i)
}

// again makes a read that is out stale and asks for another.
func (c *check) again(i pieceset.Index) {
	if c.reading.Has(i) {
		c.waiting.Add(i)
	}
}

// forget: the piece is lost, whatever a read will say.
func (c *check) forget(i pieceset.Index) {
	c.waiting.Remove(i)
	if c.counted.Has(i) {
		c.counted.Remove(i)
		c.bad++
	}
}

// stop drops all reads that are not out, but for those of keep.
func (c *check) stop(keep *pieceset.Set) {
	c.waiting.Retain(keep)
	c.counted.Clear()
	c.good, c.bad = 0, 0
}

func (c *check) done() int  { return c.good + c.bad }
func (c *check) total() int { return c.done() + c.counted.Count() }

// Check reads pieces and compares their hashes: those that are durable, and
// those of which the file may have more than is known. Others are passed over,
// since their hash was right a moment ago or will be looked at soon. It returns
// how many pieces the check under way still has to look at; if there are none
// no CheckEnded comes.
func (t *Torrent) Check(now mono.Instant, pieces *pieceset.Set, fx Effects) int {
	if _, ended := t.phase.(Ended); ended {
		return 0
	}
	for i := range pieces.All() {
		switch t.pieces[i].stage {
		case Absent, Partial:
			t.move(i, Checking)
			t.check.begin(i)
		case Durable:
			t.check.begin(i)
		case Assembling, Hashing, Verified, Written, Recalled, Syncing, Checking, Falling, Revoking:
		}
	}
	t.settle(now, fx)
	return t.check.counted.Count()
}

// InCheck is how many pieces the check under way still has to look at.
func (t *Torrent) InCheck() int { return t.check.counted.Count() }

// readMore begins reads, up to as many at once as were configured.
func (t *Torrent) readMore(fx Effects) {
	switch t.phase.(type) {
	case Paused, Ended:
		return
	case Running, Stopping:
	}
	c := &t.check
	if c.waiting.IsEmpty() {
		return
	}
	for i := range c.waiting.All() {
		if c.reading.Count() >= c.width {
			return
		}
		if !c.reading.Has(i) {
			c.waiting.Remove(i)
			c.reading.Add(i)
			fx.ReadPiece(i)
		}
	}
}

// PieceRead answers ReadPiece.
func (t *Torrent) PieceRead(now mono.Instant, i pieceset.Index, e ReadEvidence, fx Effects) {
	t.check.reading.Remove(i)
	if !t.check.waiting.Has(i) {
		t.found(now, i, e, fx)
	}
	t.settle(now, fx)
}

// PieceReadFailed answers ReadPiece: the device does not give the bytes, which are
// to be fetched anew.
func (t *Torrent) PieceReadFailed(now mono.Instant, i pieceset.Index, f Fault, fx Effects) {
	t.check.reading.Remove(i)
	if !t.check.waiting.Has(i) {
		t.found(now, i, ReadWrong, fx)
	}
	t.pause(now, f, fx)
	t.settle(now, fx)
}

// PieceUnread answers ReadPiece where the fault says nothing of the bytes, or where
// they may be anybody's: the piece stays in check and is read when the pause is over.
func (t *Torrent) PieceUnread(now mono.Instant, i pieceset.Index, f Fault, fx Effects) {
	t.check.reading.Remove(i)
	_, running := t.phase.(Running)
	_, paused := t.phase.(Paused)
	switch t.pieces[i].stage {
	case Checking, Durable:
		if running || paused {
			t.check.waiting.Add(i)
		}
	case Recalled:
		if running || paused {
			t.check.waiting.Add(i)
			break
		}
		t.found(now, i, ReadWrong, fx) // a stop waits for it, and there is no later
	case Absent, Partial, Assembling, Hashing, Verified, Written, Syncing, Falling, Revoking:
		// lost since the read began
	}
	t.pause(now, f, fx)
	t.settle(now, fx)
}

func (t *Torrent) found(now mono.Instant, i pieceset.Index, e ReadEvidence, fx Effects) {
	switch t.pieces[i].stage {
	case Checking, Recalled, Durable:
	case Absent, Partial, Assembling, Hashing, Verified, Written, Syncing, Falling, Revoking:
		return // lost since the read began
	}
	counted := t.check.counted.Has(i)
	if e == ReadRight {
		t.foundRight(now, i, fx)
	} else {
		t.foundWrong(now, i, e)
	}
	switch {
	case counted:
		fx.CheckProgress(t.check.done(), t.check.total())
	case t.pieces[i].stage == Absent && !t.lost.Has(i):
		fx.PieceCorrupt(i, nil)
	}
}

func (t *Torrent) foundRight(now mono.Instant, i pieceset.Index, fx Effects) {
	c := &t.check
	if c.counted.Has(i) {
		c.counted.Remove(i)
		c.good++
	}
	switch t.pieces[i].stage {
	case Checking:
		delete(t.partials, i)
		t.move(i, Written)
		fx.PieceVerified(i)
		fx.PieceWritten(i)
	case Recalled:
		t.move(i, Written)
	case Absent, Partial, Assembling, Hashing, Verified, Written, Syncing, Durable, Falling, Revoking:
		return
	}
	t.commit.dirty.Add(i)
	t.wait(now)
}

func (t *Torrent) foundWrong(now mono.Instant, i pieceset.Index, e ReadEvidence) {
	stage, row := t.pieces[i].stage, t.pieces[i].row
	if stage != Checking || row != rowSilent {
		delete(t.partials, i)
		t.lose(now, i)
		return
	}
	t.check.forget(i)
	if e == ReadMissing {
		delete(t.partials, i)
	}
	if t.partials[i] != nil {
		t.move(i, Partial)
	} else {
		t.move(i, Absent)
	}
}

// endCheck reports the end when nothing is left to look at. What was found is
// claimed at once.
func (t *Torrent) endCheck(now mono.Instant, fx Effects) {
	c := &t.check
	if c.done() == 0 || !c.counted.IsEmpty() {
		return
	}
	good, bad := c.good, c.bad
	c.good, c.bad = 0, 0
	if t.count[Written] > 0 {
		t.commit.arm(now)
	}
	fx.CheckEnded(good, bad)
}
