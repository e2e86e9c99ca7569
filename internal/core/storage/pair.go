package storage

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

const (
	// PairWait is how long at most a piece's hash waits for that of another piece.
	PairWait = 20 * time.Millisecond
	// stepChunks is the number of chunks that a hash takes at once while blocks come
	// fast, and the most blocks that PairWait must bring for that.
	stepChunks = 4
)

// pairing has hashes go on in twos, which costs little more than one of them. While
// blocks come fast and memory is ample, a hash that could go on waits for another
// one: nobody notices, since the next piece is not far. Otherwise each goes on at
// once, in steps of one chunk.
type pairing struct {
	pace  pace
	room  Room         // what the Memory said last
	count uint32       // blocks that came
	since mono.Instant // from here on
	lone  pieceset.Index
	due   mono.Instant // how long lone waits; Never: none does
}

// pace says how fast blocks come.
type pace uint8

const (
	paceSlow pace = iota
	paceFast
)

// step is how many blocks a hash takes at once while blocks come fast.
func (t *Torrent) step() uint32 { return stepChunks * t.chunk }

// came notes a block: the pace is fast once a step of them came within PairWait, and
// slow again when a hash has waited in vain.
func (t *Torrent) came(now mono.Instant) {
	p := &t.pairing
	p.count++
	switch {
	case now.Sub(p.since) > PairWait:
		p.since, p.count = now, 1
	case p.count >= t.step():
		p.pace, p.since, p.count = paceFast, now, 0
	}
}

// advance gives the hash what it can take next, alone or with another.
func (t *Torrent) advance(now mono.Instant, a *assembly, fx Effects) {
	if a.fate != goesOn || a.verdict != owed {
		return
	}
	_, running := t.phase.(Running)
	if running && t.pairing.pace == paceFast && t.pairing.room == RoomAmple {
		t.advanceTogether(now, a, fx)
		return
	}
	t.advanceAlone(a, fx)
}

func (t *Torrent) advanceAlone(a *assembly, fx Effects) {
	if _, stopping := t.phase.(Stopping); stopping && !a.isComplete() {
		return
	}
	if r := a.nextHash(t.chunk); r.Count > 0 {
		a.hashing = r.Count
		fx.Hash(r)
	}
}

// advanceTogether has a hash go on with the one that waits, or wait itself, which
// only the end of a piece does: of a long piece the rest would wait in vain.
func (t *Torrent) advanceTogether(now mono.Instant, a *assembly, fx Effects) {
	lone, s := t.viewLone()
	if lone == nil && a.blocks-a.count > 2*t.step() {
		t.advanceAlone(a, fx)
		return
	}
	if !a.isComplete() && a.count-a.hashed < t.step() {
		return
	}
	r := a.nextHash(t.step())
	switch {
	case r.Count == 0:
	case r.Source == FromFile:
		t.advanceAlone(a, fx)
	case lone != nil && lone != a && s.Source == FromMemory:
		t.pairing.due = mono.Never
		a.hashing, lone.hashing = r.Count, s.Count
		fx.HashPair(s, r)
	case lone != nil && lone != a || t.isWithoutPartner(a):
		t.endWait(fx)
		t.advanceAlone(a, fx)
	case lone == nil:
		t.pairing.lone, t.pairing.due = a.piece, now.Add(PairWait)
	}
}

// isWithoutPartner says whether a hash has nothing to wait for: nothing else is
// fetched.
func (t *Torrent) isWithoutPartner(a *assembly) bool {
	others := t.count[Absent] + t.count[Partial] + t.count[Assembling]
	if !a.isComplete() {
		others--
	}
	return others == 0
}

// viewLone is the assembly whose hash waits for another, and what it can take; nil
// if none does.
func (t *Torrent) viewLone() (*assembly, HashRun) {
	if t.pairing.due == mono.Never {
		return nil, HashRun{}
	}
	a := t.active[t.pairing.lone]
	if a == nil || a.fate != goesOn || a.verdict != owed {
		return nil, HashRun{}
	}
	r := a.nextHash(t.chunk)
	if r.Count == 0 {
		return nil, r
	}
	return a, r
}

// endWait has the hash that waits for another go on alone.
func (t *Torrent) endWait(fx Effects) {
	lone, _ := t.viewLone()
	t.pairing.due = mono.Never
	if lone != nil {
		t.advanceAlone(lone, fx)
	}
}

// endLongWait is endWait where it is due: the next piece is not near, it seems.
func (t *Torrent) endLongWait(now mono.Instant, fx Effects) {
	if d := t.pairing.due; d != mono.Never && now >= d {
		t.pairing.pace = paceSlow
		t.endWait(fx)
	}
}
