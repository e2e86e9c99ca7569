package choke_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/named"
)

// Every strategy that serves anybody must keep the promise of the table: a slot that
// is free goes to who waits, in the same step.
var serving = []string{"tft", "rotation", "first-come"}

// known returns a strategy by name.
func known(t testing.TB, name string) choke.Strategy {
	t.Helper()
	found, err := choke.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func random(run uint64) *rand.Rand { return rand.New(rand.NewPCG(run, 7)) }

// drawRemote draws what a remote is like.
func drawRemote(t *rapid.T, id choke.PeerID) remote {
	rates := rapid.SampledFrom([]float64{0, 0, 1, 1000, 50_000, 1 << 20, 1 << 30})
	r := remote{id: id, gives: rates.Draw(t, "gives"), takes: rates.Draw(t, "takes")}
	if rapid.IntRange(0, 9).Draw(t, "snubs") == 0 {
		r.silentFrom = start.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "from")) * time.Second)
	}
	return r
}

func TestAFreeSlotIsFilledInTheSameStepAndNoneIsGivenTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := choke.Config{
			Strategy: known(t, rapid.SampledFrom(serving).Draw(rt, "strategy")), Random: random(rapid.Uint64().Draw(rt, "run")),
			Slots: rapid.SampledFrom([]int{0, 0, 1, 2, 5, 64}).Draw(rt, "slots"),
			Limit: rapid.SampledFrom([]int64{0, 1, 1 << 20}).Draw(rt, "limit"),
			Goal:  rapid.SampledFrom([]choke.Goal{choke.Fetching, choke.Sharing}).Draw(rt, "goal"),
		}
		b := newTable(t, cfg)
		next := choke.PeerID(0)
		one := func(t *rapid.T) *remote {
			if len(b.remotes) == 0 {
				t.Skip("nobody is there")
			}
			return rapid.SampledFrom(b.remotes).Draw(t, "remote")
		}
		join := func(t *rapid.T) {
			next++
			b.join(drawRemote(t, next))
		}
		rt.Repeat(map[string]func(*rapid.T){
			"join":         join,
			"another join": join,
			"leave":        func(t *rapid.T) { b.leave(one(t)) },
			"want":         func(t *rapid.T) { b.want(one(t)) },
			"want nothing": func(t *rapid.T) { b.wantNothing(one(t)) },
			"limit": func(t *rapid.T) {
				b.core.SetLimit(b.now, rapid.SampledFrom([]int64{0, 1, 100 << 10, 1 << 30}).Draw(t, "limit"), b)
				b.check()
			},
			"share": func(t *rapid.T) {
				b.core.SetShare(b.now, rapid.SampledFrom([]int{0, 1, 3, choke.Unshared}).Draw(t, "share"), b)
				b.check()
			},
			"goal": func(t *rapid.T) {
				b.core.SetGoal(rapid.SampledFrom([]choke.Goal{choke.Fetching, choke.Sharing}).Draw(t, "goal"))
			},
			"pass": func(t *rapid.T) { b.pass(time.Duration(rapid.IntRange(1, 60).Draw(t, "seconds")) * time.Second) },
			"": func(t *rapid.T) {
				wanting := 0
				for _, r := range b.remotes {
					if r.wants != mono.Never {
						wanting++
					}
				}
				if n := len(b.served()); n != min(wanting, b.core.Slots()) {
					t.Fatalf("%d of %d that want to fetch are served, with %d slots", n, wanting, b.core.Slots())
				}
			},
		})
	})
}

// TestNobodyStarves has remotes of any kind wait beside each other for an hour.
func TestNobodyStarves(t *testing.T) {
	for _, c := range []struct {
		name  string
		goal  choke.Goal
		bound func(remotes, slots int) time.Duration
	}{
		{"rotation", choke.Sharing, func(remotes, slots int) time.Duration {
			return time.Duration(remotes/slots+2) * 40 * time.Second
		}},
		{"tft", choke.Sharing, func(remotes, slots int) time.Duration {
			return time.Duration(remotes/slots+2) * 40 * time.Second
		}},
		{"tft", choke.Fetching, func(remotes, slots int) time.Duration {
			return 5*time.Minute + time.Duration(remotes/max(1, slots/5)+2)*40*time.Second
		}},
	} {
		t.Run(fmt.Sprint(c.name, c.goal), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				slots := rapid.SampledFrom([]int{1, 4, 5, 12, 64}).Draw(rt, "slots")
				remotes := rapid.IntRange(slots, 3*slots+10).Draw(rt, "remotes")
				b := newTable(t, choke.Config{
					Strategy: known(t, c.name), Slots: slots, Goal: c.goal, Random: random(rapid.Uint64().Draw(rt, "run")),
				})
				for id := range choke.PeerID(remotes) {
					b.join(drawRemote(rt, id))
				}
				b.pass(time.Hour)
				if most := c.bound(remotes, slots); b.longest() > most {
					rt.Fatalf("one of %d waited %v for one of %d slots, at most %v was promised", remotes, b.longest(), slots, most)
				}
			})
		})
	}
}

// transcript writes down what is decided.
type transcript struct{ said []int }

func (s *transcript) Unchoke(id choke.PeerID) { s.said = append(s.said, int(id)) }
func (s *transcript) Choke(id choke.PeerID)   { s.said = append(s.said, -int(id)) }

func TestTheSameIsDecidedOfTheSame(t *testing.T) {
	course := func(run uint64) []int {
		s := &transcript{}
		c := choke.New(choke.Config{Strategy: choke.TitForTat{}, Random: random(run)})
		rnd, now := random(1), start
		total := map[choke.PeerID]choke.Reading{}
		for range 3000 {
			id := choke.PeerID(1 + rnd.IntN(100))
			switch rnd.IntN(5) {
			case 0:
				c.PeerJoined(id, total[id])
			case 1, 2:
				c.PeerInterested(now, id, s)
			case 3:
				c.PeerUninterested(now, id, s)
			case 4:
				now = now.Add(time.Duration(rnd.Int64N(int64(5 * time.Second))))
				for id := range choke.PeerID(100) {
					m := total[id]
					m.Received, m.Sent = m.Received+rnd.Int64N(1000), m.Sent+rnd.Int64N(1000)
					total[id] = m
					c.PeerMeasured(id, m)
				}
				c.Tick(now, s)
			}
		}
		return s.said
	}
	once := course(5)
	if !slices.Equal(once, course(5)) {
		t.Error("the same inputs led to other decisions")
	}
	if len(once) < 500 || slices.Equal(once, course(6)) {
		t.Errorf("%d decisions, which do not depend on the random numbers", len(once))
	}
}

// whatever is a strategy that names remotes at random, also such as there are none.
type whatever struct{}

func (whatever) Choose(v *choke.View) []choke.PeerID {
	out := make([]choke.PeerID, v.Random.IntN(3*v.Slots))
	for k := range out {
		out[k] = choke.PeerID(v.Random.IntN(20))
	}
	return out
}

func TestNoStrategyGivesMoreSlotsThanThereAre(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newTable(t, choke.Config{Strategy: whatever{}, Slots: 3, Random: random(rapid.Uint64().Draw(rt, "run"))})
		r := b.many(15)
		for range 100 { // the table checks everything that is told
			switch one := r[rapid.IntRange(0, 14).Draw(rt, "remote")]; rapid.IntRange(0, 2).Draw(rt, "do") {
			case 0:
				b.want(one)
			case 1:
				b.wantNothing(one)
			case 2:
				b.pass(choke.RoundEvery)
			}
		}
	})
}

func TestOneThatServesNobodyServesNobody(t *testing.T) {
	b := newTable(t, choke.Config{Strategy: known(t, "none")})
	b.many(20)
	b.pass(time.Hour)
	b.expect()
}

func TestAnUnknownNameIsAnsweredWithThoseThatAre(t *testing.T) {
	var unknown *named.UnknownError
	_, err := choke.Find("titfortat")
	if want := []string{"first-come", "none", "rotation", "tft"}; !errors.As(err, &unknown) || !slices.Equal(unknown.Known, want) {
		t.Errorf("%v", err)
	}
	if _, err := choke.Find(choke.Default); err != nil {
		t.Error("the default has no strategy")
	}
}
