package utpsim_test

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// metronome sends a numbered datagram of a size at every step of its clock, and
// remembers what comes.
type metronome struct {
	every time.Duration
	size  int
	left  int
	next  mono.Instant
	came  []uint32
	at    []mono.Instant
	sent  uint32
	fresh int
}

func (m *metronome) Deliver(now mono.Instant, datagram []byte) {
	m.came = append(m.came, binary.BigEndian.Uint32(datagram))
	m.at = append(m.at, now)
	m.fresh += len(datagram)
}

func (m *metronome) Deadline() mono.Instant {
	if m.left == 0 {
		return mono.Never
	}
	return max(m.next, 1)
}

func (m *metronome) Advance(now mono.Instant, out *utpsim.Outbox) {
	if m.fresh > 0 {
		out.Deliver(m.fresh)
		m.fresh = 0
	}
	if m.left == 0 || now < m.next {
		return
	}
	datagram := make([]byte, m.size)
	binary.BigEndian.PutUint32(datagram, m.sent)
	out.Send(datagram)
	m.sent++
	m.left--
	m.next = now.Add(m.every)
}

// twoEnds is a world of one flow whose right end only listens.
func twoEnds(t *testing.T, forward utpsim.Link, left *metronome) (*utpsim.World, *metronome) {
	t.Helper()
	right := &metronome{}
	w, err := utpsim.New(utpsim.Config{
		Seed: 1, Forward: forward, Reverse: utpsim.Link{Delay: time.Millisecond},
		Flows: []utpsim.Flow{{Left: utpsim.Step(left, utpsim.Clock{}), Right: utpsim.Step(right, utpsim.Clock{})}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, right
}

func run(t *testing.T, w *utpsim.World, until time.Duration) *utpsim.Stats {
	t.Helper()
	if err := w.Run(until); err != nil {
		t.Fatal(err)
	}
	return w.TakeStats()
}

func TestALinkHasItsRateItsDelayAndItsQueue(t *testing.T) {
	const size = 1000 // takes 1 ms at 8 Mbit/s
	link := utpsim.Link{Rate: 8_000_000, Delay: 20 * time.Millisecond, Queue: 10 * size}
	w, right := twoEnds(t, link, &metronome{every: 500 * time.Microsecond, size: size, left: 2000})
	s := run(t, w, 2*time.Second)
	if n := len(right.came); n < 1000 || n > 1011 {
		t.Errorf("%d came in a second", n)
	}
	for i, at := range right.at[1:] {
		if gap := at.Sub(right.at[i]); gap < time.Millisecond || right.came[i+1] <= right.came[i] {
			t.Fatalf("datagram %d came %v after datagram %d", right.came[i+1], gap, right.came[i])
		}
	}
	if first := time.Duration(right.at[0]) - time.Second; first != 21*time.Millisecond {
		t.Errorf("the first came after %v", first)
	}
	waits, fates := &s.Links[utpsim.Left].Waits, s.Links[utpsim.Left].Fates
	if q := waits.Quantile(1); q > 9500*time.Microsecond || waits.Mean() < 8*time.Millisecond {
		t.Errorf("the queue had %v at most, %v in the mean", q, waits.Mean())
	}
	if fates[utpsim.LostInQueue]+fates[utpsim.Arrives] != 2000 || fates[utpsim.Arrives] != int64(len(right.came)) {
		t.Errorf("fates %v", fates)
	}
	if got := s.Goodput(0); got < 4_000_000 || got > 4_050_000 { // a second of two
		t.Errorf("goodput %.0f", got)
	}
}

func TestFaultsOfALinkAreAsOftenAsItSays(t *testing.T) {
	const all = 20_000
	link := utpsim.Link{
		Delay: 20 * time.Millisecond, Loss: 0.1, Duplicate: 0.05, Jitter: 5 * time.Millisecond,
		Outage: utpsim.Outage{Every: 2 * time.Second, Lasts: 200 * time.Millisecond},
	}
	w, right := twoEnds(t, link, &metronome{every: time.Millisecond, size: 40, left: all})
	fates := run(t, w, time.Minute).Links[utpsim.Left].Fates
	for fate, want := range map[utpsim.Fate]int64{
		utpsim.LostInOutage: 9 * 200, utpsim.LostAtRandom: (all - 1800) / 10, utpsim.ArrivesTwice: (all - 1800) * 9 / 10 / 20,
	} {
		if n := fates[fate]; n < want*9/10 || n > want*11/10 {
			t.Errorf("fate %d: %d, want %d", fate, n, want)
		}
	}
	disorder := 0
	for i, n := range right.came[1:] {
		if n < right.came[i] {
			disorder++
		}
	}
	if disorder < all/10 {
		t.Errorf("%d came too early", disorder)
	}
	if int64(len(right.came)) != fates[utpsim.Arrives]+2*fates[utpsim.ArrivesTwice] {
		t.Errorf("%d came of %v", len(right.came), fates)
	}
}

func TestAJudgeLosesWhatItLikes(t *testing.T) {
	link := utpsim.Link{Delay: time.Millisecond, Judge: func(_ time.Duration, _ int, datagram []byte) utpsim.Fate {
		if binary.BigEndian.Uint32(datagram) == 3 {
			return utpsim.LostByJudge
		}
		return utpsim.Arrives
	}}
	w, right := twoEnds(t, link, &metronome{every: time.Millisecond, size: 40, left: 6})
	run(t, w, time.Second)
	if len(right.came) != 5 || right.came[3] != 4 {
		t.Errorf("%v came", right.came)
	}
}

func TestAClockAndItsTimesAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := utpsim.Clock{
			Offset: time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "offset")),
			Drift:  rapid.Int64Range(-1000, 1000).Draw(t, "drift"),
		}
		at := time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "at"))
		shows := c.At(at)
		if when := c.When(shows); when > at || c.At(when) < shows || when > 0 && c.At(when-1) >= shows {
			t.Fatalf("shows %d at %d, which is when %d", shows, at, when)
		}
		if c.At(at+1) < shows {
			t.Fatal("the clock goes back")
		}
	})
}

func TestAClockThatGoesTooFastShowsMore(t *testing.T) {
	c := utpsim.Clock{Offset: time.Hour, Drift: 200}
	if got := c.At(1000*time.Second) - c.At(0); time.Duration(got) != 1000*time.Second+200*time.Millisecond {
		t.Errorf("shows %v", time.Duration(got))
	}
	if (utpsim.Clock{}).When(mono.Never) != utpsim.Forever {
		t.Error("never comes")
	}
}

// late has a deadline that it just had.
type late struct{ metronome }

func (l *late) Deadline() mono.Instant                   { return 1 }
func (l *late) Advance(_ mono.Instant, _ *utpsim.Outbox) {}

func TestAnEndForWhichTimeDoesNotGoOnIsNamed(t *testing.T) {
	end := utpsim.Step(&metronome{}, utpsim.Clock{})
	w, err := utpsim.New(utpsim.Config{
		Forward: utpsim.Link{Delay: time.Millisecond}, Reverse: utpsim.Link{Delay: time.Millisecond},
		Flows: []utpsim.Flow{{Left: end, Right: utpsim.Step(&late{}, utpsim.Clock{})}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(time.Second); !errors.Is(err, utpsim.ErrStuck) {
		t.Errorf("the world says %v", err)
	}
}

func TestAWorldHasBounds(t *testing.T) {
	end := utpsim.Step(&metronome{}, utpsim.Clock{})
	if _, err := utpsim.New(utpsim.Config{Forward: utpsim.Link{Delay: time.Second}, Flows: []utpsim.Flow{{Left: end, Right: end}}}); !errors.Is(err, utpsim.ErrDelay) {
		t.Errorf("a link without a delay: %v", err)
	}
	link := utpsim.Link{Delay: time.Millisecond}
	busy := utpsim.Step(&metronome{every: time.Microsecond, size: 4, left: 1 << 30}, utpsim.Clock{})
	w, err := utpsim.New(utpsim.Config{Forward: link, Reverse: link, Flows: []utpsim.Flow{{Left: busy, Right: end}}, MaxEvents: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(time.Minute); !errors.Is(err, utpsim.ErrEvents) || w.Now() > time.Second {
		t.Errorf("after %v: %v", w.Now(), err)
	}
}

func TestAnEndThatSendsWithoutEndIsStopped(t *testing.T) {
	link := utpsim.Link{Delay: time.Second}
	busy := utpsim.Step(&metronome{every: 1, size: 4, left: 1 << 30}, utpsim.Clock{})
	w, err := utpsim.New(utpsim.Config{Forward: link, Reverse: link, Flows: []utpsim.Flow{{Left: busy, Right: utpsim.Step(&metronome{}, utpsim.Clock{})}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(time.Minute); !errors.Is(err, utpsim.ErrStuck) {
		t.Errorf("the world says %v", err)
	}
}

func TestAWorldInWhichNothingHappensIsAtItsEndAtOnce(t *testing.T) {
	w, _ := twoEnds(t, utpsim.Link{Delay: time.Millisecond}, &metronome{})
	if s := run(t, w, 1000*time.Hour); w.Now() != 1000*time.Hour || s.Links[0].Fates[utpsim.Arrives] != 0 {
		t.Errorf("at %v", w.Now())
	}
}

func TestFairnessIsJains(t *testing.T) {
	for want, of := range map[float64][]float64{1: {3, 3, 3}, 0.5: {7, 0}, 0.9: {1, 2}} {
		if got := utpsim.Jain(of...); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("%v: %v, want %v", of, got, want)
		}
	}
	if utpsim.Jain(0, 0) != 1 {
		t.Error("who have nothing have alike")
	}
}

func TestThePatternHasItsPeriodAndNoShorterOne(t *testing.T) {
	if a, b := utpsim.Pattern(5, 1000), utpsim.Pattern(5+1_048_573, 1000); string(a) != string(b) {
		t.Error("it has another period")
	}
	if a, b := utpsim.Pattern(0, 1000), utpsim.Pattern(1382, 1000); string(a) == string(b) {
		t.Error("the next packet has the same bytes")
	}
}
