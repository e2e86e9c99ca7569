package choke_test

import (
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/choke"
)

func rotation(t testing.TB, slots int) *table {
	return newTable(t, choke.Config{Strategy: choke.Rotation{}, Slots: slots, Goal: choke.Sharing})
}

func TestEveryRemoteIsServedInTurnForAsLong(t *testing.T) {
	const slots, remotes = 6, 30
	b := rotation(t, slots)
	for id := range choke.PeerID(remotes) {
		b.join(remote{id: id, takes: 1000 + float64(100*id)}) // the fastest four times the slowest
	}
	b.pass(time.Hour)
	share := float64(slots) / remotes * time.Hour.Seconds()
	for _, r := range b.remotes {
		if got := r.took / r.takes; got < 0.8*share || got > 1.25*share {
			t.Errorf("%d was served for %.0f s of an hour, its share is %.0f s", r.id, got, share)
		}
	}
}

func TestSlotsChangeHandsAThirdAtATime(t *testing.T) {
	b := rotation(t, 9)
	for id := range choke.PeerID(60) {
		b.join(remote{id: id, takes: 1000})
	}
	for range 100 {
		before := b.served()
		b.pass(choke.RoundEvery)
		kept := 0
		for _, id := range before {
			for _, now := range b.served() {
				if id == now {
					kept++
				}
			}
		}
		if kept < 6 {
			t.Fatalf("after %v only %d of 9 slots were kept", b.now.Sub(start), kept)
		}
	}
}

func TestATurnIsKeptWhereNobodyWaits(t *testing.T) {
	b := rotation(t, 4)
	for id := range choke.PeerID(4) {
		b.join(remote{id: id, takes: 1000})
	}
	b.pass(time.Hour)
	for _, r := range b.remotes {
		if r.turns != 1 {
			t.Errorf("%d had %d turns", r.id, r.turns)
		}
	}
}

func TestOneThatFetchesLittleBesideTheOthersHasAShorterTurn(t *testing.T) {
	b := rotation(t, 4)
	for id := range choke.PeerID(16) {
		b.join(remote{id: id, takes: 100_000})
	}
	slow := b.join(remote{id: 16, takes: 1000})
	b.pass(time.Hour)
	fast := b.remotes[0]
	if time, full := slow.took/slow.takes, fast.took/fast.takes; time > full/2 {
		t.Errorf("a slow remote was served for %.0f s, a fast one for %.0f s", time, full)
	}
}

func TestOneThatOurLimitHasWaitKeepsItsTurn(t *testing.T) {
	for name, goal := range map[string]choke.Goal{"fetching": choke.Fetching, "sharing": choke.Sharing} {
		b := newTable(t, choke.Config{Strategy: choke.TitForTat{}, Slots: 4, Goal: goal})
		for id := range choke.PeerID(8) {
			b.join(remote{id: id, hold: choke.HeldBack})
		}
		b.remotes[3].takes = 1000
		b.pass(25 * time.Second)
		if got := b.served(); !slices.Equal(got, []choke.PeerID{0, 1, 2, 3}) {
			t.Errorf("%s: %v are served within the first turn", name, got)
		}
	}
}
