package conn_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// flooded is a world in which somebody else sends SYNs from other addresses, ten for each
// packet of the ends and 10,000 before the first.
func flooded(t *testing.T, p path) *world {
	w := newWorld(t, p)
	random := rand.New(rand.NewPCG(9, 9))
	knock := func() {
		n := random.Uint32()
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), uint16(n>>24))
		w.door.Knock(w.local(1), from, &utpwire.Header{Kind: utpwire.Syn, ID: utpwire.ConnID(random.Uint32()), Seq: serial.Number(random.Uint32())})
		if w.door.Waiting() > 64 {
			t.Fatalf("%d wait", w.door.Waiting())
		}
	}
	for range 10_000 {
		knock()
	}
	w.lose = func(int, int, utpwire.Kind) fate {
		for range 10 {
			knock()
		}
		return carried
	}
	return w
}

func TestAFloodOfSynsStopsNoTransferAndNoNewConnection(t *testing.T) {
	for _, way := range []entry{direct, byDoor} { // one that is there, and one that begins under the flood
		w := flooded(t, path{rtt: 50 * ms, bytes: [2]int{200_000, 200_000}, entry: way, loss: 0.01})
		w.run()
		w.mustBeWhole("under a flood")
		if took := w.opened.Sub(w.begin); took > 200*ms {
			t.Errorf("open after %v", took)
		}
	}
}

// Somebody who knows both addresses, and sees nothing, sends ten forged packets for each
// that flies. Of some the id is right, and what they acknowledge is wrong.
func TestForgedPacketsFromAsideChangeNothing(t *testing.T) {
	w := newWorld(t, path{rtt: 50 * ms, bytes: [2]int{300_000, 300_000}, window: 20_000})
	random := rand.New(rand.NewPCG(5, 5))
	counts := map[conn.ArrivalKind]int{}
	w.lose = func(int, int, utpwire.Kind) fate {
		for n := range 20 {
			p := utpwire.Packet{Header: utpwire.Header{
				Kind: utpwire.Kind(random.IntN(5)), ID: utpwire.ConnID(random.Uint32()), Stamp: utpwire.Stamp(random.Uint32()),
				Window: random.Uint32(), Seq: serial.Number(random.Uint32()), Ack: serial.Number(random.Uint32()),
			}, Payload: []byte("forged")}
			e := w.ends[n%2]
			if e.conn == nil || e.conn.Phase() != conn.Connected {
				continue
			}
			if random.IntN(2) == 0 {
				p.ID, p.Ack = e.conn.ID(), e.last.Add(2000+random.IntN(60_000))
			}
			counts[e.conn.Receive(w.local(e.index), &p, forged{e, t}).Kind]++
		}
		return carried
	}
	w.run()
	w.mustBeWhole("under forgeries")
	for _, kind := range []conn.ArrivalKind{conn.AlienID, conn.SynStrange, conn.ResetForged, conn.SeqStrange, conn.AckUnsent, conn.AckStale} {
		if counts[kind] < 100 {
			t.Errorf("%d were: %v", counts[kind], kind)
		}
	}
}

// forged passes on what must not happen.
type forged struct {
	*end
	t *testing.T
}

func (f forged) Deliver(b []byte) {
	if string(b) == "forged" {
		f.t.Error("a forgery was delivered")
	}
	f.end.Deliver(b)
}

func (f forged) Closed(why conn.Reason) { f.t.Errorf("a forgery ended the connection: %v", why) }

// Who acknowledges what was not sent, or packets twice, gets nothing out of it.
func TestAnAcknowledgementIsWorthWhatWasSent(t *testing.T) {
	p := opened(t, config())
	p.Append(100 * segment)
	p.flush()
	for m := range 300 {
		a := p.ack(min(m, 100))
		a.Mask = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
		p.step(a)
	}
	if a := p.receive(p.ack(101)); a.Kind != conn.AckUnsent || p.released != 100*segment {
		t.Errorf("%v, %d released", a.Kind, p.released)
	}
}

// Nothing goes to an address before it has shown itself: a connection of an acceptor is
// made of the packet that does.
func TestNothingButTheAnswerGoesToAnAddressThatIsNotShown(t *testing.T) {
	w := newWorld(t, path{rtt: 50 * ms, bytes: [2]int{0, 5000}})
	w.lose = func(from, nth int, kind utpwire.Kind) fate {
		if from == 0 && kind != utpwire.Syn {
			return lostThere
		}
		if from == 1 && (kind != utpwire.State || w.ends[1].conn != nil || nth > conn.Attempts) {
			t.Fatalf("packet %d of the acceptor is %v", nth, kind)
		}
		return carried
	}
	w.run()
	if w.ends[1].nth == 0 || w.ends[1].conn != nil || w.ends[0].conn.Reason() == conn.Finished {
		t.Errorf("%d packets, %v", w.ends[1].nth, w.ends[0].conn.Reason())
	}
}

func TestAClosedConnectionKeepsNoBuffers(t *testing.T) {
	w := newWorld(t, path{rtt: 50 * ms, bytes: [2]int{5000, 5000}, loss: 0.2, seed: 3, jitter: 20 * ms})
	for w.pool.Lent() == 0 && w.steps < 10_000 {
		w.one()
	}
	if w.pool.Lent() == 0 {
		t.Fatal("nothing came early")
	}
	for _, e := range w.ends {
		e.conn.Abort(w.local(e.index), e)
	}
	if w.pool.Lent() != 0 {
		t.Errorf("%d buffers are lent", w.pool.Lent())
	}
}
