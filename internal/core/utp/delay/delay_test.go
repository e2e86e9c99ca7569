package delay_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/utp/delay"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const ms = time.Millisecond

// path has queues in both directions, and a remote clock that is off.
type path struct {
	now         mono.Instant
	there, back time.Duration // without queues
	offset      utpwire.Delay // of the remote clock, in microseconds
	ppm         int64
}

// raw is the delay that the remote measures of a packet that waits so long.
func (p *path) raw(waits time.Duration) utpwire.Delay {
	drift := time.Duration(int64(p.now) / 1_000_000 * p.ppm)
	return max(p.offset+utpwire.Delay((p.there+waits+drift)/time.Microsecond), 1)
}

// sample measures a packet that waits on its way, and whose acknowledgement does.
func (p *path) sample(m *delay.Meter, waits, backWaits time.Duration) time.Duration {
	p.now = p.now.Add(200 * ms)
	queued, _ := m.Sample(p.now, p.raw(waits), p.there+p.back+waits+backWaits)
	return queued
}

func newPath() *path { return &path{now: 1, there: 20 * ms, back: 30 * ms, offset: 1<<32 - 3_000_000} }

func TestPacketsWaitAsLongAsTheyDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, m := newPath(), &delay.Meter{}
		p.offset = utpwire.Delay(rapid.Uint32().Draw(t, "offset"))
		p.sample(m, 0, 0)
		for range 20 {
			p.now = p.now.Add(2 * time.Second) // what came before does not count any more
			waits := time.Duration(rapid.IntRange(2, 900).Draw(t, "ms")) * ms
			if got := p.sample(m, waits, 0); (got - waits).Abs() > time.Millisecond {
				t.Fatalf("waits %v, measured %v", waits, got)
			}
		}
	})
}

func TestAQueueOnTheWayBackIsNone(t *testing.T) {
	p, m := newPath(), &delay.Meter{}
	p.sample(m, 0, 0)
	if got := p.sample(m, 0, 500*ms); got > ms {
		t.Errorf("measured %v", got)
	}
}

func TestOneSampleThatIsLongIsNoQueue(t *testing.T) {
	p, m := newPath(), &delay.Meter{}
	p.sample(m, 0, 0)
	m.Sample(p.now, p.raw(0), 50*ms)
	if got, _ := m.Sample(p.now.Add(ms), p.raw(80*ms), 130*ms); got > ms {
		t.Errorf("measured %v", got)
	}
}

// Where the path was seen empty a minute ago, a drift of 200 millionths is 12 ms.
func TestDriftCountsOnlySinceThePathWasEmpty(t *testing.T) {
	for _, ppm := range []int64{-200, -50, 50, 200} {
		p, m := newPath(), &delay.Meter{}
		p.ppm = ppm
		for minute := range 120 {
			p.sample(m, 0, 0)
			p.now = p.now.Add(59 * time.Second)
			if got := p.sample(m, 60*ms, 0); (got - 60*ms).Abs() > 13*ms {
				t.Fatalf("%d millionths, minute %d: measured %v", ppm, minute, got)
			}
		}
	}
}

// A clock that is too fast makes packets seem late, however long ago the path was empty;
// the round trip knows better.
func TestNothingWaitsLongerThanTheRoundTripSays(t *testing.T) {
	p, m := newPath(), &delay.Meter{}
	p.ppm = 1000
	p.sample(m, 0, 0)
	for range 500 {
		p.now = p.now.Add(time.Second)
		if got := p.sample(m, 60*ms, 0); got > 61*ms {
			t.Fatalf("after %v measured %v", p.now.Sub(1), got)
		}
	}
}

func TestAShorterPathIsKnownAtOnceAndALongerOneInTime(t *testing.T) {
	p, m := newPath(), &delay.Meter{}
	p.sample(m, 0, 0)
	p.there = 10 * ms
	if got := p.sample(m, 0, 0); got != 0 || m.Base() != 40*ms || m.Empty() != p.now {
		t.Errorf("measured %v, the base is %v", got, m.Base())
	}
	p.there = 110 * ms
	for range 12 * 54 { // twelve minutes
		if got := p.sample(m, 0, 0); got < 99*ms {
			t.Fatalf("after %v measured %v", p.now.Sub(1), got)
		}
		p.now = p.now.Add(900 * ms)
	}
	for range 4 * 60 {
		p.sample(m, 0, 0)
		p.now = p.now.Add(900 * ms)
	}
	if got := p.sample(m, 0, 0); got > ms || m.Base() != 140*ms {
		t.Errorf("measured %v, the base is %v", got, m.Base())
	}
}

func TestEitherMeasureDoesAlone(t *testing.T) {
	p, stamps, trips := newPath(), &delay.Meter{}, &delay.Meter{}
	stamps.Sample(1, p.raw(0), 0)
	trips.Sample(1, utpwire.NoDelay, 50*ms)
	now := mono.Instant(1).Add(time.Minute)
	one, a := stamps.Sample(now, p.raw(70*ms), 0)
	other, b := trips.Sample(now, utpwire.NoDelay, 120*ms)
	if one != 70*ms || other != 70*ms || a != delay.Queued || b != delay.Queued {
		t.Errorf("measured %v and %v", one, other)
	}
	for range 14 {
		now = now.Add(time.Minute)
		stamps.Sample(now, p.raw(70*ms), 0)
		trips.Sample(now, utpwire.NoDelay, 120*ms)
	}
	one, _ = stamps.Sample(now, p.raw(70*ms), 0)
	other, _ = trips.Sample(now, utpwire.NoDelay, 120*ms)
	if one != 0 || other != 0 {
		t.Errorf("after a quarter of an hour measured %v and %v", one, other)
	}
	if _, e := stamps.Sample(now, utpwire.NoDelay, 0); e != delay.Nothing {
		t.Error("something was measured of nothing")
	}
}

func TestNoEvidenceMakesANegativeWait(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m delay.Meter
		var p delay.Plain
		now := mono.Instant(1)
		for range rapid.IntRange(1, 60).Draw(t, "samples") {
			now = now.Add(time.Duration(rapid.OneOf(rapid.Int64Range(0, 1e9), rapid.Int64Range(0, 1<<42)).Draw(t, "later")))
			d := utpwire.Delay(rapid.OneOf(rapid.Uint32Range(0, 5), rapid.Uint32()).Draw(t, "delay"))
			rtt := time.Duration(rapid.OneOf(rapid.Int64Range(0, 2), rapid.Int64Range(0, 1<<40)).Draw(t, "rtt"))
			if got, _ := m.Sample(now, d, rtt); got < 0 || got > time.Hour {
				t.Fatalf("waits %v", got)
			}
			p.Back(now, utpwire.Delay(rapid.Uint32().Draw(t, "back")))
			if got := p.Sample(now, d, rtt); got < 0 {
				t.Fatalf("libutp waits %v", got)
			}
		}
	})
}

// libutp takes what the other base falls by for drift, and adds it to ours.
func TestPlainFollowsTheOtherDirection(t *testing.T) {
	var p delay.Plain
	p.Sample(1, 1000, 0)
	p.Back(1, 50_000)
	p.Back(2, 45_000)
	for range 3 {
		if got := p.Sample(3, 26_000, 0); got > 20*ms {
			t.Errorf("waits %v", got)
		}
	}
	p.Back(4, 20_000) // too much for drift
	if got := p.Sample(5, 26_000, 0); got != 20*ms {
		t.Errorf("waits %v", got)
	}
}

func TestPlainAddsAPenaltyForAClockThatIsTooSlow(t *testing.T) {
	var p delay.Plain
	now, d := mono.Instant(1), utpwire.Delay(1<<31)
	for range 200 {
		now = now.Add(500 * ms)
		d -= 50_000 // half a second in five
		p.Sample(now, d, 0)
	}
	if got := p.Sample(now, d, 0); got < 35*ms || got > 45*ms {
		t.Errorf("waits %v", got)
	}
}
