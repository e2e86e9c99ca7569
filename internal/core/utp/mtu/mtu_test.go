package mtu_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/utp/mtu"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// path takes packets up to a size.
type path struct {
	testing.TB
	*mtu.Search
	now   mono.Instant
	takes int
	sent  []int
}

func newPath(t testing.TB, takes int) *path {
	return &path{TB: t, Search: mtu.New(mtu.IPv4()), now: 1, takes: takes}
}

// search sends soundings until none is wanted.
func (p *path) search() []int {
	p.sent = nil
	for size := p.Sounding(p.now); size != 0; size = p.Sounding(p.now) {
		if size <= p.Size() || size > mtu.IPv4().Ceiling || len(p.sent) > 40 {
			p.Fatalf("a sounding of %d where %d pass, after %v", size, p.Size(), p.sent)
		}
		p.sent = append(p.sent, size)
		p.Sent(size)
		if p.Sounding(p.now) != 0 {
			p.Fatal("two soundings at a time")
		}
		if p.now = p.now.Add(50 * time.Millisecond); size <= p.takes {
			p.Arrived(p.now)
		} else {
			p.Lost(p.now)
		}
	}
	return p.sent
}

func (p *path) mustBe(low, high int) {
	p.Helper()
	if p.Size() < low || p.Size() > high {
		p.Errorf("packets have %d bytes, want %d to %d; soundings were %v", p.Size(), low, high, p.sent)
	}
}

func TestAPathThatTakesTheLargestNeedsOneSounding(t *testing.T) {
	p := newPath(t, 1472)
	if got := p.search(); len(got) != 1 || p.Deadline() != mono.Never {
		t.Errorf("%v, again at %d", got, p.Deadline())
	}
	p.mustBe(1472, 1472)
}

func TestTheSizeIsFoundOfEveryPath(t *testing.T) {
	for takes := 1200; takes <= 1472; takes++ {
		p := newPath(t, takes)
		if got := p.search(); len(got) > 12 {
			t.Errorf("%d soundings: %v", len(got), got)
		}
		p.mustBe(takes-16, takes)
	}
}

func TestASoundingThatIsLostOnceSaysNothing(t *testing.T) {
	p := newPath(t, 1472)
	p.Sent(p.Sounding(p.now))
	p.Lost(p.now)
	p.search()
	p.mustBe(1472, 1472)
}

func TestASoundingThatIsLostWithOthersSaysNothing(t *testing.T) {
	p := newPath(t, 1472)
	for range 5 {
		p.Sent(p.Sounding(p.now))
		p.Undecided()
	}
	p.search()
	p.mustBe(1472, 1472)
}

func TestAPathThatWasNarrowIsTriedAgainAfterHalfAnHour(t *testing.T) {
	p := newPath(t, 1300)
	p.search()
	p.takes = 1472
	p.now = p.now.Add(29 * time.Minute)
	if got := p.search(); got != nil {
		t.Errorf("soundings of %v", got)
	}
	p.now = p.Deadline()
	p.search()
	p.mustBe(1472, 1472)
}

func TestAPathThatBecomesNarrowWithoutAWordIsFoundOut(t *testing.T) {
	p := newPath(t, 1472)
	p.search()
	p.takes = 1280
	p.Silence(1472)
	p.mustBe(1472, 1472)
	p.Silence(1472)
	p.mustBe(1200, 1200)
	p.search()
	p.mustBe(1265, 1280)
	if at := p.Deadline().Sub(p.now); at != 10*time.Minute {
		t.Errorf("again in %v", at)
	}
}

func TestAPathThatDoesNotTakeWhatNearlyEveryOneDoesIsFoundOut(t *testing.T) {
	p := newPath(t, 700)
	for range 2 {
		p.Silence(1200)
	}
	p.mustBe(548, 548)
	p.search()
	p.mustBe(685, 700)
}

func TestSilencesOfSmallPacketsOrWithLargeOnesArrivingAreNoHole(t *testing.T) {
	p := newPath(t, 1472)
	p.search()
	for range 5 {
		p.Silence(1000)
		p.Silence(1472)
		p.Passed(1472)
	}
	p.mustBe(1472, 1472)
}

func TestWhatOurOwnSystemRefusesIsTooLarge(t *testing.T) {
	p := newPath(t, 1400)
	size := p.Sounding(p.now)
	p.Sent(size)
	p.Refused(p.now, size)
	for _, got := range p.search() {
		if got >= size {
			t.Errorf("a sounding of %d, which was refused", got)
		}
	}
	p.mustBe(1385, 1400)
}

func TestWhatARouterSaysIsTriedFirst(t *testing.T) {
	p := newPath(t, 1472)
	p.search()
	p.takes = 1400
	p.TooBig(p.now, 1400)
	p.mustBe(1200, 1400)
	if got := p.search(); len(got) != 1 || got[0] != 1400 {
		t.Errorf("%v", got)
	}
	p.mustBe(1400, 1400)
}

func TestARouterThatLiesIsForgotten(t *testing.T) {
	p := newPath(t, 1472)
	p.search()
	p.TooBig(p.now, 100)
	p.TooBig(p.now, 9000)
	p.mustBe(1472, 1472)
	p.TooBig(p.now, 600)
	p.search()
	p.mustBe(548, 600)
	p.now = p.now.Add(10 * time.Minute)
	p.search()
	p.mustBe(1472, 1472)
}

func TestWhateverHappensTheSizeKeepsItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := mtu.Config{
			Floor: rapid.IntRange(100, 600).Draw(t, "floor"), Base: rapid.IntRange(1, 1500).Draw(t, "base"),
			Ceiling: rapid.IntRange(1, 9000).Draw(t, "ceiling"),
		}
		s, now := mtu.New(cfg), mono.Instant(1)
		sizes, flying := rapid.IntRange(-1, 9001), 0
		t.Repeat(map[string]func(*rapid.T){
			"sound": func(*rapid.T) {
				if size := s.Sounding(now); size != 0 {
					if size <= s.Size() || flying != 0 {
						t.Fatalf("a sounding of %d where %d pass and one of %d flies", size, s.Size(), flying)
					}
					flying = size
					s.Sent(size)
				}
			},
			"arrived":   func(*rapid.T) { s.Arrived(now); flying = 0 },
			"lost":      func(*rapid.T) { s.Lost(now); flying = 0 },
			"undecided": func(*rapid.T) { s.Undecided(); flying = 0 },
			"refused":   func(t *rapid.T) { s.Refused(now, sizes.Draw(t, "size")); flying = 0; s.Undecided() },
			"too big":   func(t *rapid.T) { s.TooBig(now, sizes.Draw(t, "size")); flying = 0; s.Undecided() },
			"silence":   func(t *rapid.T) { s.Silence(sizes.Draw(t, "size")); flying = 0; s.Undecided() },
			"passed":    func(t *rapid.T) { s.Passed(sizes.Draw(t, "size")) },
			"wait":      func(t *rapid.T) { now = now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "s")) * time.Second) },
			"": func(t *rapid.T) {
				if top := max(cfg.Ceiling, cfg.Base, cfg.Floor); s.Size() < cfg.Floor || s.Size() > top {
					t.Fatalf("%d, of %+v", s.Size(), cfg)
				}
				if at := s.Deadline(); at != mono.Never && at.Sub(now) > 30*time.Minute {
					t.Fatalf("again in %v", at.Sub(now))
				}
			},
		})
	})
}
