//go:build linux

package libutp

import (
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/utpsim/ours"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// A meeting is of our core and libutp, who send each other streams and end them.
type meeting struct {
	role        ours.Role // of ours
	there, back int       // bytes from who asks, and to it
	link        utpsim.Link
	clocks      [2]utpsim.Clock // of ours, of libutp
	core        conn.Config
	options     Options
	left        func() func(time.Duration, int, []byte) utpsim.Fate // judges what ours sends
	right       func() func(time.Duration, int, []byte) utpsim.Fate // and libutp
}

// ordinary is a link of 20 Mbit/s, 50 ms there and back.
func ordinary(loss float64) utpsim.Link {
	return utpsim.Link{Rate: 20 * megabit, Delay: 25 * time.Millisecond, Queue: 625_000, Loss: loss}
}

// run fails unless both streams are whole and both ends ended in order.
func (m meeting) run(t *testing.T) {
	t.Helper()
	plan := ours.Plan{Role: m.role, From: m.clocks[0].At(time.Second), Bytes: m.back, Leave: ours.Finishes, Seed: 5, Core: m.core}
	script := []Act{{time.Second, Connect, 0}, {time.Second, Write, uint32(m.there)}, {time.Second, Shutdown, 0}}
	wants := [2]int{m.there, m.back} // of ours, of libutp
	if m.role == ours.Asks {
		plan.Bytes, wants = m.there, [2]int{m.back, m.there}
		script = []Act{{time.Second, Write, uint32(m.back)}, {time.Second, Shutdown, 0}}
	}
	m.options.Seed = 9
	end, peer := ours.New(plan), New(t, m.options, m.clocks[1], script...)
	there, back := m.link, m.link
	if m.left != nil {
		there.Judge = m.left()
	}
	if m.right != nil {
		back.Judge = m.right()
	}
	w, err := utpsim.New(utpsim.Config{
		Seed: 1, Forward: there, Reverse: back, Overhead: utpwire.HeadersOfIPv4, Flows: []utpsim.Flow{{Left: utpsim.Step(end, m.clocks[0]), Right: peer}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(10 * time.Minute); err != nil || peer.Err() != nil {
		t.Fatal(err, peer.Err())
	}
	if end.Wrong != nil || end.Got != int64(wants[0]) || peer.Got != int64(wants[1]) || peer.Happened(Differs) != utpsim.Forever {
		t.Errorf("ours has %d bytes of %d (%v), libutp %d of %d", end.Got, wants[0], end.Wrong, peer.Got, wants[1])
	}
	if end.Why != conn.Finished || peer.Happened(Ended) == utpsim.Forever || peer.Happened(Failed) != utpsim.Forever {
		t.Errorf("ours ended as %v; libutp tells %v", end.Why, peer.Story)
	}
	t.Logf("ours sent %d again, and had all after %v; libutp's stream ended after %v",
		end.Again, end.EndedAt.Sub(m.clocks[0].At(time.Second)), peer.Happened(Ended)-time.Second)
}

// roles has both of ours.
func roles(t *testing.T, name string, m meeting) {
	t.Helper()
	if m.there == 0 && m.back == 0 {
		m.there, m.back = 1_000_000, 300_000
	}
	for as, role := range map[string]ours.Role{"asks": ours.Asks, "accepts": ours.Accepts} {
		m := m
		m.role = role
		t.Run(name+", ours "+as, func(t *testing.T) {
			t.Parallel()
			m.run(t)
		})
	}
}

func TestOursAndLibutpHaveTheSameStreams(t *testing.T) {
	t.Parallel()
	for _, loss := range []float64{0, 0.01, 0.05} {
		for _, flavour := range []Flavour{Robust, Asserts} {
			roles(t, fmt.Sprintf("loss %v, flavour %d", loss, flavour), meeting{link: ordinary(loss), options: Options{Flavour: flavour}})
		}
	}
}

func TestOursAndLibutpHaveTheSameStreamsOfAnySize(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 1381, 1382, 1383, 65_536} {
		roles(t, fmt.Sprint(size, " bytes"), meeting{there: size, back: size, link: ordinary(0)})
		roles(t, fmt.Sprint(size, " bytes one way"), meeting{there: size, link: ordinary(0.02)})
	}
}

// first loses the first packets of a kind.
func first(kind utpwire.Kind, n int) func() func(time.Duration, int, []byte) utpsim.Fate {
	return func() func(time.Duration, int, []byte) utpsim.Fate {
		left := n
		return func(_ time.Duration, _ int, datagram []byte) utpsim.Fate {
			if utpwire.Kind(datagram[0]>>4) != kind || left == 0 {
				return utpsim.Arrives
			}
			left--
			return utpsim.LostByJudge
		}
	}
}

func TestOursAndLibutpHaveTheSameStreamsWhateverThePathDoes(t *testing.T) {
	t.Parallel()
	path := func(change func(*utpsim.Link)) utpsim.Link {
		l := ordinary(0)
		change(&l)
		return l
	}
	narrow := conn.Defaults()
	narrow.Segment = 548
	for name, m := range map[string]meeting{
		"reordering":              {link: path(func(l *utpsim.Link) { l.Jitter = 5 * time.Millisecond })},
		"duplicates":              {link: path(func(l *utpsim.Link) { l.Duplicate = 0.05; l.Jitter = time.Millisecond })},
		"outages":                 {link: path(func(l *utpsim.Link) { l.Outage = utpsim.Outage{Every: 2 * time.Second, Lasts: 500 * time.Millisecond} })},
		"a short queue":           {link: path(func(l *utpsim.Link) { l.Queue = 8_000; l.Rate = 2 * megabit })},
		"a long way":              {link: path(func(l *utpsim.Link) { l.Delay = 300 * time.Millisecond; l.Loss = 0.002 })},
		"stamps wrap":             {link: ordinary(0.01), clocks: [2]utpsim.Clock{{Offset: 4293 * time.Second}, {Offset: 4292 * time.Second, Drift: 200}}},
		"small packets":           {link: ordinary(0.01), core: narrow, options: Options{MTU: 600}},
		"a small window":          {link: ordinary(0.01), options: Options{ReceiveBuffer: 20_000, SendBuffer: 20_000}},
		"our SYN is lost":         {link: ordinary(0), left: first(utpwire.Syn, 1), right: first(utpwire.Syn, 1)},
		"the first State is lost": {link: ordinary(0), left: first(utpwire.State, 1), right: first(utpwire.State, 1)},
		"the first data is lost":  {link: ordinary(0), left: first(utpwire.Data, 3), right: first(utpwire.Data, 3)},
		"both FINs are lost":      {link: ordinary(0), left: first(utpwire.Fin, 2), right: first(utpwire.Fin, 1)},
	} {
		roles(t, name, m)
	}
}

// A sender of libutp's gets as much of a link where ours receives as where its own kind
// does: ours acknowledges, measures and tells of holes no worse.
func TestOursReceivesFromLibutpAsFastAsLibutpDoes(t *testing.T) {
	t.Parallel()
	for _, rtt := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond} {
		for _, loss := range []float64{0, 0.01} {
			t.Run(fmt.Sprintf("%v, loss %v", rtt, loss), func(t *testing.T) {
				t.Parallel()
				b := bench{rate: 20 * megabit, rtt: rtt, queue: 250 * time.Millisecond, loss: loss}
				theirs := b.run(t, 1, 20*time.Second, 120*time.Second, flow(t, 1, 0)).Goodput(0)
				f, clock := flow(t, 1, 0), utpsim.Clock{Offset: time.Hour}
				f.Right = utpsim.Step(ours.New(ours.Plan{Seed: 3}), clock)
				mine := b.run(t, 1, 20*time.Second, 120*time.Second, f).Goodput(0)
				t.Logf("to libutp %.4f of the link, to ours %.4f", theirs/float64(b.rate), mine/float64(b.rate))
				if mine < 0.9*theirs {
					t.Errorf("to libutp %.0f bit/s, to ours %.0f", theirs, mine)
				}
			})
		}
	}
}

// Where both send, each fills the queue in which the other's acknowledgements wait. The two
// streams are through as soon as those of two libutps.
func TestAStreamEachWayIsThroughAsSoonAsBetweenTwoOfLibutp(t *testing.T) {
	t.Parallel()
	const bytes = 16 << 20
	fills := func(acts ...Act) []Act {
		return append(acts, Act{time.Second, Write, bytes}, Act{time.Second, Shutdown, 0})
	}
	for _, delay := range []time.Duration{100 * time.Microsecond, 5 * time.Millisecond, 25 * time.Millisecond} {
		link := ordinary(0)
		link.Delay = delay
		took := func(left, right utpsim.Endpoint) time.Duration {
			w, err := utpsim.New(utpsim.Config{
				Seed: 1, Forward: link, Reverse: link, Overhead: utpwire.HeadersOfIPv4, Flows: []utpsim.Flow{{Left: left, Right: right}},
			})
			if err != nil {
				t.Fatal(err)
			}
			runTo(t, w, time.Minute)
			last := time.Duration(0)
			for _, e := range []utpsim.Endpoint{left, right} {
				if p, is := e.(*Peer); is {
					last = max(last, p.Happened(Ended))
				}
			}
			return last
		}
		var here utpsim.Clock
		there := utpsim.Clock{Offset: time.Hour}
		asks := ours.New(ours.Plan{Role: ours.Asks, From: here.At(time.Second), Bytes: bytes, Leave: ours.Finishes, Seed: 5})
		accepts := ours.New(ours.Plan{Bytes: bytes, Leave: ours.Finishes, Seed: 5})
		connect := Act{time.Second, Connect, 0}
		theirs := took(New(t, Options{Seed: 9}, here, fills(connect)...), New(t, Options{Seed: 10}, there, fills()...))
		dialled := took(utpsim.Step(asks, here), New(t, Options{Seed: 9}, there, fills()...))
		dialled = max(dialled, asks.EndedAt.Sub(here.At(0)))
		listened := took(New(t, Options{Seed: 9}, there, fills(connect)...), utpsim.Step(accepts, here))
		listened = max(listened, accepts.EndedAt.Sub(here.At(0)))
		t.Logf("%v each way: two libutps take %v, ours dials %v, listens %v", delay, theirs, dialled, listened)
		if worst := max(dialled, listened) - time.Second; asks.Got != bytes || accepts.Got != bytes || 0.9*float64(worst) > float64(theirs-time.Second) {
			t.Errorf("%v each way: two libutps take %v, ours dials %v with %d bytes, listens %v with %d", delay, theirs, dialled, asks.Got, listened, accepts.Got)
		}
	}
}
