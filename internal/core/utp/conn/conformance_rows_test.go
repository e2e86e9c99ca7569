package conn_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

var ackRows = []row{
	{"92 packets that come at once are acknowledged once, and without delay", func(t *testing.T) {
		p := accepted(t, config())
		for n := range 92 {
			p.receive(p.data(n, 0, 100))
		}
		p.flush()
		s := p.look()
		p.mustSend(s, "S")
		if s[0].Ack != theirs.Add(91) {
			t.Errorf("%+v", s[0])
		}
	}},
	{"data acknowledges too, where nothing is missing", func(t *testing.T) {
		p := accepted(t, config())
		p.Append(10)
		s := p.step(p.data(0, 0, 10))
		p.mustSend(s, "D")
		if s[0].Ack != theirs {
			t.Errorf("%+v", s[0])
		}
	}},
	{"a mask comes with a State alone, bit 0 for two behind the acknowledged", func(t *testing.T) {
		p := accepted(t, config())
		p.Append(10)
		p.receive(p.data(0, 0, 1))
		p.receive(p.data(2, 0, 1))
		p.receive(p.data(11, 0, 1))
		p.flush()
		p.mustSend(p.sent, "DS")
		if want := []byte{1, 2, 0, 0, 0, 0, 0, 0}; p.sent[1].Ack != theirs || len(p.masks[0]) != 0 || !bytes.Equal(p.masks[1], want) {
			t.Errorf("ack %v, masks %x", p.sent[1].Ack, p.masks)
		}
		wire := p.sent[1].Append(nil, p.masks[1])
		if wire[1] != 1 || len(wire) != 30 || wire[21]%4 != 0 {
			t.Errorf("%x", wire)
		}
	}},
	{"a mask is as long as the furthest that is held needs", func(t *testing.T) {
		p := accepted(t, config())
		p.receive(p.data(1023, 0, 1))
		p.flush()
		if len(p.masks) != 1 || len(p.masks[0]) != 128 || p.masks[0][127] != 0x40 {
			t.Errorf("%x", p.masks)
		}
	}},
	{"masks of 1, 5 and 9 bytes, with none set, and with bits of what was never sent are read", func(t *testing.T) {
		for _, c := range []struct {
			mask []byte
			lost int
		}{{[]byte{0}, 0}, {[]byte{7}, 1}, {make([]byte, 5), 0}, {[]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1}, {bytes.Repeat([]byte{0xff}, 255), 1}} {
			p := opened(t, config())
			p.Append(20 * segment)
			p.flush()
			p.wait(100 * ms)
			p.look()
			a := p.ack(0)
			a.Mask = c.mask
			if got := p.receive(a); got.Kind != conn.Acknowledges || got.Ack.Lost.Packets != c.lost {
				t.Errorf("%x: %v %+v", c.mask, got.Kind, got.Ack)
			}
		}
	}},
	{"ten holes that one mask shows are filled at once", func(t *testing.T) {
		p := opened(t, config())
		p.Append(40 * segment)
		p.flush()
		p.wait(100 * ms)
		p.look()
		a := p.ack(0)
		a.Mask = []byte{0, 0xfc, 0xff, 0xff, 0xff}
		s := p.step(a) // 0 to 10 are missing
		p.mustSend(s, "DDDDDDDDDDD")
		for i, o := range s {
			if o.Seq != ours.Add(i) || o.Times != 2 {
				t.Errorf("%d: %+v", i, o)
			}
		}
	}},
	{"three acknowledgements that repeat one, without masks, show a loss", func(t *testing.T) {
		p := opened(t, config())
		p.Append(10 * segment)
		p.flush()
		p.wait(140 * ms)
		p.look()
		p.mustSend(p.step(p.ack(0)), "")
		p.mustSend(p.step(p.ack(0)), "")
		p.mustSend(p.step(p.ack(0)), "D")
	}},
	{"first data that is lost comes again", func(t *testing.T) {
		p := opened(t, config())
		p.Append(10)
		p.flush()
		p.look()
		p.wait(400 * ms)
		if s := p.look(); len(s) == 0 || s[0].Seq != ours || s[0].Times != 2 {
			t.Errorf("%+v", s)
		}
	}},
	{"a silent remote is given up after six timeouts and thirty seconds, without a Reset", func(t *testing.T) {
		for name, c := range map[string]struct {
			make  func(testing.TB, conn.Config) *probe
			after time.Duration
		}{
			"nothing is measured, and timeouts double from a second":       {spokenTo, 63 * time.Second},
			"a round trip of 100 ms, by which some are of one length":      {opened, 38100 * ms},
			"one of 217 ms, by which one is due just before half a minute": {openedAfter(217 * ms), 50600 * ms},
			"one of 225 ms, by which one is due just after":                {openedAfter(225 * ms), 30900 * ms},
		} {
			p := c.make(t, config())
			p.Append(10)
			p.flush()
			begin := p.now
			for p.Phase() == conn.Connected {
				p.wait(100 * ms)
			}
			if took := p.now.Sub(begin); took < c.after-100*ms || took > c.after+100*ms {
				t.Errorf("%s: after %v", name, took)
			}
			if n := p.Status().Timeouts; n < 6 {
				t.Errorf("%s: after %d timeouts", name, n)
			}
			if got := kinds(p.look()); bytes.ContainsAny([]byte(got), "R") {
				t.Error(got)
			}
			p.mustBeClosed(conn.Silent)
		}
	}},
	{"a sign of life is sent after 29 s, one behind the last acknowledgement", func(t *testing.T) {
		for _, make := range ends {
			p := make(t, config())
			p.step(p.data(0, 0, 1))
			begin := p.now
			at := ""
			for range 100 {
				p.wait(time.Second)
				for _, s := range p.look() {
					at += fmt.Sprintf("%v %v at %v; ", s.Kind, s.Ack.Diff(theirs), p.now.Sub(begin))
				}
			}
			if want := "ST_STATE -1 at 29s; ST_STATE -1 at 58s; ST_STATE -1 at 1m27s; "; at != want {
				t.Error(at)
			}
		}
	}},
}

var endRows = []row{
	{"a Fin takes a number, and a State behind it has the next", func(t *testing.T) {
		p := accepted(t, config())
		p.Append(10)
		p.Finish()
		p.mustSend(p.step(p.ack(0)), "DF")
		if s := p.step(p.data(0, 2, 1)); len(s) != 1 || s[0].Seq != ours.Add(2) {
			t.Errorf("%+v", s)
		}
	}},
	{"who repeats data behind our Fin gets a State of each dialect", func(t *testing.T) {
		p := accepted(t, config())
		p.Finish()
		p.step(p.data(0, 0, 1))
		s := p.step(p.data(0, 1, 1))
		p.mustSend(s, "SS")
		if s[0].Seq != ours.Add(1) || s[1].Seq != ours || s[0].Ack != theirs || s[1].Ack != theirs {
			t.Errorf("%+v", s)
		}
	}},
	{"a State behind the remote's Fin counts with either number", func(t *testing.T) {
		for n := range 2 {
			p := accepted(t, config())
			p.Append(10)
			p.step(p.remote(utpwire.Fin, 0, 0))
			p.mustBe(p.receive(p.remote(utpwire.State, n, 1)), conn.Acknowledges)
			if p.released != 10 {
				t.Errorf("with %d: %d", n, p.released)
			}
		}
	}},
	{"a Fin is acknowledged, and not answered by a Fin", func(t *testing.T) {
		p := accepted(t, config())
		s := p.step(p.remote(utpwire.Fin, 0, 0))
		p.mustSend(s, "S")
		if s[0].Ack != theirs || p.ended != 1 || p.Phase() != conn.Connected {
			t.Errorf("%+v, ended %d, %v", s[0], p.ended, p.Phase())
		}
	}},
	{"a Fin before data ends the stream behind the data", func(t *testing.T) {
		p := accepted(t, config())
		p.step(p.remote(utpwire.Fin, 2, 0))
		p.step(p.data(1, 0, 3))
		if p.ended != 0 {
			t.Error("it has ended")
		}
		p.step(p.data(0, 0, 3))
		if p.ended != 1 || len(p.got) != 6 {
			t.Errorf("ended %d, %d bytes", p.ended, len(p.got))
		}
	}},
	{"data behind the Fin is dropped", func(t *testing.T) {
		p := accepted(t, config())
		p.step(p.data(1, 0, 3))
		p.step(p.remote(utpwire.Fin, 0, 0))
		if a := p.receive(p.data(1, 0, 3)); a.Receipt.Kind != recv.BehindEnd || len(p.got) != 0 || p.ended != 1 {
			t.Errorf("%v, %d bytes", a.Receipt.Kind, len(p.got))
		}
	}},
	{"a Fin may have a payload", func(t *testing.T) {
		p := accepted(t, config())
		f := p.remote(utpwire.Fin, 0, 0)
		f.Payload = []byte("end")
		p.step(f)
		if string(p.got) != "end" || p.ended != 1 {
			t.Errorf("%q, %d", p.got, p.ended)
		}
	}},
	{"when both Fins are acknowledged the connection lingers, to acknowledge again", func(t *testing.T) {
		p := accepted(t, config())
		p.Finish()
		p.step(p.remote(utpwire.Fin, 0, 0))
		p.step(p.remote(utpwire.State, 1, 1))
		if p.Phase() != conn.Lingering {
			t.Fatal(p.Phase())
		}
		p.wait(3900 * ms)
		p.mustSend(p.step(p.remote(utpwire.Fin, 0, 1)), "SS")
		p.wait(100 * ms)
		p.mustBeClosed(conn.Finished)
	}},
	{"a connection lingers for half a minute at most, however long its round trip", func(t *testing.T) {
		p := openedAfter(12*time.Second)(t, config())
		p.step(p.ack(0))
		p.Finish()
		p.step(p.remote(utpwire.Fin, 0, 0))
		p.step(p.remote(utpwire.State, 1, 1))
		p.wait(29900 * ms)
		if p.Phase() != conn.Lingering {
			t.Fatal(p.Phase())
		}
		p.wait(100 * ms)
		p.mustBeClosed(conn.Finished)
	}},
	{"a Reset of libutp, which forgets at once, is no failure behind both Fins", func(t *testing.T) {
		p := accepted(t, config())
		p.Finish()
		p.step(p.remote(utpwire.Fin, 0, 0))
		r := p.remote(utpwire.Reset, 0, 0)
		r.Ack = ours
		p.receive(r)
		p.mustBeClosed(conn.Finished)
	}},
	{"after Close what still comes is acknowledged and thrown away, until the linger is over", func(t *testing.T) {
		p := accepted(t, config())
		p.step(p.data(0, 0, 500_000))
		p.Close(p.now, p)
		p.flush()
		p.mustSend(p.look(), "F")
		s := p.step(p.data(1, 0, 700_000))
		p.mustSend(s, "S")
		if s[0].Window != 4<<20 || len(p.got) != 500_000 {
			t.Errorf("the window is %d, %d bytes came", s[0].Window, len(p.got))
		}
		p.step(p.remote(utpwire.State, 2, 1))
		p.wait(4 * time.Second)
		p.mustBeClosed(conn.Finished)
	}},
	{"a remote whose window stays closed is left a minute after Close", func(t *testing.T) {
		p := accepted(t, config())
		p.Append(10)
		closed := p.ack(0)
		closed.Window = 0
		p.step(closed)
		p.Close(p.now, p)
		p.flush()
		for range 59 {
			p.wait(time.Second)
			closed = p.ack(0)
			closed.Window = 0
			p.step(closed)
		}
		if p.Phase() != conn.Connected {
			t.Fatal(p.Phase())
		}
		p.wait(time.Second)
		p.mustSend(p.look(), "R")
		p.mustBeClosed(conn.Silent)
	}},
	{"what ends at once says so by a Reset that the remote believes", func(t *testing.T) {
		p := accepted(t, config())
		p.Append(10)
		p.step(p.data(0, 0, 1))
		p.Abort(p.now, p)
		s := p.look()
		p.mustSend(s, "R")
		if s[0].Ack != theirs || s[0].ID != ourID.Previous() {
			t.Errorf("%+v", s[0])
		}
		p.mustBeClosed(conn.Aborted)
		p.mustBe(p.receive(p.data(1, 0, 1)), conn.TooLate)
	}},
}
