package assign

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func piecesOf(blocks []geometry.Block) (out []pieceset.Index) {
	for _, b := range blocks {
		if len(out) == 0 || out[len(out)-1] != b.Piece {
			out = append(out, b.Piece)
		}
	}
	return out
}

func TestWhatAReaderWaitsForGoesFirstThenWhatItWantsNextInOrder(t *testing.T) {
	priorities := allNormal(20)
	priorities[2] = High
	w := newWorld(t, shape(20, 2), Start{Priorities: priorities})
	w.c.SetWindow(1, Window{First: 7, Now: 1, Soon: 3})
	w.seed(1, 12)
	w.settle()
	got := piecesOf(w.out[1])
	if !slices.Equal(got[:5], []pieceset.Index{7, 8, 9, 10, 2}) {
		t.Errorf("dealt %v", got)
	}
}

func TestTwoReadersTakeTurns(t *testing.T) {
	w := newWorld(t, shape(20, 2), Start{})
	w.c.SetWindow(1, Window{First: 2, Now: 1, Soon: 2})
	w.c.SetWindow(2, Window{First: 12, Now: 1, Soon: 2})
	w.seed(1, 12)
	w.settle()
	if got := piecesOf(w.out[1]); !slices.Equal(got, []pieceset.Index{2, 12, 3, 13, 4, 14}) {
		t.Errorf("dealt %v", got)
	}
}

func TestAPieceThatIsNotWantedIsNotFetchedForAReader(t *testing.T) {
	priorities := allNormal(4)
	priorities[1] = Unwanted
	w := newWorld(t, shape(4, 2), Start{Priorities: priorities})
	w.c.SetWindow(1, Window{First: 1, Now: 1, Soon: 1})
	w.seed(1, 20)
	if w.settle(); slices.Contains(piecesOf(w.out[1]), 1) {
		t.Errorf("dealt %v", w.out[1])
	}
}

// paced has two holders, of which the second sent four times as much of late.
func paced(t *testing.T, pieces int) *world {
	w := newWorld(t, shape(pieces, 16), Start{})
	w.seed(1, 10)
	w.seed(2, 40)
	w.settle()
	for range 4 {
		w.receive(1, w.out[1][0])
		for range 4 {
			w.receive(2, w.out[2][0])
		}
		w.settle()
	}
	return w
}

func TestAReaderIsServedByWhoDeliversSoonest(t *testing.T) {
	w := paced(t, 40)
	i := pieceset.Index(0)
	for w.c.State(i) != PieceMissing {
		i++
	}
	w.c.SetWindow(1, Window{First: i, Now: 1})
	w.settle()
	counts := map[HolderID]int{}
	for id, out := range w.out {
		for k, b := range out {
			if b.Piece != i {
				continue
			}
			counts[id]++
			if k >= 16+underWay {
				t.Errorf("holder %d sends %v as its block %d only", id, b, k)
			}
		}
	}
	if counts[1]+counts[2] != 16 || counts[2] < 3*counts[1] {
		t.Errorf("dealt %v", counts)
	}
}

func TestABlockThatIsLateForAReaderIsFetchedTwiceAndCancelledWhenItComes(t *testing.T) {
	w := newWorld(t, shape(60, 4), Start{})
	w.c.SetWindow(1, Window{First: 5, Now: 1})
	w.seed(1, 4)
	w.settle()
	if got := w.out[1]; len(got) != 4 || got[0].Piece != 5 {
		t.Fatalf("dealt %v", got)
	}
	w.seed(2, 8)
	w.seed(3, 8)
	w.c.SetCredit(1, 4)
	for range leastLate {
		w.settle()
		for _, id := range []HolderID{2, 3} {
			if k := slices.IndexFunc(w.out[id], func(b geometry.Block) bool { return b.Piece != 5 }); k >= 0 {
				w.receive(id, w.out[id][k])
			}
		}
	}
	w.settle()
	for n := range uint32(4) {
		if w.fetchers(block(5, n)) != 2 {
			t.Errorf("block %d is fetched by %d", n, w.fetchers(block(5, n)))
		}
	}
	other := HolderID(2)
	if !slices.Contains(w.out[2], block(5, 0)) {
		other = 3
	}
	w.receive(other, block(5, 0))
	w.settle()
	if !slices.Contains(w.cancels, cancellation{1, block(5, 0)}) {
		t.Errorf("cancelled %v", w.cancels)
	}
}

func TestASnubbedHolderKeepsNothingThatAReaderWaitsFor(t *testing.T) {
	w := newWorld(t, shape(8, 4), Start{})
	w.c.SetWindow(1, Window{First: 5, Now: 1, Soon: 1})
	w.seed(1, 4)
	w.settle()
	for _, b := range slices.Clone(w.out[1]) {
		w.giveBack(1, b, TimedOut)
	}
	w.c.SetCredit(1, 1)
	w.seed(2, 4)
	w.settle()
	if len(w.out[2]) != 4 || slices.ContainsFunc(w.out[2], func(b geometry.Block) bool { return b.Piece != 5 }) {
		t.Errorf("the other fetches %v", w.out[2])
	}
	if len(w.out[1]) != 1 || w.out[1][0].Piece == 5 || w.out[1][0].Piece == 6 {
		t.Errorf("the snubbed one fetches %v", w.out[1])
	}
}

func TestOnlyASnubbedHolderHasIt(t *testing.T) {
	w := newWorld(t, shape(3, 4), Start{})
	w.join(1, 4, 1)
	w.settle()
	w.giveBack(1, w.out[1][0], TimedOut)
	w.c.SetWindow(1, Window{First: 1, Now: 1})
	if w.settle(); len(w.out[1]) != 4 {
		t.Errorf("fetches %v", w.out[1])
	}
}

func TestASlowHolderReadsAheadFarFromTheReader(t *testing.T) {
	w := paced(t, 60)
	for w.c.came.blocks < 100 { // it becomes slower yet
		w.receive(2, w.out[2][0])
		w.settle()
	}
	for _, id := range []HolderID{1, 2} {
		w.c.ReturnedAll(id, Choked)
		w.out[id] = nil
		w.c.SetCredit(id, 0)
	}
	i := pieceset.Index(0)
	for k := range pieceset.Index(60) {
		if w.c.State(k) == PieceMissing {
			i = k
		} else {
			i = 60
		}
		if i < 60 && int(i)+8 < 60 {
			break
		}
	}
	w.c.SetWindow(1, Window{First: i, Soon: 8})
	w.c.SetCredit(1, 4)
	w.settle()
	if got := w.out[1][0].Piece; got < i+4 {
		t.Errorf("the slow one fetches piece %d of a window from %d", got, i)
	}
	w.c.SetCredit(2, 4)
	w.settle()
	if got := w.out[2][0].Piece; got >= i+4 {
		t.Errorf("the fast one fetches piece %d of a window from %d", got, i)
	}
}

func TestASeekWithdrawsWhatIsNotUnderWay(t *testing.T) {
	w := newWorld(t, shape(60, 4), Start{})
	w.c.SetWindow(1, Window{First: 0, Now: 1, Soon: 10})
	w.seed(1, 40)
	w.settle()
	w.c.SetWindow(1, Window{First: 40, Soon: 11}) // nobody waits yet
	w.settle()
	got := w.out[1]
	if len(got) != 40 || !slices.Equal(piecesOf(got[underWay:underWay+8]), []pieceset.Index{40, 41}) {
		t.Errorf("fetches %v", got)
	}
	for _, b := range got[:underWay] {
		if b.Piece >= 11 {
			t.Errorf("%v is before what was under way", b)
		}
	}
	if len(w.cancels) != 40-underWay {
		t.Errorf("%d blocks withdrawn", len(w.cancels))
	}
}

func TestAClosedWindowHasNoPrecedence(t *testing.T) {
	w := newWorld(t, shape(6, 2), Start{Picker: Sequential{}})
	w.c.SetWindow(1, Window{First: 3, Now: 1, Soon: 2})
	w.c.CloseWindow(1)
	w.c.CloseWindow(1)
	w.seed(1, 2)
	if w.settle(); w.out[1][0].Piece != 0 {
		t.Errorf("fetches %v", w.out[1])
	}
}

func TestAWindowBeyondTheEndIsCut(t *testing.T) {
	w := newWorld(t, shape(6, 2), Start{})
	w.c.SetWindow(1, Window{First: 4, Now: 9, Soon: 9})
	w.c.SetWindow(2, Window{First: 5, Now: 0, Soon: 9})
	w.seed(1, 20)
	w.settle()
}

func TestAPieceOfAParoleeIsSharedWhenAReaderWaitsForIt(t *testing.T) {
	w := newWorld(t, shape(6, 4), Start{})
	w.seed(1, 1)
	w.c.Parole(1)
	w.settle()
	i := w.out[1][0].Piece
	w.seed(2, 8)
	w.c.SetWindow(1, Window{First: i, Now: 1})
	w.settle()
	if w.c.pieces[i].record.loner != nil || w.fetchers(block(i, 3)) == 0 {
		t.Errorf("the other fetches %v", w.out[2])
	}
}

// player reads a swarm's torrent as one who looks on.
type player struct {
	*swarm
	at    pieceset.Index
	ahead int
	idle  int // ticks in which it waited
}

func (p *player) move() {
	for int(p.at) < len(p.c.pieces)-1 && p.c.State(p.at) == PieceHeld {
		p.at++
	}
	w := Window{First: p.at, Soon: p.ahead}
	if p.c.State(p.at) != PieceHeld {
		w.Now, p.idle = 1, p.idle+1
	}
	p.c.SetWindow(1, w)
}

func newPlayer(t *testing.T, run uint64, g geometry.Geometry, x troubles) *player {
	p := &player{swarm: newSwarm(t, run, g, x), ahead: 16}
	p.move()
	return p
}

// stored is how many blocks of the pieces of a window are here.
func (p *player) stored(from pieceset.Index) (n int) {
	for i := from; int(i) <= int(from)+p.ahead; i++ {
		switch x := &p.c.pieces[i]; {
		case x.state == PieceHeld:
			n += int(p.c.geometry.Blocks(i))
		case x.record != nil:
			n += int(x.record.stored)
		}
	}
	return n
}

// Queues are long here: what is in them comes after dozens of ticks. Windows are
// larger than the queues.
func TestAfterASeekTheNewPlaceComesBeforeTwoPiecesOfTheOld(t *testing.T) {
	const blocks = 64
	for run := range uint64(20) {
		p := newPlayer(t, run, shape(200, blocks), troubles{})
		for k := range 5 {
			p.enter(1+k%2, []int{100, 60}[k%2])
			p.c.SetCredit(p.next, 64)
		}
		for _, to := range []pieceset.Index{150, 100, 50, 125} {
			for range 60 {
				p.step()
				p.move()
			}
			old := p.at
			before := p.stored(old)
			ticks := 0
			for p.at = to; p.c.State(to) != PieceHeld; ticks++ {
				p.move()
				if p.step(); ticks > 60 {
					t.Fatalf("run %d: nothing of piece %d after %d ticks", run, to, ticks)
				}
			}
			if more := p.stored(old) - before; more >= 2*blocks {
				t.Errorf("run %d: %d blocks more of the old place before piece %d, after %d ticks", run, more, to, ticks)
			}
		}
	}
}

func TestAReaderGetsNearlyAllThatTheHoldersSend(t *testing.T) {
	p := newPlayer(t, 3, shape(200, 16), troubles{stalls: 3, leaves: 3, corrupt: 10})
	for k := range 12 {
		p.enter(1+k%6, []int{100, 60}[k%2])
	}
	at, ticks := pieceset.Index(0), 0
	for ; ticks < 400; ticks++ {
		p.step()
		p.move()
		at = p.at
	}
	speed := 0
	for _, m := range p.peers {
		speed += m.speed
	}
	got, most := int(at)*16, speed*ticks
	t.Logf("read %d pieces of 200 in %d ticks, %d blocks of %d, %d wasted", at, ticks, got, most, p.wasted)
	if int(at) < 199 && got*10 < most*7 {
		t.Errorf("read %d blocks, %d were sent", got, most)
	}
	if p.wasted*100 > p.blocks*3 {
		t.Errorf("%d blocks of %d wasted", p.wasted, p.blocks)
	}
}

func TestWhatIsQueuedDeepComesToTheFrontWhenAReaderWaitsForIt(t *testing.T) {
	w := newWorld(t, shape(60, 4), Start{})
	w.seed(1, 40)
	w.settle()
	i := w.out[1][39].Piece
	w.c.SetWindow(1, Window{First: i, Now: 1})
	w.settle()
	for k, b := range w.out[1] {
		if b.Piece == i && k >= underWay+4 {
			t.Errorf("block %d of the queue is %v", k, b)
		}
	}
}

func TestALongQueueIsSharedWhenAReaderWaitsForIt(t *testing.T) {
	w := newWorld(t, shape(60, 40), Start{})
	w.c.SetWindow(1, Window{First: 7, Now: 1})
	w.seed(1, 40)
	w.settle()
	w.seed(2, 40)
	w.settle()
	if n := len(w.out[1]); n < 15 || n > 40 || w.fetchers(block(7, 39)) != 1 || slices.Contains(w.out[1], block(7, 39)) {
		t.Errorf("the first fetches %v, the second %v", w.out[1], w.out[2])
	}
}

func TestAPieceThatIsReadHasNoLead(t *testing.T) {
	w := newWorld(t, shape(10, 4), Start{})
	w.seed(1, 4)
	w.settle()
	i := w.out[1][0].Piece
	for n := range uint32(4) { // it waits for the verdict
		w.receive(1, block(i, n))
	}
	w.c.SetWindow(1, Window{First: i, Now: 1, Soon: 9})
	w.settle()
	w.c.Corrupt(i)
	if w.settle(); w.c.holders[1].lead != nil {
		t.Error("a holder leads what is read")
	}
}
