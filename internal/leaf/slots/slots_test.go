package slots_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/leaf/slots"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const start = mono.Instant(time.Hour)

// torrent is a member with remotes that want slots.
type torrent struct {
	*slots.Member
	wants, held int
	slotTime    time.Duration
	waits       time.Duration // since it had none
	longest     time.Duration
}

// ask has a torrent ask as a choker does: it gives slots away up to its share, and
// when it has taken some back it says so.
func (x *torrent) ask(now mono.Instant) {
	for {
		share := x.Ask(now, x.wants, x.held)
		before := x.held
		x.held = min(share, x.wants)
		if x.held >= before {
			return
		}
	}
}

// table plays all torrents of a pool.
type table struct {
	t        *testing.T
	pool     *slots.Pool
	now      mono.Instant
	torrents []*torrent
}

func newTable(t *testing.T, total, torrents, wants int) *table {
	b := &table{t: t, pool: slots.New(total), now: start}
	for range torrents {
		b.torrents = append(b.torrents, &torrent{Member: b.pool.Join(), wants: wants})
	}
	return b
}

// settle has those ask that were woken, until none is.
func (b *table) settle() {
	for woken := true; woken; {
		woken = false
		for _, x := range b.torrents {
			select {
			case <-x.Wake():
				woken = true
				x.ask(b.now)
			default:
			}
		}
	}
}

// pass lets time pass; every torrent asks once in ten seconds, as in its rounds.
func (b *table) pass(d time.Duration) {
	for end := b.now.Add(d); b.now < end; b.now = b.now.Add(time.Second) {
		for k, x := range b.torrents {
			if (int(b.now.Sub(start)/time.Second)+k)%10 == 0 {
				x.ask(b.now)
				b.settle()
			}
			x.slotTime += time.Duration(x.held) * time.Second
			if x.waits += time.Second; x.held > 0 || x.wants == 0 {
				x.waits = 0
			}
			x.longest = max(x.longest, x.waits)
		}
	}
}

func (b *table) held() (n int) {
	for _, x := range b.torrents {
		n += x.held
	}
	return n
}

func TestTorrentsThatWantTheSameGetTheSame(t *testing.T) {
	for _, c := range []struct{ total, torrents, wants int }{{7, 20, 3}, {7, 3, 9}, {24, 5, 10}, {4, 4, 9}, {64, 200, 2}, {7, 7, 1}} {
		b := newTable(t, c.total, c.torrents, c.wants)
		b.pass(2 * time.Hour)
		all := min(c.total, c.torrents*c.wants)
		if b.held() != all {
			t.Errorf("%+v: %d slots are used", c, b.held())
		}
		fair := 2 * time.Hour * time.Duration(all) / time.Duration(c.torrents)
		rounds := time.Duration(c.torrents/c.total+2) * 40 * time.Second
		for k, x := range b.torrents {
			if off := (x.slotTime - fair).Abs(); off > fair/10 {
				t.Errorf("%+v: torrent %d had slots for %v, fair were %v", c, k, x.slotTime, fair)
			}
			if x.longest > rounds {
				t.Errorf("%+v: torrent %d waited %v", c, k, x.longest)
			}
		}
	}
}

func TestWhoWantsLittleGetsItAndTheOthersShareTheRest(t *testing.T) {
	b := newTable(t, 20, 4, 30)
	b.torrents[0].wants, b.torrents[1].wants = 1, 3
	b.pass(5 * time.Minute)
	var got []int
	for _, x := range b.torrents {
		got = append(got, x.held)
	}
	if !slices.Equal(got, []int{1, 3, 8, 8}) {
		t.Errorf("they have %v", got)
	}
}

func TestASlotThatIsGivenBackGoesToAnotherAtOnce(t *testing.T) {
	b := newTable(t, 4, 3, 4)
	for _, x := range b.torrents {
		x.ask(b.now)
	}
	b.settle()
	b.torrents[0].wants = 0
	b.torrents[0].ask(b.now)
	b.settle()
	if b.held() != 4 || b.torrents[0].held != 0 {
		t.Errorf("%d are used after one was given back", b.held())
	}
	b.torrents[1].Leave(b.now)
	b.torrents[1].held = 0
	b.settle()
	if b.torrents[2].held != 4 {
		t.Errorf("the last one has %d", b.torrents[2].held)
	}
}

func TestWithoutALimitNothingIsShared(t *testing.T) {
	var none *slots.Pool
	for _, p := range []*slots.Pool{none, slots.New(0)} {
		if n := p.Join().Ask(start, 5, 9); n != slots.Unshared {
			t.Errorf("the share is %d", n)
		}
	}
}

func TestALimitThatChangesIsHeardOfAtOnce(t *testing.T) {
	b := newTable(t, 0, 5, 6)
	for _, x := range b.torrents {
		x.ask(b.now)
	}
	for _, c := range []struct{ total, held int }{{7, 7}, {0, 30}, {3, 3}, {30, 30}, {4, 4}} {
		b.pool.SetTotal(b.now, c.total)
		b.settle()
		if b.held() != c.held {
			t.Errorf("with %d slots %d are used", c.total, b.held())
		}
	}
}

// Whatever torrents want, and in whatever order they ask, no more slots are used
// than there are, and none is free that somebody could use.
func TestNoSlotIsGivenTwiceAndNoneIsForgotten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		total := rapid.IntRange(1, 12).Draw(rt, "total")
		b := newTable(t, total, rapid.IntRange(1, 100).Draw(rt, "torrents"), 0)
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "run"), 1))
		for range 300 {
			x := b.torrents[rnd.IntN(len(b.torrents))]
			switch rnd.IntN(5) {
			case 0:
				x.Leave(b.now)
				x.held, x.wants = 0, 0
			case 1:
				b.now = b.now.Add(time.Duration(rnd.Int64N(int64(40 * time.Second))))
				x.ask(b.now)
			default:
				x.wants = rnd.IntN(6)
				x.ask(b.now)
			}
			if n := b.held(); n > total {
				rt.Fatalf("%d of %d slots are used", n, total)
			}
			if rnd.IntN(3) == 0 {
				b.settle()
				wanted := 0
				for _, x := range b.torrents {
					wanted += x.wants
				}
				if n := b.held(); n != min(total, wanted) {
					rt.Fatalf("%d of %d slots are used, wanted are %d", n, total, wanted)
				}
			}
		}
	})
}
