package conn_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// losses is a control that counts what it is told.
type losses struct {
	steady
	n int
}

func (l *losses) Lost(mono.Instant, cong.Loss) { l.n++ }

// shrinks is a control that lets nothing fly after a loss.
type shrinks struct{ losses }

func (s *shrinks) Lost(mono.Instant, cong.Loss) { s.window = 0 }

// halves is a control that lets half as much fly after an episode began.
type halves struct{ losses }

func (h *halves) Lost(_ mono.Instant, l cong.Loss) {
	if l.Kind == cong.Began {
		h.window /= 2
	}
}

var windowRows = []row{
	{"at window 0 a packet in order is taken and acknowledged, as often as libutp probes in minutes", func(t *testing.T) {
		cfg := config()
		cfg.Window = 10 * segment
		p := accepted(t, cfg)
		for n := range 10 {
			p.receive(p.data(n, 0, segment))
		}
		p.flush()
		if s := p.look(); s[0].Window != 0 {
			t.Errorf("the window is %d", s[0].Window)
		}
		for n := 10; n < 30; n++ {
			p.wait(15 * time.Second)
			p.look()
			if s := p.step(p.data(n, 0, segment)); len(s) != 1 || s[0].Ack != theirs.Add(n) || s[0].Window != 0 {
				t.Fatalf("packet %d: %+v", n, s)
			}
		}
	}},
	{"beyond the window and its reserve nothing is taken, and all is acknowledged", func(t *testing.T) {
		cfg := config()
		cfg.Window, cfg.Reserve = 2*segment, segment
		p := accepted(t, cfg)
		for n := range 3 {
			p.receive(p.data(n, 0, segment))
		}
		p.step(p.data(3, 0, 0))
		if a := p.receive(p.data(4, 0, segment)); a.Receipt.Kind != recv.BeyondWindow {
			t.Error(a.Receipt.Kind)
		}
		p.flush()
		p.mustSend(p.look(), "S")
		if len(p.got) != 3*segment {
			t.Errorf("%d bytes", len(p.got))
		}
	}},
	{"a window that reopens is told at once", func(t *testing.T) {
		cfg := config()
		cfg.Window = 10 * segment
		p := accepted(t, cfg)
		for n := range 10 {
			p.receive(p.data(n, 0, segment))
		}
		p.flush()
		p.look()
		p.Read(100)
		p.flush()
		p.mustSend(p.look(), "")
		p.Read(5000)
		p.flush()
		if s := p.look(); len(s) != 1 || s[0].Window != 5100 {
			t.Errorf("%+v", s)
		}
	}},
	{"into a window that stays closed one packet goes at a time, and the connection never ends", func(t *testing.T) {
		p := opened(t, config())
		p.Append(10 * segment)
		closed := p.ack(0)
		closed.Window = 0
		p.step(closed)
		sent := 0
		for range 20 * 60 * 10 {
			p.wait(100 * ms)
			for range p.look() {
				sent++
				if f := p.Status().Flying.Packets; f > 1 {
					t.Fatalf("%d packets fly", f)
				}
				closed = p.ack(0)
				closed.Window = 0
				p.step(closed)
			}
		}
		if p.Phase() != conn.Connected || sent < 20 || sent > 200 {
			t.Errorf("%v, %d sent", p.Phase(), sent)
		}
		p.mustSend(p.step(p.ack(0)), "DDDDDDDDDD")
	}},
	{"what was sent into a closed window goes again at once when it opens, and was no loss", func(t *testing.T) {
		told := &losses{steady: steady{1 << 20}}
		cfg := config()
		cfg.Control = func(cong.Config) cong.Control { return told }
		p := opened(t, cfg)
		p.Append(3 * segment)
		closed := p.ack(0)
		closed.Window = 0
		p.step(closed)
		for range 40 {
			p.wait(time.Second)
			closed = p.ack(0)
			closed.Window = 0
			p.step(closed)
		}
		for p.Status().Flying.Packets == 0 {
			p.wait(10 * ms)
		}
		p.look()
		s := p.step(p.ack(0))
		p.mustSend(s, "DDD")
		if s[0].Seq != ours || s[0].Times < 3 || told.n != 0 {
			t.Errorf("%+v, %d losses", s[0], told.n)
		}
	}},
	{"what is missing goes again into a window that others have filled behind it", func(t *testing.T) {
		p := opened(t, config())
		p.Append(10 * segment)
		p.flush()
		p.wait(100 * ms)
		p.look()
		a := p.ack(0)
		a.Window, a.Mask = 50, []byte{0xff, 1}
		p.mustSend(p.step(a), "D")
	}},
	{"the first that is missing goes again whatever the window of the control is", func(t *testing.T) {
		cfg := config()
		cfg.Control = func(cong.Config) cong.Control { return &shrinks{losses{steady: steady{1 << 20}}} }
		p := opened(t, cfg)
		p.Append(10 * segment)
		p.flush()
		p.wait(100 * ms)
		p.look()
		a := p.ack(0)
		a.Mask = []byte{0x1c, 0, 0, 0, 0, 0, 0, 0}
		s := p.step(a)
		p.mustSend(s, "D")
		if s[0].Seq != ours || p.Status().Flying.Packets < 2 {
			t.Errorf("%+v, %+v", s[0], p.Status())
		}
	}},
	{"what lies beyond the masks of libutp does not hold back what is missing before it", func(t *testing.T) {
		cfg := config()
		cfg.Control = func(cong.Config) cong.Control { return &halves{losses{steady: steady{100 * segment}}} }
		p := opened(t, cfg)
		p.Append(100 * segment)
		p.flush()
		p.wait(100 * ms)
		p.look()
		a := p.ack(0)
		a.Mask = []byte{0x1c, 0, 0, 0}
		p.step(a)
		p.wait(150 * ms)
		p.look()
		a = p.ack(1)
		a.Mask = []byte{0x0e, 0, 0, 0}
		p.mustSend(p.step(a), "DDDDDDDDDDDDDDDDDDDDDDDDDDDD") // 31 less three that came
		if flying := p.Status().Flying.Packets; flying != 100-1-3 {
			t.Errorf("%d fly", flying)
		}
	}},
	{"while anything flies no packet is made small to fit a window", func(t *testing.T) {
		p := accepted(t, config())
		p.Append(3 * segment)
		small := p.ack(0)
		small.Window = segment + 300
		p.mustSend(p.step(small), "D")
	}},
	{"a remote that talks, has room and acknowledges nothing is left within half an hour", func(t *testing.T) {
		p := opened(t, config())
		p.Append(10)
		p.flush()
		begin := p.now
		for p.Phase() == conn.Connected && p.now.Sub(begin) < time.Hour {
			p.wait(time.Second)
			p.receive(p.data(len(p.got), 0, 1))
			p.flush()
		}
		p.mustBeClosed(conn.Silent)
		if took := p.now.Sub(begin); took < 2*time.Minute || took > 30*time.Minute {
			t.Errorf("after %v", took)
		}
	}},
	{"a window is that of the latest packet, whichever comes last", func(t *testing.T) {
		p := accepted(t, config())
		late := p.ack(0)
		late.Window = 5000
		p.wait(ms)
		p.step(p.ack(0))
		p.step(late)
		if w := p.Status().Remote; w != 1<<20 {
			t.Errorf("the window is %d", w)
		}
	}},
	{"beside one packet that is not full no other one flies", func(t *testing.T) {
		p := accepted(t, config())
		p.Append(10)
		p.mustSend(p.step(p.ack(0)), "D")
		p.Append(10)
		p.flush()
		p.mustSend(p.look(), "")
		p.Append(segment)
		p.flush()
		s := p.look()
		p.mustSend(s, "D")
		if s[0].Size != segment {
			t.Errorf("%+v", s[0])
		}
		p.mustSend(p.step(p.ack(1)), "D")
	}},
	{"a window smaller than a packet has packets of its size", func(t *testing.T) {
		p := accepted(t, config())
		p.Append(2 * segment)
		small := p.ack(0)
		small.Window = 300
		s := p.step(small)
		p.mustSend(s, "D")
		if s[0].Size != 300 {
			t.Errorf("%+v", s[0])
		}
	}},
	{"to who is far and promises more than libutp does more packets fly than that has slots for", func(t *testing.T) {
		cfg := config()
		cfg.Control = lets(4 << 20)
		for _, c := range []struct {
			away   time.Duration
			window uint32
			want   int // packets
		}{
			{100 * ms, 4 << 20, 4096}, {conn.FarRTT, 1<<20 + 1, 1048},
			{100 * ms, 1 << 20, 900}, {conn.FarRTT - 1, 4 << 20, 900},
		} {
			p := openedAfter(c.away)(t, cfg)
			p.Append(10 << 20)
			promise := p.ack(0)
			promise.Window = c.window
			p.step(promise)
			if n := p.Status().Flying.Packets; n != c.want {
				t.Errorf("%v away, to a window of %d bytes, fly %d packets, want %d", c.away, c.window, n, c.want)
			}
		}
	}},
}
