package conn_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// row is something that libutp or libtorrent were seen to do on the wire, or that they
// do to who does otherwise.
type row struct {
	name string
	show func(t *testing.T)
}

func TestTheWireIsWhatOthersWereSeenToUse(t *testing.T) {
	for _, rows := range [][]row{greetingRows, numberRows, ackRows, endRows, windowRows} {
		for _, r := range rows {
			t.Run(r.name, r.show)
		}
	}
}

var greetingRows = []row{
	{"a SYN has the id that its sender receives by, and no delay", func(t *testing.T) {
		p := dialled(t, config())
		syn := p.look()
		p.mustSend(syn, "Y")
		if h := syn[0].Header; h.ID != ourID || h.Seq != ours.Previous() || h.Delay != utpwire.NoDelay || h.Stamp == utpwire.NoStamp {
			t.Errorf("%+v", h)
		}
	}},
	{"what follows a SYN has the next id, also where ids wrap", func(t *testing.T) {
		p := dialled(t, config())
		p.wait(time.Second) // the second has id 65535
		p.look()
		p.mustBe(p.receive(p.synAck(65535, theirs)), conn.Opens)
		p.flush()
		if s := p.look(); p.ID() != 65535 || len(s) != 1 || s[0].ID != 0 || p.connected != 1 {
			t.Errorf("%v, sent %+v, connected %d", p.ID(), s, p.connected)
		}
	}},
	{"an initiator acknowledges the number before that of the SYN-ACK", func(t *testing.T) {
		p := dialled(t, config())
		p.look()
		s := p.step(p.synAck(ourID, theirs))
		p.mustSend(s, "S")
		if s[0].Ack != theirs.Previous() || s[0].Seq != ours {
			t.Errorf("%+v", s[0])
		}
	}},
	{"the first data of an initiator has the number behind that of the SYN", func(t *testing.T) {
		p := dialled(t, config())
		p.Append(10)
		p.look()
		s := p.step(p.synAck(ourID, theirs))
		p.mustSend(s, "D")
		if s[0].Seq != ours || s[0].Ack != theirs.Previous() || s[0].Size != 10 {
			t.Errorf("%+v", s[0])
		}
	}},
	{"the first data of an acceptor has the number of the SYN-ACK", func(t *testing.T) {
		p := accepted(t, config())
		p.Append(10)
		s := p.step(p.ack(0))
		p.mustSend(s, "D")
		if s[0].Seq != ours || s[0].ID != ourID.Previous() {
			t.Errorf("%+v", s[0])
		}
	}},
	{"the window of a SYN-ACK counts", func(t *testing.T) {
		p := dialled(t, config())
		p.Append(10_000)
		a := p.synAck(ourID, theirs)
		a.Window = 2000
		p.look()
		p.mustSend(p.step(a), "DD")
	}},
	{"a SYN-ACK of another SYN is none", func(t *testing.T) {
		p := dialled(t, config())
		a := p.synAck(ourID, theirs)
		a.Ack++
		p.mustBe(p.receive(a), conn.AckUnsent)
		p.mustBe(p.receive(p.synAck(ourID+1, theirs)), conn.AlienID)
		p.mustBe(p.receive(p.synAck(invitation.IDs[1], theirs)), conn.AlienID) // not sent so far
	}},
	{"SYNs go after 0, 1, 3 and 7 s, each with an id of its own, until 15 s", func(t *testing.T) {
		p := dialled(t, config())
		begin := p.now
		at := ""
		for p.Phase() == conn.SynSent {
			for _, s := range p.look() {
				at += fmt.Sprint(s.Kind, " ", s.ID, " at ", p.now.Sub(begin), "; ")
			}
			p.wait(time.Second)
		}
		if want := "ST_SYN 700 at 0s; ST_SYN 65535 at 1s; ST_SYN 20 at 3s; ST_SYN 30 at 7s; "; at != want || p.now.Sub(begin) != 15*time.Second {
			t.Errorf("%s until %v", at, p.now.Sub(begin))
		}
		p.mustBeClosed(conn.Unanswered)
	}},
	{"an old SYN may still be answered, and the other ids are forgotten", func(t *testing.T) {
		p := dialled(t, config())
		p.wait(4 * time.Second)
		p.mustBe(p.receive(p.synAck(ourID, theirs)), conn.Opens)
		if fmt.Sprint(p.forgot) != "[65535 20 30]" || p.ID() != ourID {
			t.Errorf("forgot %v", p.forgot)
		}
	}},
	{"a second SYN-ACK with another number is the one that counts", func(t *testing.T) {
		p := dialled(t, config())
		p.Append(1500)
		p.receive(p.synAck(ourID, theirs.Add(5000)))
		p.flush()
		p.look()
		p.mustBe(p.receive(p.synAck(ourID, theirs)), conn.Reopens)
		p.flush()
		s := p.look()
		p.mustSend(s, "DD")
		if s[0].Ack != theirs.Previous() || s[0].Seq != ours {
			t.Errorf("%+v", s[0])
		}
		p.mustBe(p.receive(p.data(0, 2, 10)), conn.Carries)
		if len(p.got) != 10 {
			t.Errorf("%d bytes came", len(p.got))
		}
	}},
	{"a State behind as many lost packets as there are slots is no second SYN-ACK", func(t *testing.T) {
		cfg := config()
		p := opened(t, cfg)
		p.mustBe(p.receive(p.synAck(ourID, theirs.Add(cfg.Slots))), conn.Acknowledges)
		p.mustBe(p.receive(p.data(0, 0, 10)), conn.Carries)
		if len(p.got) != 10 {
			t.Errorf("%d bytes came", len(p.got))
		}
	}},
	{"behind data there is no second SYN-ACK", func(t *testing.T) {
		p := opened(t, config())
		p.receive(p.data(0, 0, 10))
		p.mustBe(p.receive(p.synAck(ourID, theirs.Add(5000))), conn.SeqStrange)
	}},
	{"data before the SYN-ACK is not taken, since nobody knows what it is the first of", func(t *testing.T) {
		p := dialled(t, config())
		d := p.data(3, 0, 10)
		d.ID = ourID
		p.mustBe(p.receive(d), conn.TooEarly)
		p.receive(p.synAck(ourID, theirs))
		p.mustBe(p.receive(p.data(0, 0, 7)), conn.Carries)
		if len(p.got) != 7 {
			t.Errorf("%d bytes came", len(p.got))
		}
	}},
	{"a repeated SYN gets the identical SYN-ACK, also when data has flown", func(t *testing.T) {
		p := accepted(t, config())
		p.Append(3000)
		p.receive(p.data(0, 0, 10))
		p.flush()
		p.look()
		syn := utpwire.Packet{Header: utpwire.Header{Kind: utpwire.Syn, ID: ourID.Previous(), Seq: theirs.Previous()}}
		answers := 0
		for range 20 {
			for _, s := range p.step(syn) {
				answers++
				if s.Kind != utpwire.State || s.Seq != ours || s.Ack != theirs.Previous() || s.ID != ourID.Previous() {
					t.Errorf("%+v", s)
				}
			}
		}
		if answers != 8 {
			t.Errorf("%d answers", answers)
		}
		syn.Seq++
		p.mustBe(p.receive(syn), conn.SynStrange)
	}},
	{"our first State is sent again to an acceptor that repeats its SYN-ACK, or says nothing", func(t *testing.T) {
		p := opened(t, config())
		p.mustSend(p.step(p.synAck(ourID, theirs)), "S")
		p.wait(25 * time.Second)
		p.mustSend(p.look(), "SS")
		p.receive(p.data(0, 0, 1))
		p.flush()
		p.look()
		p.wait(25 * time.Second)
		p.mustSend(p.look(), "")
	}},
	{"a SYN that is refused fails at once", func(t *testing.T) {
		for _, id := range []utpwire.ConnID{ourID, ourID.Next()} {
			p := dialled(t, config())
			r := utpwire.Packet{Header: utpwire.Header{Kind: utpwire.Reset, ID: id, Ack: ours}}
			p.mustBe(p.receive(r), conn.ResetForged)
			r.Ack = ours.Previous()
			p.mustBe(p.receive(r), conn.Ends)
			p.mustBeClosed(conn.Refused)
		}
	}},
}

var numberRows = []row{
	{"a packet that acknowledges the number of the SYN-ACK, as BEP 29 draws it, is dropped whole", func(t *testing.T) {
		p := accepted(t, config())
		p.mustBe(p.receive(p.data(0, 1, 10)), conn.AckUnsent)
		p.flush()
		p.mustSend(p.look(), "")
		if len(p.got) > 0 {
			t.Error("its data counts")
		}
	}},
	{"one that is further behind than ever flew is dropped whole, and 3 behind is taken", func(t *testing.T) {
		p := accepted(t, config())
		p.mustBe(p.receive(p.remote(utpwire.State, 0, -3)), conn.Acknowledges)
		p.mustBe(p.receive(p.remote(utpwire.State, 0, -4)), conn.AckStale)
		p.Append(200 * segment)
		p.step(p.ack(0))
		p.step(p.ack(200))
		for _, c := range []struct {
			back int
			want conn.ArrivalKind
		}{{1, conn.Carries}, {3, conn.Carries}, {200, conn.Carries}, {201, conn.AckStale}} {
			p.mustBe(p.receive(p.data(len(p.got), 200-c.back, 1)), c.want)
		}
		if len(p.got) != 3 {
			t.Errorf("%d packets came", len(p.got))
		}
	}},
	{"data 4095 ahead is held, and 4096 ahead is not", func(t *testing.T) {
		p := accepted(t, config())
		if a := p.receive(p.data(4095, 0, 10)); a.Receipt.Kind != recv.Held {
			t.Error(a.Receipt.Kind)
		}
		if a := p.receive(p.data(4096, 0, 10)); a.Receipt.Kind != recv.TooFar {
			t.Error(a.Receipt.Kind)
		}
		p.mustBe(p.receive(p.data(4097, 0, 10)), conn.SeqStrange)
	}},
	{"data up to 4096 behind is acknowledged again, and an old State is not", func(t *testing.T) {
		p := accepted(t, config())
		for n := range 4200 {
			p.receive(p.data(n, 0, 1))
		}
		p.flush()
		p.look()
		p.mustSend(p.step(p.data(4200-4096, 0, 1)), "S")
		p.mustSend(p.step(p.data(4200-4097, 0, 1)), "")
		p.mustSend(p.step(p.remote(utpwire.State, 4000, 0)), "")
	}},
	{"a State has the next number, and does not take it", func(t *testing.T) {
		p := accepted(t, config())
		p.Append(10)
		p.step(p.ack(0))
		for n := range 3 {
			if s := p.step(p.data(n, 0, 1)); len(s) != 1 || s[0].Seq != ours.Next() {
				t.Errorf("%+v", s)
			}
		}
	}},
	{"a Reset counts that answers something in flight, by either id", func(t *testing.T) {
		for name, make := range ends {
			for _, c := range []struct {
				id   int
				ack  int // from the first of ours
				want conn.ArrivalKind
			}{
				{0, 0, conn.Ends}, {1, 1, conn.Ends}, {-1, 1, conn.Ends}, {0, 2, conn.Ends}, {0, 3, conn.ResetForged}, {0, -1, conn.Ends}, {0, -2, conn.ResetForged},
				{0, 30_000, conn.ResetForged}, {7, 1, conn.AlienID},
			} {
				p := make(t, config())
				p.Append(2 * segment)
				p.step(p.ack(0))
				r := p.remote(utpwire.Reset, 0, 0)
				r.ID, r.Ack = utpwire.ConnID(int(ourID)+c.id), ours.Add(c.ack)
				want := c.want
				if c.id == 1 && name == "acceptor" || c.id == -1 && name == "initiator" {
					want = conn.AlienID
				}
				p.mustBe(p.receive(r), want)
				if want == conn.Ends {
					p.mustBeClosed(conn.Reset)
				}
			}
		}
	}},
	{"a difference of stamps is that of the last packet, and never 0", func(t *testing.T) {
		p := accepted(t, config())
		d := p.data(0, 0, 1)
		p.receive(d)
		d = p.data(1, 0, 1)
		d.Stamp = utpwire.StampAt(p.now) - 500
		if s := p.step(d); s[0].Delay != 500 {
			t.Errorf("%+v", s[0])
		}
		d = p.data(2, 0, 1)
		d.Stamp = utpwire.StampAt(p.now)
		if s := p.step(d); s[0].Delay != 1 {
			t.Errorf("%+v", s[0])
		}
		d.Stamp, d.Seq = utpwire.NoStamp, d.Seq.Next()
		if s := p.step(d); s[0].Delay != utpwire.NoDelay {
			t.Errorf("%+v", s[0])
		}
	}},
	{"any difference of stamps is survived", func(t *testing.T) {
		cfg := config()
		cfg.Control = nil
		p := accepted(t, cfg)
		p.Append(100 * segment)
		for m, d := range []utpwire.Delay{1, 1 << 31, 1<<31 - 1, 0, 1<<32 - 1, 1<<31 + 1, 1 << 30} {
			p.wait(100 * ms)
			a := p.ack(m)
			a.Delay = d
			p.step(a)
			if p.Status().Window < segment {
				t.Errorf("%+v", p.Status())
			}
		}
	}},
	{"a packet from before the numbers wrapped is told by its stamp", showWrap},
	{"an acknowledgement from before our numbers wrapped acknowledges nothing", func(t *testing.T) {
		p := accepted(t, config())
		var old utpwire.Packet
		for m := range 1<<16 + 10 {
			if m == 12 {
				old = p.ack(m)
			}
			p.now = p.now.Add(time.Microsecond)
			p.Append(segment)
			p.step(p.ack(m))
		}
		p.Append(10 * segment)
		p.flush()
		p.mustBe(p.receive(old), conn.OldDuplicate)
		if p.released != (1<<16+9)*segment {
			t.Errorf("%d are released", p.released)
		}
	}},
}

// showWrap has the remote's numbers come round, and then sends old packets again.
func showWrap(t *testing.T) {
	p := accepted(t, config())
	old := p.data(5, 0, 1)
	for n := range 1 << 16 {
		p.now = p.now.Add(time.Microsecond)
		p.receive(p.data(n, 0, 1))
		p.Read(1)
		p.flush()
		if n%(1<<14) == 0 {
			p.look()
		}
	}
	if got := len(p.got); got != 1<<16 {
		t.Fatalf("%d came", got)
	}
	p.mustBe(p.receive(old), conn.OldDuplicate)
	old.Stamp = utpwire.NoStamp // who says nothing is believed
	p.mustBe(p.receive(old), conn.Carries)
	fresh := p.data(6, 0, 1)
	p.mustBe(p.receive(fresh), conn.Carries)
	fresh = p.data(7, 0, 1)
	p.now = p.now.Add(5 * time.Minute)
	fresh.Stamp -= utpwire.Stamp(time.Minute.Microseconds()) // it set its clock, long ago
	p.mustBe(p.receive(fresh), conn.Carries)
}
