package trial_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/utpsim/trial"
	"github.com/etorrent/etorrent/internal/vocab/named"
	"github.com/etorrent/etorrent/internal/vocab/utptrace"
)

const ms = time.Millisecond

// base has 20 Mbit/s, 50 ms, and a queue of a quarter of a second.
func base() trial.Config {
	return trial.Config{
		Seed: 1, Link: utpsim.Link{Rate: 20_000_000, Delay: 25 * ms, Queue: 625_000}, Flows: 2, For: 10 * time.Second, Interval: 100 * ms,
	}
}

// told is what a trace tells.
type told struct {
	records []utptrace.Record
	last    map[int]utptrace.Sample
	first   map[int]utptrace.Sample
	marks   map[utptrace.MarkKind]int
	queued  time.Duration // at most
	raw     []byte
}

func run(t *testing.T, c trial.Config) told {
	t.Helper()
	var b bytes.Buffer
	if err := trial.Run(c, &b); err != nil {
		t.Fatal(err)
	}
	out := told{last: map[int]utptrace.Sample{}, first: map[int]utptrace.Sample{}, marks: map[utptrace.MarkKind]int{}, raw: b.Bytes()}
	var p utptrace.Parser
	for line := range bytes.Lines(b.Bytes()) {
		r, err := p.Parse(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil || r == nil {
			t.Fatalf("%s: %v", line, err)
		}
		switch r := r.(type) {
		case utptrace.Sample:
			if _, known := out.first[r.Flow]; !known {
				out.first[r.Flow] = r
			}
			out.last[r.Flow] = r
		case utptrace.Mark:
			out.marks[r.Kind]++
		case utptrace.Link:
			out.queued = max(out.queued, r.Most)
		case utptrace.Head, utptrace.Flow:
		}
		out.records = append(out.records, r)
	}
	return out
}

func TestTheSameSeedMakesTheSameTrace(t *testing.T) {
	c := base()
	c.Link.Loss, c.Link.Jitter = 0.01, ms
	one := run(t, c)
	if again := run(t, c); !bytes.Equal(one.raw, again.raw) {
		t.Error("the trace is another one")
	}
	c.Seed = 2
	if other := run(t, c); bytes.Equal(one.raw, other.raw) {
		t.Error("the seed changes nothing")
	}
}

func TestATraceTellsWhatFlowsDo(t *testing.T) {
	c := base()
	c.Late, c.Link.Loss = 4*time.Second, 0.001
	x := run(t, c)
	if x.first[1].At >= time.Second || x.first[2].At != 4*time.Second {
		t.Errorf("the first samples are at %v and %v", x.first[1].At, x.first[2].At)
	}
	carried := x.last[1].Acked + x.last[2].Acked
	if want := uint64(20_000_000 / 8 * 10); carried > want || carried < want*7/10 {
		t.Errorf("%d bytes came of %d", carried, want)
	}
	if x.marks[utptrace.Connected] != 2 || x.marks[utptrace.SlowdownMark] == 0 || x.marks[utptrace.Lost] == 0 || x.marks[utptrace.Gap] > 0 {
		t.Errorf("marks: %v", x.marks)
	}
	if x.queued < 40*ms || x.queued > 260*ms {
		t.Errorf("at most %v in the queue", x.queued)
	}
	s := x.last[1]
	if s.Base < 50*ms || s.Base > 60*ms || s.RTT < s.Base || s.Target != 58*ms || s.Packet < 1400 || s.Remote == 0 || s.Lost == 0 || s.Rate == 0 {
		t.Errorf("%+v", s)
	}
}

// What libutp is known for: a late flow drives out the first.
func TestTheProfileOfLibutpIsDrivenOutByALateOne(t *testing.T) {
	for profile, least := range map[string]float64{"ledbat": 0, "ledbat++": 0.25} {
		c := base()
		c.Profile, c.Late, c.For = profile, 30*time.Second, 100*time.Second
		x := run(t, c)
		if share := float64(x.last[1].Window) / float64(x.last[1].Window+x.last[2].Window); share < least || least == 0 && share > 0.2 {
			t.Errorf("%s: the first has %.3f of the windows", profile, share)
		}
	}
}

func TestAFlowOfTCPGoesBesideOurs(t *testing.T) {
	for _, beside := range []trial.TCP{trial.Reno, trial.Cubic} {
		c := base()
		c.Flows, c.Beside, c.For = 1, beside, 20*time.Second
		x := run(t, c)
		if x.last[2].Acked < 2*x.last[1].Acked || x.last[2].Window == 0 || x.last[2].Lost == 0 {
			t.Errorf("%+v beside %+v", x.last[2], x.last[1])
		}
	}
}

func TestWhatEndsATrialEarly(t *testing.T) {
	c := base()
	c.Profile = "best"
	var unknown *named.UnknownError
	if err := trial.Run(c, io.Discard); !errors.As(err, &unknown) {
		t.Error(err)
	}
	c = base()
	quit, steps := make(chan struct{}), 0
	c.Quit = quit
	c.Show = func(time.Duration) {
		if steps++; steps == 3 {
			close(quit)
		}
	}
	if err := trial.Run(c, io.Discard); !errors.Is(err, trial.ErrQuit) || steps != 3 {
		t.Errorf("%d steps, %v", steps, err)
	}
	if err := trial.Run(base(), full{}); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
