package choke_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/choke"
)

func TestSlotsGrowWithTheRootOfTheRate(t *testing.T) {
	for rate, want := range map[float64]int{
		0: 4, 1 << 10: 4, 30 << 10: 4, 100 << 10: 7, 1 << 20: 24, 7 << 20: 64, 1 << 30: 64,
	} {
		if got := choke.SlotsFor(rate); got != want {
			t.Errorf("%d slots at %.0f bytes a second, want %d", got, rate, want)
		}
	}
}

func TestALimitSaysHowManySlotsThereAre(t *testing.T) {
	b := newTable(t, choke.Config{Strategy: choke.FirstCome{}, Limit: 100 << 10})
	b.many(30)
	b.expect(0, 1, 2, 3, 4, 5, 6)
	b.core.SetLimit(b.now, 10<<10, b)
	b.check()
	b.expect(0, 1, 2, 3)
	b.core.SetLimit(b.now, 1<<20, b)
	b.check()
	if n := len(b.served()); n != 24 {
		t.Errorf("%d are served at once under a higher limit", n)
	}
}

func TestWithoutALimitTheRateThatIsSeenSaysHowManySlotsThereAre(t *testing.T) {
	b := newTable(t, choke.Config{Strategy: choke.FirstCome{}})
	for id := range choke.PeerID(200) {
		b.join(remote{id: id, takes: 30 << 10})
	}
	if n := len(b.served()); n != choke.MostSlots {
		t.Errorf("%d are served before a rate was seen", n)
	}
	expect := func(takes, want int, when string) {
		for _, r := range b.remotes {
			r.takes = float64(takes)
		}
		b.pass(5 * time.Minute)
		if n := len(b.served()); n != want {
			t.Errorf("%d are served %s, want %d", n, when, want)
		}
	}
	b.pass(11 * time.Second)
	if n := len(b.served()); n != 33 {
		t.Errorf("%d are served after a round", n)
	}
	expect(1, 8, "at next to no rate")
	expect(1<<20, choke.MostSlots, "at a high rate")
}

func TestADipInTheRateTakesNoSlots(t *testing.T) {
	b := newTable(t, choke.Config{Strategy: choke.FirstCome{}})
	for id := range choke.PeerID(200) {
		b.join(remote{id: id, takes: 200 << 10})
	}
	b.pass(2 * time.Minute)
	for _, r := range b.remotes {
		r.takes = 0
	}
	b.pass(4 * choke.RoundEvery)
	if n := len(b.served()); n != choke.MostSlots {
		t.Errorf("%d are served after a dip", n)
	}
}

func TestALullIsNoMeasureOfTheRate(t *testing.T) {
	b := newTable(t, choke.Config{Strategy: choke.FirstCome{}})
	for _, r := range b.many(100) {
		r.takes = 1
	}
	b.pass(5 * time.Minute)
	slow := len(b.served())
	for len(b.remotes) > 0 {
		b.leave(b.remotes[0])
	}
	b.pass(time.Hour) // nobody waits, and no round is due
	b.many(100)
	b.pass(time.Second)
	if n := len(b.served()); slow != 8 || n != choke.MostSlots {
		t.Errorf("%d are served at a low rate, %d after an hour of calm", slow, n)
	}
}

func TestAShareBoundsTheSlotsAndNotTheDemand(t *testing.T) {
	b := newTable(t, choke.Config{Strategy: choke.TitForTat{}, Limit: 100 << 10})
	b.many(30)
	for _, c := range []struct{ share, served int }{{3, 3}, {0, 0}, {1, 1}, {5, 5}, {100, 7}, {2, 2}, {choke.Unshared, 7}} {
		b.core.SetShare(b.now, c.share, b)
		b.check()
		if n := len(b.served()); n != c.served || b.core.Held() != n || b.core.Demand() != 7 {
			t.Errorf("with a share of %d: %d are served, %d counted; the demand is %d", c.share, n, b.core.Held(), b.core.Demand())
		}
		b.pass(time.Minute)
	}
	for len(b.remotes) > 2 {
		b.leave(b.remotes[0])
	}
	if n := b.core.Demand(); n != 2 {
		t.Errorf("the demand of two is %d", n)
	}
}
