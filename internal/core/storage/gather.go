package storage

import (
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

const (
	// GatherWait is how long at most a piece's hash waits for those of other pieces.
	GatherWait = 20 * time.Millisecond
	// stepChunks is the number of chunks that a hash takes at once while blocks come
	// fast, and the most blocks that GatherWait must bring for that.
	stepChunks = 4
	// gatherSteps is how many steps of blocks those that wait may have: what waits takes
	// memory.
	gatherSteps = 12
)

// gathering has hashes go on together, since many at once cost little more than one of
// them. While blocks come fast a hash that could go on waits for others: nobody notices,
// since the next piece is not far. Otherwise each goes on at once, in steps of one chunk.
type gathering struct {
	pace    pace
	count   uint32       // blocks that came
	since   mono.Instant // from here on
	most    int          // how many hashes go on together
	waiting []pieceset.Index
	due     mono.Instant // until when those wait; Never: none does
	runs    []HashRun    // room for those that go on
}

// pace says how fast blocks come.
type pace uint8

const (
	paceSlow pace = iota
	paceFast
)

// Together is how many hashes at most go on at once.
func (t *Torrent) Together() int { return t.gathering.most }

// step is how many blocks a hash takes at once while blocks come fast.
func (t *Torrent) step() uint32 { return stepChunks * t.chunk }

// came notes a block: the pace is fast once a step of them came within GatherWait, and
// slow again when a hash has waited in vain.
func (t *Torrent) came(now mono.Instant) {
	g := &t.gathering
	g.count++
	switch {
	case now.Sub(g.since) > GatherWait:
		g.since, g.count = now, 1
	case g.count >= t.step():
		g.pace, g.since, g.count = paceFast, now, 0
	}
}

// advance gives the hash what it can take next, alone or with others.
func (t *Torrent) advance(now mono.Instant, a *assembly, fx Effects) {
	if !a.awaitsVerdict() {
		return
	}
	_, running := t.phase.(Running)
	if g := &t.gathering; running && g.most > 1 && g.pace == paceFast {
		t.advanceTogether(now, a, fx)
		return
	}
	t.advanceAlone(a, fx)
}

func (t *Torrent) advanceAlone(a *assembly, fx Effects) {
	if r := t.beginHash(a); r.Count > 0 {
		fx.Hash(r)
	}
}

// beginHash notes that the hash takes what it can take next; its Count is 0 if that is nothing.
func (t *Torrent) beginHash(a *assembly) HashRun {
	if _, stopping := t.phase.(Stopping); stopping && !a.isComplete() {
		return HashRun{}
	}
	r := a.nextHash(t.chunk)
	a.hashing += r.Count
	return r
}

// advanceTogether has a hash wait for others until they are enough, which of a long piece
// only the end does, unless somebody waits already: the rest would wait in vain.
func (t *Torrent) advanceTogether(now mono.Instant, a *assembly, fx Effects) {
	g := &t.gathering
	if len(g.waiting) == 0 && a.blocks-a.count > 2*t.step() {
		t.advanceAlone(a, fx)
		return
	}
	if !a.isComplete() && a.count-a.hashed < t.step() {
		return
	}
	switch r := a.nextHash(t.step()); {
	case r.Count == 0:
		return
	case r.Source == FromFile:
		t.advanceAlone(a, fx)
		return
	}
	if !slices.Contains(g.waiting, a.piece) {
		g.waiting = append(g.waiting, a.piece)
	}
	if g.due == mono.Never {
		g.due = now.Add(GatherWait)
	}
	if len(g.waiting) == g.most || t.gathered() >= gatherSteps*t.step() || t.isLast(a) {
		t.endWait(fx)
	}
}

// gathered is how many blocks those that wait have.
func (t *Torrent) gathered() uint32 {
	n := uint32(0)
	for _, i := range t.gathering.waiting {
		if a := t.active[i]; a != nil {
			n += a.count - a.hashed
		}
	}
	return n
}

// isLast says whether a hash has nothing to wait for: nothing else is fetched.
func (t *Torrent) isLast(a *assembly) bool {
	others := t.count[Absent] + t.count[Partial] + t.count[Assembling]
	if !a.isComplete() {
		others--
	}
	return others == 0
}

// endWait has the hashes that wait go on, and returns how many do.
func (t *Torrent) endWait(fx Effects) int {
	g := &t.gathering
	runs, went := g.runs[:0], 0
	for _, i := range g.waiting {
		a := t.active[i]
		if a == nil || !a.awaitsVerdict() {
			continue
		}
		switch r := t.beginHash(a); {
		case r.Count == 0:
		case r.Source == FromFile:
			fx.Hash(r)
			went++
		default:
			runs = append(runs, r)
		}
	}
	g.waiting, g.due, g.runs = g.waiting[:0], mono.Never, runs
	switch len(runs) {
	case 0:
	case 1:
		fx.Hash(runs[0])
	default:
		fx.HashTogether(runs)
	}
	return went + len(runs)
}

// hurry is endWait where memory is used up, and little comes back by what is out.
func (t *Torrent) hurry(fx Effects) {
	out := uint32(0)
	for _, a := range t.active {
		if a.hashing > 0 || a.writes > 0 {
			out += a.count
		}
	}
	if out < gatherSteps*t.step()/2 {
		t.endWait(fx)
	}
}

// endLongWait is endWait where it is due. Where one has waited in vain the next piece is not
// near, it seems.
func (t *Torrent) endLongWait(now mono.Instant, fx Effects) {
	g := &t.gathering
	if g.due == mono.Never || now < g.due {
		return
	}
	if t.endWait(fx) < 2 {
		g.pace = paceSlow
	}
}
