package conn_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/mtu"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// narrow is a path that takes datagrams of so many bytes, from an instant on.
func narrow(w *world, bytes int, from time.Duration) func() int {
	return func() int {
		if w.now.Sub(w.begin) < from {
			return 1 << 16
		}
		return bytes
	}
}

func TestPacketsBecomeAsLargeAsThePathTakes(t *testing.T) {
	for _, wide := range []int{1 << 16, 1472, 1400, 1300, 1210, 900, 576} {
		w := newWorld(t, path{rtt: 30 * ms, bytes: [2]int{3_000_000, 100}, sizes: mtu.IPv4(), window: 60_000, chunk: 1 << 20})
		w.wide = narrow(w, wide, 0)
		size := 0
		w.lose = func(from, _ int, _ utpwire.Kind) fate {
			if from == 0 {
				size = w.ends[0].conn.Status().Segment + utpwire.HeaderBytes
			}
			return carried
		}
		w.run()
		w.mustBeWhole("on a narrow path")
		if most := min(wide, 1472); size > most || size < most-16 {
			t.Errorf("packets of %d bytes on a path of %d", size, wide)
		}
		if took := w.ends[0].doneAt.Sub(w.begin); took > 10*time.Second {
			t.Errorf("a path of %d took %v", wide, took)
		}
	}
}

func TestAPathThatBecomesNarrowerWithoutAWordIsFoundOut(t *testing.T) {
	for _, wide := range []int{1250, 1000, 576} {
		w := newWorld(t, path{rtt: 30 * ms, bytes: [2]int{20_000_000, 0}, sizes: mtu.IPv4(), window: 60_000, chunk: 1 << 20})
		w.wide = narrow(w, wide, 2*time.Second)
		w.run()
		w.mustBeWhole("on a path that became narrower")
		if took := w.ends[0].doneAt.Sub(w.begin); took > 25*time.Second {
			t.Errorf("a path that takes %d from then on took %v", wide, took)
		}
	}
}

// What was made for a wider path comes in fragments, or never.
func TestAPathThatTakesNoFragmentsLosesNothingButSoundings(t *testing.T) {
	for _, wide := range []int{1 << 16, 1452, 1300, 1200} {
		w := newWorld(t, path{rtt: 30 * ms, bytes: [2]int{3_000_000, 100}, sizes: mtu.IPv4(), window: 60_000, chunk: 1 << 20, fragments: lostThere})
		w.wide = narrow(w, wide, 0)
		w.run()
		w.mustBeWhole("on a path without fragments")
		if took := w.ends[0].doneAt.Sub(w.begin); took > 10*time.Second {
			t.Errorf("a path of %d took %v", wide, took)
		}
	}
}

// Nobody knows what became of a sounding that a remote threw away.
func TestASoundingThatWasNotTakenIsSentAnew(t *testing.T) {
	cfg := config()
	cfg.Path = mtu.IPv4()
	p := dialled(t, cfg)
	p.Append(20_000)
	p.receive(p.synAck(ourID, theirs.Add(5000)))
	p.flush()
	soundings := 0
	for _, seq := range []int{5000, 0} {
		for _, o := range p.look() {
			if o.Padding+o.Size == 1452 && o.Padding > 0 && o.Cut == conn.Uncut {
				soundings++
			}
		}
		if seq == 5000 {
			p.receive(p.synAck(ourID, theirs))
			p.flush()
			p.receive(p.remote(utpwire.State, 0, 3))
			p.Append(20_000)
			p.flush()
		}
	}
	if soundings != 2 {
		t.Errorf("%d soundings", soundings)
	}
}

func TestWhatOurOwnSystemOrARouterSaysOfSizesIsFollowed(t *testing.T) {
	cfg := config()
	cfg.Path = mtu.IPv4()
	p := opened(t, cfg)
	p.Append(20_000)
	p.flush()
	for _, o := range p.look() {
		if o.Cut != conn.Uncut {
			t.Errorf("%+v", o)
		}
		if o.Padding > 0 {
			p.TooLarge(p.now, o) // it sounds
		}
	}
	p.flush()
	s := p.look()
	p.mustSend(s, "D")
	if s[0].Size != 1180 || s[0].Padding != 0 || s[0].Cut != conn.Uncut || s[0].Times != 1 {
		t.Errorf("%+v", s[0])
	}
	p.TooBig(p.now, 1000)
	if got := p.Status().Segment; got > 980 {
		t.Errorf("packets have %d bytes", got)
	}
}
