package race_test

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/race"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// fate is what a referee knows of an attempt.
type fate struct {
	to    netip.AddrPort
	via   transport.Transport
	begun mono.Instant
	made  bool
}

// course is what a referee knows of an endpoint that has a race.
type course struct {
	lanes  int
	tried  []transport.Transport
	failed int
	first  mono.Instant // when it was begun
}

// referee looks at everything that a core does, and knows nothing of how it decides.
type referee struct {
	t    *rapid.T
	core *race.Core
	now  mono.Instant
	runs map[race.Attempt]*fate // under way
	open map[netip.AddrPort]*course
	kept int
}

func (r *referee) Dial(a race.Attempt, e race.Entry) {
	c := r.open[e.To]
	if c == nil || slices.Contains(c.tried, e.Via) || r.runs[a] != nil {
		r.t.Fatalf("attempt %d to %v over %v, of %+v", a, e.To, e.Via, c)
	}
	if len(c.tried) > 0 && c.failed == 0 && (c.first == mono.Never || r.now.Sub(c.first) < race.HeadStart) {
		r.t.Fatalf("the second lane to %v begins %v after the first", e.To, r.now.Sub(c.first))
	}
	if beside := len(r.of(e.To)); beside > 0 && len(r.runs) >= most {
		r.t.Fatalf("a second lane where %d are under way", len(r.runs))
	}
	c.tried = append(c.tried, e.Via)
	r.runs[a] = &fate{to: e.To, via: e.Via}
}

func (r *referee) Withdraw(a race.Attempt) {
	if r.runs[a] == nil {
		r.t.Fatalf("attempt %d is withdrawn, which is not under way", a)
	}
	delete(r.runs, a)
}

func (r *referee) Lost(to netip.AddrPort, _ race.Failure) {
	if c := r.open[to]; c == nil || c.failed != c.lanes {
		r.t.Fatalf("%v is lost after %+v", to, c)
	}
	delete(r.open, to)
}

// of are the attempts to an endpoint that are under way.
func (r *referee) of(to netip.AddrPort) []race.Attempt {
	var out []race.Attempt
	for _, a := range slices.Sorted(maps.Keys(r.runs)) {
		if r.runs[a].to == to {
			out = append(out, a)
		}
	}
	return out
}

// fail ends an attempt without a connection that stays.
func (r *referee) fail(a race.Attempt) {
	f := r.runs[a]
	delete(r.runs, a)
	r.open[f.to].failed++
	if r.core.Failed(r.now, a, race.NoAnswer, r) != race.UnderWay {
		r.t.Fatalf("attempt %d is outdated", a)
	}
}

func (r *referee) finish(a race.Attempt) {
	f := r.runs[a]
	if r.core.Finished(a, r) != race.UnderWay {
		r.t.Fatalf("attempt %d is outdated", a)
	}
	delete(r.runs, a)
	if left := r.of(f.to); len(left) > 0 {
		r.t.Fatalf("%v stay beside %d", left, a)
	}
	delete(r.open, f.to)
	r.kept++
}

func (r *referee) begun(a race.Attempt) {
	f := r.runs[a]
	if f.begun != mono.Never {
		return
	}
	f.begun = r.now
	if c := r.open[f.to]; c.first == mono.Never {
		c.first = r.now
	}
	r.core.Begun(r.now, a)
}

func TestOneConnectionStaysAtMostAndEveryRaceEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &referee{
			t: t, core: race.New(most, 0), now: start,
			runs: map[race.Attempt]*fate{}, open: map[netip.AddrPort]*course{},
		}
		step := func() {
			attempts := slices.Sorted(maps.Keys(r.runs))
			what := rapid.IntRange(0, 5).Draw(t, "input")
			if what == 0 || len(attempts) == 0 {
				r.begin(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, rapid.Byte().Draw(t, "host")}), 1))
				return
			}
			a := rapid.SampledFrom(attempts).Draw(t, "attempt")
			switch f := r.runs[a]; what {
			case 1:
				r.now = r.now.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "ms")) * time.Millisecond)
			case 2:
				r.begun(a)
			case 3:
				r.begun(a)
				f.made = true
				r.core.Made(r.now, a)
			case 4:
				r.fail(a)
			default:
				if f.made {
					r.finish(a)
				}
			}
		}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			step()
			r.core.Next(r.now, r)
		}
		r.drain()
		for _, a := range []race.Attempt{0, 1, 2} {
			if r.core.Made(r.now, a) != race.Outdated || r.core.Finished(a, r) != race.Outdated {
				t.Fatalf("attempt %d is still under way", a)
			}
		}
	})
}

// begin begins a race, as a book does: only where there is none, and few at once.
func (r *referee) begin(to netip.AddrPort) {
	if r.open[to] != nil || len(r.open) >= most {
		return
	}
	over := rapid.SampledFrom([][]transport.Transport{far, far, {transport.TCP, transport.UTP}, far[1:]}).Draw(r.t, "over")
	r.open[to] = &course{lanes: len(over)}
	r.core.Begin(to, time.Second, over, r)
}

// drain has everything end that is under way, and looks that nothing is left.
func (r *referee) drain() {
	for n := 0; len(r.open) > 0; n++ {
		if n > 10*most {
			r.t.Fatalf("stuck: %v, %v", r.open, r.runs)
		}
		if attempts := slices.Sorted(maps.Keys(r.runs)); len(attempts) > 0 {
			r.fail(attempts[0])
		}
		r.now = max(r.now, r.core.NextDeadline())
		r.core.Next(r.now, r)
	}
	if d := r.core.NextDeadline(); d != mono.Never || len(r.runs) > 0 || r.core.Beside() != 0 {
		r.t.Fatalf("at the end a deadline %v, attempts %v", d, r.runs)
	}
}
