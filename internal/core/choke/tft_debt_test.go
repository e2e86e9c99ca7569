package choke_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

func TestThoseWhoGaveDrawAsManyLotsAsNewcomers(t *testing.T) {
	v := choke.View{Now: start, Slots: 1, Random: rand.New(rand.NewPCG(5, 6))}
	for id := range choke.PeerID(10) {
		v.Peers = append(v.Peers, choke.Peer{ID: id, Since: start, Past: choke.Served})
	}
	v.Peers[2].Past, v.Peers[7].Debt = choke.Newcomer, choke.Pays
	won := map[choke.PeerID]int{}
	for range 14_000 {
		won[(choke.TitForTat{}).Choose(&v)[0]]++
	}
	for _, id := range []choke.PeerID{2, 7} { // three of fourteen lots each
		if won[id] < 2800 || won[id] > 3200 {
			t.Errorf("%d won %d of 14000 draws, want 3 of 14", id, won[id])
		}
	}
}

func TestOneThatTakesAndGivesNothingGetsOneShortTurnWhileOthersWait(t *testing.T) {
	b := titForTat(t, 5)
	rider := b.join(remote{id: 100, takes: 100 << 10})
	for id := range choke.PeerID(4) {
		b.join(remote{id: id, gives: 100 << 10, takes: 100 << 10})
	}
	for id := range choke.PeerID(3) {
		b.join(remote{id: 10 + id, gives: 10, takes: 10})
	}
	b.expect(100, 0, 1, 2, 3)
	b.pass(choke.RoundEvery)
	if rider.unchoked != 0 {
		t.Error("it keeps its slot after a round")
	}
	b.pass(4 * time.Minute)
	if rider.turns != 1 {
		t.Errorf("it had %d turns", rider.turns)
	}
	b.pass(2 * time.Minute)
	if rider.turns != 2 {
		t.Errorf("after its patience it had %d turns", rider.turns)
	}
}

func TestWhoOwesIsServedWhereNobodyElseWaits(t *testing.T) {
	b := titForTat(t, 5)
	b.join(remote{id: 1, gives: 1 << 10, takes: 1 << 10})
	b.join(remote{id: 2, takes: 1 << 20})
	b.pass(10 * time.Minute)
	b.expect(1, 2)
}

func TestAnEighthBackKeepsATurn(t *testing.T) {
	for _, c := range []struct {
		gives float64
		keeps time.Duration
	}{{0, 10 * time.Second}, {11 << 10, 10 * time.Second}, {14 << 10, 30 * time.Second}} {
		b := titForTat(t, 5)
		one := b.join(remote{id: 100, gives: c.gives, takes: 100 << 10})
		for id := range choke.PeerID(4) {
			b.join(remote{id: id, gives: 100 << 10, takes: 100 << 10})
		}
		for id := range choke.PeerID(20) {
			b.join(remote{id: 10 + id, takes: 10})
		}
		for one.unchoked != mono.Never {
			b.pass(time.Second)
		}
		if kept := b.now.Sub(start); kept != c.keeps {
			t.Errorf("one that gives %.0f for %d kept its turn for %v, want %v", c.gives, 100<<10, kept, c.keeps)
		}
	}
}

func TestNobodyOwesBeforeItTookAPiece(t *testing.T) {
	b := titForTat(t, 5)
	one := b.join(remote{id: 100, takes: 100 << 10, piece: 2 << 20})
	for id := range choke.PeerID(4) {
		b.join(remote{id: id, gives: 100 << 10, takes: 100 << 10})
	}
	b.join(remote{id: 10, takes: 10})
	b.pass(20 * time.Second)
	if one.unchoked == mono.Never {
		t.Error("it lost its slot before it could give anything")
	}
}

func TestWhoOwesTakesNoSlotWhoseTurnIsOver(t *testing.T) {
	b := titForTat(t, 5)
	rider := b.join(remote{id: 100, takes: 100 << 10})
	for id := range choke.PeerID(4) {
		b.join(remote{id: id, gives: 100 << 10, takes: 100 << 10})
	}
	one := b.join(remote{id: 10, gives: 10, takes: 10})
	b.pass(4 * time.Minute)
	if rider.turns != 1 || one.turns != 1 {
		t.Errorf("%d and %d turns", rider.turns, one.turns)
	}
}
