package choke_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

func titForTat(t testing.TB, slots int) *table {
	return newTable(t, choke.Config{Strategy: choke.TitForTat{}, Slots: slots})
}

func TestThoseWhoGiveMostAreServed(t *testing.T) {
	const slots = 10
	b := titForTat(t, slots)
	for id := range choke.PeerID(40) {
		b.join(remote{id: id, gives: float64(1000 * (id * 7 % 40)), takes: 1000})
	}
	b.pass(25 * time.Second) // two rounds to know them, and the last lots before are over
	for range 60 {
		b.pass(choke.RoundEvery)
		best := 0
		for _, r := range b.remotes {
			if r.gives >= 32_000 && r.unchoked != mono.Never {
				best++
			}
		}
		if best < 8 {
			t.Fatalf("after %v only %d of the 8 best givers are served", b.now.Sub(start), best)
		}
	}
}

func TestOneInFiveSlotsIsGivenByLotForThirtySeconds(t *testing.T) {
	b := titForTat(t, 5)
	for id := range choke.PeerID(4) {
		b.join(remote{id: id, gives: 1000, takes: 1000})
	}
	for id := range choke.PeerID(20) {
		b.join(remote{id: 100 + id, takes: 1000})
	}
	b.pass(time.Minute)
	turns := 0
	for range 100 {
		before := b.served()
		b.pass(30 * time.Second)
		after := b.served()
		if len(after) != 5 || !slices.Equal(after[:4], []choke.PeerID{0, 1, 2, 3}) {
			t.Fatalf("%v are served", after)
		}
		if after[4] != before[4] {
			turns++
		}
	}
	if turns != 100 {
		t.Errorf("the fifth slot changed hands %d times in 100 times 30 s", turns)
	}
}

func TestNewcomersDrawThreeLots(t *testing.T) {
	v := choke.View{Now: start, Slots: 1, Random: rand.New(rand.NewPCG(3, 4))}
	for id := range choke.PeerID(10) {
		v.Peers = append(v.Peers, choke.Peer{ID: id, Since: start, Past: choke.Served})
	}
	v.Peers[7].Past = choke.Newcomer
	won := 0
	for range 12_000 {
		if (choke.TitForTat{}).Choose(&v)[0] == 7 {
			won++
		}
	}
	if won < 2800 || won > 3200 {
		t.Errorf("a newcomer won %d of 12000 draws against nine others, want 3 of 12", won)
	}
}

func TestALoneFastPeerIsUnchokedAtOnce(t *testing.T) {
	for _, goal := range []choke.Goal{choke.Fetching, choke.Sharing} {
		b := newTable(t, choke.Config{Strategy: choke.TitForTat{}, Goal: goal})
		b.pass(time.Hour)
		b.join(remote{id: 7, takes: 1 << 30})
		b.expect(7)
		b.pass(time.Hour)
		if r := b.remotes[0]; r.turns != 1 {
			t.Errorf("it was choked meanwhile: %d turns", r.turns)
		}
	}
}

func TestARemoteThatSnubsUsLosesItsRegularSlot(t *testing.T) {
	for run := range uint64(20) {
		b := newTable(t, choke.Config{Strategy: choke.TitForTat{}, Slots: 5, Random: random(run)})
		var givers []*remote
		for id := range choke.PeerID(5) {
			givers = append(givers, b.join(remote{id: id, gives: float64(1000 + id), takes: 1000}))
		}
		for id := range choke.PeerID(5) {
			b.join(remote{id: 100 + id, takes: 1000})
		}
		b.pass(5 * time.Minute)
		snub := givers[4]
		snub.silentFrom = b.now
		b.pass(choke.SnubAfter + 4*choke.RoundEvery)
		if snub.unchoked != mono.Never {
			t.Error("one that snubs us is served among many that wait")
		}
		turns := snub.turns
		b.pass(3 * time.Minute) // it has waited less than its patience
		if snub.turns != turns {
			t.Error("one that snubs us drew a lot before those that do not")
		}
		snub.silentFrom = mono.Never
		b.pass(30 * time.Second)
		if snub.unchoked == mono.Never {
			t.Error("it sends again, more than the others, and is not served")
		}
	}
}

func TestOneThatSnubsUsComesBehindAllOthers(t *testing.T) {
	v := choke.View{Now: start, Slots: 5, Random: random(1)}
	for id := range choke.PeerID(8) {
		v.Peers = append(v.Peers, choke.Peer{ID: id, Since: start})
	}
	v.Peers[3].Debt, v.Peers[3].Gave = choke.Snubs, 1<<20
	for range 200 {
		if got := (choke.TitForTat{}).Choose(&v); len(got) != 8 || got[7] != 3 {
			t.Fatalf("the order is %v", got)
		}
	}
}

func TestOneThatSnubsUsIsServedWhereNobodyElseWaits(t *testing.T) {
	b := titForTat(t, 4)
	r := b.join(remote{id: 1, gives: 1000, silentFrom: start, takes: 1})
	b.pass(time.Hour)
	if r.turns != 1 || r.unchoked == mono.Never {
		t.Errorf("%d turns", r.turns)
	}
}

func TestASlotThatIsNotUsedGoesToAnotherAfterARound(t *testing.T) {
	for name, goal := range map[string]choke.Goal{"fetching": choke.Fetching, "sharing": choke.Sharing} {
		b := newTable(t, choke.Config{Strategy: choke.TitForTat{}, Slots: 4, Goal: goal})
		for id := range choke.PeerID(4) {
			b.join(remote{id: id})
		}
		for id := range choke.PeerID(4) {
			b.join(remote{id: 4 + id, takes: 1000})
		}
		b.expect(0, 1, 2, 3)
		b.pass(21 * time.Second)
		if got := b.served(); !slices.Equal(got, []choke.PeerID{4, 5, 6, 7}) {
			t.Errorf("%s: %v are served, want those that fetch", name, got)
		}
	}
}

func TestAnEarnerThatTakesNothingHoldsNoSlotThatOthersCouldUse(t *testing.T) {
	b := titForTat(t, 4)
	b.join(remote{id: 1, gives: 1 << 20})
	for id := range choke.PeerID(8) {
		b.join(remote{id: 2 + id, gives: 1000, takes: 1000})
	}
	idle := 0
	for range 60 {
		b.pass(choke.RoundEvery)
		if b.remotes[0].unchoked != mono.Never {
			idle++
		}
	}
	if idle > 35 {
		t.Errorf("it held a slot for %d of 60 rounds", idle)
	}
}

func TestASingleSlotIsMostOftenThatOfWhoGivesMostAndSometimesThatOfEach(t *testing.T) {
	b := newTable(t, choke.Config{Strategy: choke.TitForTat{}, Slots: 1})
	giver := b.join(remote{id: 1, gives: 50 << 10, takes: 10 << 10})
	for id := range choke.PeerID(3) {
		b.join(remote{id: 2 + id, gives: 1 << 10, takes: 10 << 10})
	}
	b.pass(10 * time.Hour)
	part := giver.took / (36_000 * (10 << 10))
	for _, r := range b.remotes {
		if r.turns == 0 {
			t.Errorf("remote %d never had it", r.id)
		}
	}
	if part < 0.4 || part > 0.9 {
		t.Errorf("who gives most had it for %.2f of the time", part)
	}
}
