package storage

import "github.com/etorrent/etorrent/internal/vocab/pieceset"

// Snapshot is what the torrent has, as those see it who fetch and serve.
type Snapshot struct {
	Held    *pieceset.Set // verified
	Written *pieceset.Set // may be announced and served
	Durable *pieceset.Set
	// Present has the blocks, in memory or in the file, of pieces that are not
	// held. Of a piece whose verdict is owed it has all blocks: a report follows.
	Present map[pieceset.Index]BlockSet
}

// View returns a snapshot that is the caller's.
func (t *Torrent) View() Snapshot {
	n := len(t.pieces)
	s := Snapshot{
		Held: pieceset.New(n), Written: pieceset.New(n), Durable: pieceset.New(n),
		Present: map[pieceset.Index]BlockSet{},
	}
	for k := range t.pieces {
		i, stage := pieceset.Index(k), t.pieces[k].stage
		if heldStages.has(stage) {
			s.Held.Add(i)
		}
		if writtenStages.has(stage) {
			s.Written.Add(i)
		}
		if stage == Durable {
			s.Durable.Add(i)
		}
		if owedStages.has(stage) {
			s.Present[i] = fullBlocks(t.geometry.Blocks(i))
		}
	}
	for i, a := range t.active {
		if stage := t.pieces[i].stage; stage == Assembling || stage == Hashing {
			s.Present[i] = a.present.clone(a.blocks)
		}
	}
	for i, p := range t.partials {
		if t.pieces[i].stage == Partial {
			s.Present[i] = p.clone(t.geometry.Blocks(i))
		}
	}
	return s
}

// ServeEvidence says whether bytes of a piece may be served.
type ServeEvidence uint8

// NotServable is a piece that is not written.
const (
	Servable ServeEvidence = iota
	NotServable
)

// ViewServe says whether bytes of piece i may be served.
func (t *Torrent) ViewServe(i pieceset.Index) ServeEvidence {
	if int64(i) < int64(len(t.pieces)) && writtenStages.has(t.pieces[i].stage) {
		return Servable
	}
	return NotServable
}

// Stage is the stage of piece i, which must be in range.
func (t *Torrent) Stage(i pieceset.Index) Stage { return t.pieces[i].stage }

// At returns the pieces that are at a stage.
func (t *Torrent) At(s Stage) *pieceset.Set { return t.at(s) }

func (t *Torrent) at(s Stage) *pieceset.Set {
	out := pieceset.New(len(t.pieces))
	if t.count[s] == 0 {
		return out
	}
	for k := range t.pieces {
		if t.pieces[k].stage == s {
			out.Add(pieceset.Index(k))
		}
	}
	return out
}

// Durables is the number of durable pieces.
func (t *Torrent) Durables() int { return t.count[Durable] }
