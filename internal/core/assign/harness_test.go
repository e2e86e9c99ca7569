package assign

import (
	"math/rand/v2"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// world is a core with a record of what it told its holders. As Effects it
// fails the test on a deal or cancel that breaks the rules.
type world struct {
	t       failer
	c       *Core
	out     map[HolderID][]geometry.Block // dealt; neither received, returned nor cancelled
	runs    []dealt                       // by the last settle
	cancels []cancellation                // by the last settle
	told    map[HolderID]Interest
}

type dealt struct {
	holder HolderID
	run    geometry.Run
}

// shape is a geometry of pieces with so many blocks each; the last piece has
// one byte too few for that.
func shape(pieces, blocks int) geometry.Geometry {
	length := int64(blocks) * geometry.BlockSize
	return geometry.Geometry{TotalLength: int64(pieces)*length - 1, PieceLength: length}
}

func random(run uint64) *rand.Rand { return rand.New(rand.NewPCG(run, 1)) }

func newWorld(t failer, g geometry.Geometry, s Start) *world {
	return &world{
		t:    t,
		c:    New(g, s, random(1)),
		out:  map[HolderID][]geometry.Block{},
		told: map[HolderID]Interest{},
	}
}

// seed joins a holder that has everything, with credit.
func (w *world) seed(id HolderID, credit uint32) {
	w.c.Join(id, pieceset.Full(len(w.c.pieces)))
	w.c.SetCredit(id, credit)
}

// join joins a holder that has some pieces, with credit.
func (w *world) join(id HolderID, credit uint32, has ...pieceset.Index) {
	w.c.Join(id, pieceset.Of(len(w.c.pieces), has...))
	w.c.SetCredit(id, credit)
}

func (w *world) leave(id HolderID) {
	w.c.Leave(id)
	delete(w.out, id)
	delete(w.told, id)
}

// rejoin has a holder say what it has and does.
func (w *world) rejoin(id HolderID, has *pieceset.Set, p Past) {
	w.c.Rejoin(id, has, p)
	w.out[id] = slices.Clone(p.Fetches)
	w.told[id] = p.Told
}

// settle settles and checks; it returns the runs dealt.
func (w *world) settle() []dealt {
	w.t.Helper()
	w.runs, w.cancels = nil, nil
	w.c.Settle(w)
	checkInvariants(w.t, w.c)
	checkSettled(w.t, w.c)
	w.compare()
	return w.runs
}

// compare fails unless the core and its holders agree on what is fetched.
func (w *world) compare() {
	w.t.Helper()
	for _, h := range w.c.list {
		if w.told[h.id] != h.told || len(w.out[h.id]) != h.out.len() {
			w.t.Fatalf("holder %d disagrees with the core", h.id)
		}
		for k, b := range w.out[h.id] {
			if h.out.at(k) != b {
				w.t.Fatalf("holder %d fetches %v, the core says %v", h.id, b, h.out.at(k))
			}
		}
	}
}

func (w *world) receive(id HolderID, b geometry.Block) BlockEvidence {
	w.strike(id, b)
	return w.c.Received(id, b)
}

// receiveAll has a holder send all it was asked for.
func (w *world) receiveAll(id HolderID) (last BlockEvidence) {
	for len(w.out[id]) > 0 {
		last = w.receive(id, w.out[id][0])
	}
	return last
}

func (w *world) giveBack(id HolderID, b geometry.Block, why Reason) {
	w.strike(id, b)
	w.c.Returned(id, b, why)
}

func (w *world) strike(id HolderID, b geometry.Block) {
	if k := slices.Index(w.out[id], b); k >= 0 {
		w.out[id] = slices.Delete(w.out[id], k, k+1)
	}
}

func (w *world) fetchers(b geometry.Block) int {
	n := 0
	for _, out := range w.out {
		if slices.Contains(out, b) {
			n++
		}
	}
	return n
}

// Deal implements Effects.
func (w *world) Deal(id HolderID, r geometry.Run) {
	w.t.Helper()
	h := w.c.holders[id]
	if h == nil || !h.serves(r.Piece) || r.Count == 0 || r.First+r.Count > w.c.geometry.Blocks(r.Piece) {
		w.t.Fatalf("dealt %v to %d, who is dead or has it not", r, id)
	}
	for n := r.First; n < r.First+r.Count; n++ {
		b := geometry.Block{Piece: r.Piece, Number: n}
		others := w.fetchers(b)
		if others > 1 || others == 1 && w.c.Phase() == Dealing && w.c.pieces[b.Piece].rank() != now || slices.Contains(w.out[id], b) {
			w.t.Fatalf("block %v dealt to %d beside %d others", b, id, others)
		}
		if rec := w.c.pieces[b.Piece].record; rec == nil || rec.got.has(n) {
			w.t.Fatalf("stored block %v dealt to %d", b, id)
		}
		w.out[id] = append(w.out[id], b)
	}
	if len(w.out[id]) > int(h.credit) {
		w.t.Fatalf("holder %d fetches %d blocks with credit %d", id, len(w.out[id]), h.credit)
	}
	w.runs = append(w.runs, dealt{holder: id, run: r})
}

// Cancel implements Effects. The holder may have given the block back since.
func (w *world) Cancel(id HolderID, b geometry.Block) {
	w.t.Helper()
	if w.c.holders[id] == nil {
		w.t.Fatalf("cancelled %v at %d, who is dead", b, id)
	}
	w.strike(id, b)
	w.cancels = append(w.cancels, cancellation{holder: id, block: b})
}

// Interested implements Effects.
func (w *world) Interested(id HolderID, i Interest) {
	w.t.Helper()
	if w.told[id] == i {
		w.t.Fatalf("holder %d was told %d twice", id, i)
	}
	w.told[id] = i
}

func block(piece pieceset.Index, number uint32) geometry.Block {
	return geometry.Block{Piece: piece, Number: number}
}

func run(piece pieceset.Index, first, count uint32) geometry.Run {
	return geometry.Run{Piece: piece, First: first, Count: count}
}
