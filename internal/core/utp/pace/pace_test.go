package pace_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/utp/pace"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const segment = 1400

// send sends as much as may leave until a time, and returns the bytes.
func send(p *pace.Pacer, now, until mono.Instant) (bytes, largest int) {
	for now <= until {
		burst := 0
		for at := p.Next(now); at <= now; at = p.Next(now) {
			p.Sent(now, segment)
			burst += segment
		}
		bytes, largest = bytes+burst, max(largest, burst)
		now = p.Next(now)
	}
	return bytes, largest
}

func TestPacketsLeaveAtTheRate(t *testing.T) {
	for _, rate := range []int64{1000, 100_000, 2_500_000, 125_000_000, 1_250_000_000} {
		var p pace.Pacer
		p.Set(rate, segment)
		bytes, _ := send(&p, 1, mono.Instant(1).Add(10*time.Second))
		if want := 10 * rate; int64(bytes) < want || int64(bytes) > want+want/1000+pace.MostFastBurst {
			t.Errorf("at %d bytes a second %d leave in 10 s", rate, bytes)
		}
	}
}

func TestABurstIsWhatTheRateTakesInAMillisecond(t *testing.T) {
	for _, c := range []struct{ rate, packets int64 }{
		{125_000, 2}, {2_500_000, 2}, {12_500_000, 9}, {40_000_000, 29}, {200_000_000, pace.MostBurst / segment}, {1_250_000_000, 312_500 / segment}, {12_500_000_000, pace.MostFastBurst / segment},
	} {
		var p pace.Pacer
		p.Set(c.rate, segment)
		p.Sent(1, segment)
		later := mono.Instant(1).Add(time.Minute)
		if got := p.Ready(later); int64(got) > (c.packets+1)*segment || int64(got) < (c.packets-1)*segment {
			t.Errorf("at %d bytes a second %d packets are ready after a minute, want %d", c.rate, got/segment, c.packets)
		}
		if _, got := send(&p, later, later); int64(got) > (c.packets+1)*segment || int64(got) < (c.packets-1)*segment {
			t.Errorf("at %d bytes a second %d packets leave at once after a minute, want %d", c.rate, got/segment, c.packets)
		}
	}
}

func TestWhatIsNotPacedLeavesAtOnce(t *testing.T) {
	var p pace.Pacer
	p.Set(0, segment)
	for range 1000 {
		p.Sent(5, segment)
	}
	if p.Next(5) != 5 || p.Ready(5) != pace.MostBurst {
		t.Errorf("the next one leaves at %d", p.Next(5))
	}
}

func TestATimerThatIsLateLosesNothing(t *testing.T) {
	var p pace.Pacer
	p.Set(12_500_000, segment)
	bytes, now := 0, mono.Instant(1)
	for range 10_000 {
		now = now.Add(time.Millisecond)
		for p.Next(now) <= now {
			p.Sent(now, segment)
			bytes += segment
		}
	}
	if bytes < 12_400_000*10 {
		t.Errorf("%d bytes in ten seconds of timers of a millisecond", bytes)
	}
}

func TestNoRateMakesNonsense(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pace.Pacer
		now := mono.Instant(rapid.Int64Range(1, 1<<50).Draw(t, "now"))
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "later")))
			if rapid.IntRange(0, 1).Draw(t, "set") == 1 {
				p.Set(rapid.OneOf(rapid.Int64Range(-1, 10), rapid.Int64()).Draw(t, "rate"), rapid.IntRange(0, 65535).Draw(t, "segment"))
			}
			if at := p.Next(now); at < now || at.Sub(now) > 100*time.Hour {
				t.Fatalf("at %d the next leaves at %d", now, at)
			}
			ready := p.Ready(now)
			if ready < 0 || ready > pace.MostFastBurst+2*65535 {
				t.Fatalf("%d bytes are ready", ready)
			}
			if p.Next(now) == now {
				p.Sent(now, rapid.IntRange(0, 65535).Draw(t, "bytes"))
			}
		}
	})
}
