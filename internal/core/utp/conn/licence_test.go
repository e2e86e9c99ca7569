package conn_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// mostFlying is less than the windows become.
const mostFlying = 5000

// controlled is a world whose first end sends by a profile, and has a bound of its own.
func controlled(t *testing.T, profile string, p path) *world {
	t.Helper()
	cfg := p.config()
	cfg.Flying = mostFlying
	var err error
	if cfg.Control, err = cong.Find(profile); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, p)
	w.audits = 1
	ids := [conn.Attempts]utpwire.ConnID{65535, 5, 10, 15}
	w.ends[0].conn = conn.Dial(cfg, conn.NewShared(w.pool), conn.Invitation{IDs: ids, Seq: p.syn}, w.local(0))
	return w
}

// freeze has nothing go on for so long, on the way: what is sent meanwhile waits too.
func (w *world) freeze(by time.Duration) {
	for i := range w.under {
		w.under[i].at = w.under[i].at.Add(by)
	}
	way := w.rtt
	for until := w.now.Add(by); w.now < until; w.one() {
		w.rtt = way + 2*until.Sub(w.now)
	}
	w.rtt = way
}

// Each flush is followed by an Audit, which says what flies beyond a window without an excuse:
// where the control's becomes less than a packet, where the remote's opens and closes, where
// what was taken for lost was only late, and where both are more than ever may fly.
func TestNoMoreFliesThanWindowsAndTheBoundHaveRoomFor(t *testing.T) {
	for _, profile := range cong.Names() {
		for name, p := range map[string]path{
			"nothing is lost":           {},
			"much is lost":              {loss: 0.1},
			"packets overtake others":   {jitter: 40 * ms, dup: 0.1},
			"the remote reads slowly":   {reads: 70 * ms, receives: 1000, loss: 0.02},
			"it has less than a packet": {reads: 20 * ms, receives: 60, loss: 0.02, bytes: [2]int{3000, 0}},
		} {
			t.Run(profile+", "+name, func(t *testing.T) {
				p.rtt = 50 * ms
				if p.bytes[0] == 0 {
					p.bytes[0] = 200_000
				}
				w := controlled(t, profile, p)
				most := 0
				for w.ends[0].doneAt == 0 || w.ends[1].got < p.bytes[0] {
					w.one()
					most = max(most, w.ends[0].conn.Status().Flying.Bytes)
				}
				if most > mostFlying || name == "nothing is lost" && most < mostFlying-100 {
					t.Errorf("%d bytes were on their way", most)
				}
				w.run()
				w.mustBeWhole(name)
			})
		}
	}
}

// A window that is less than a packet has one fly, which is whole.
func TestAWindowOfLessThanAPacketHasOneFly(t *testing.T) {
	cfg := config()
	cfg.Control = lets(10)
	p := opened(t, cfg)
	p.Append(3 * segment)
	for n := 1; n <= 3; n++ {
		p.flush()
		if sent := p.look(); kinds(sent) != "D" || sent[0].Size != segment {
			t.Fatalf("packet %d: it sent %+v", n, sent)
		}
		p.receive(p.ack(n))
	}
}

// The path holds all back, for so long that it is taken for lost, and then acknowledgements of
// it come: it flies again, and what it was sent by is what the window was then.
func TestWhatWasTakenForLostMayFlyAgainBeyondTheWindow(t *testing.T) {
	for _, profile := range cong.Names() {
		undone := uint64(0)
		for by := 200 * ms; by < 1500*ms; by += 40 * ms {
			w := controlled(t, profile, path{rtt: 50 * ms, jitter: 5 * ms, bytes: [2]int{60_000, 0}})
			for w.ends[0].conn.Status().Flying.Packets < 20 {
				w.one()
			}
			w.freeze(by)
			w.run()
			w.mustBeWhole(fmt.Sprint(profile, ", held back for ", by))
			undone += w.ends[0].conn.Status().Totals.Undone
		}
		if undone == 0 {
			t.Errorf("%s: no loss was undone", profile)
		}
	}
}

// The remote's window shrinks below what flies, which times out, and then was only late.
func TestWhatFliesAgainMayBeMoreThanTheRemoteHasRoomForNow(t *testing.T) {
	p := opened(t, config())
	p.Append(10 * segment)
	p.flush()
	little := func(acknowledged int) utpwire.Packet {
		x := p.ack(acknowledged)
		x.Window = 3 * segment / 2
		return x
	}
	p.step(little(0))
	for p.Status().Timeouts == 0 {
		p.wait(10 * ms)
	}
	if s := p.Status(); s.Flying.Packets != 1 || s.Lost.Packets != 9 {
		t.Fatalf("it is %+v", s)
	}
	p.step(little(1))
	if s := p.Status(); s.Flying.Packets != 9 || s.Lost.Packets != 0 || s.Totals.Undone != 1 {
		t.Errorf("it is %+v", s)
	}
}
