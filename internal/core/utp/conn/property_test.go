package conn_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/mtu"
	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// puppet is an end whose remote and application do whatever a row of bytes says. What
// it does is compared with what it may do.
type puppet struct {
	*probe
	t      fatal
	base   int // number of the first packet of the remote's stream, behind theirs
	came   int // packets of the remote's stream that were delivered
	ranges map[serial.Number]conn.Outgoing
	top    int // of our numbers, what was sent
	acked  int
	begin  uint64 // of what is sent next
	unread int
	last   conn.Outgoing // that was sent
}

// payload is that of the nth packet of the remote.
func payload(n int) []byte {
	b := make([]byte, 1+n%5*(n%70))
	for i := range b {
		b[i] = byte(n + i*7)
	}
	return b
}

// Deliver compares what comes with the remote's stream.
func (p *puppet) Deliver(b []byte) {
	if string(b) != string(payload(p.came)) {
		p.t.Fatalf("packet %d of %d bytes came as %d others", p.came, len(payload(p.came)), len(b))
	}
	if p.ended > 0 || len(p.closed) > 0 {
		p.t.Fatalf("bytes behind the end")
	}
	p.came++
	p.unread += len(b)
}

// Send looks whether a packet may be sent, but for the windows, at which Audit looks.
func (p *puppet) Send(o conn.Outgoing) {
	if len(p.closed) > 0 {
		p.t.Fatalf("%v after the end", o.Kind)
	}
	if o.Stamp == utpwire.NoStamp || len(o.Mask) > utpwire.MaxMaskBytes || o.Kind != utpwire.State && len(o.Mask) > 0 {
		p.t.Fatalf("%+v", o)
	}
	if o.Times == 0 || o.Kind == utpwire.Syn {
		return
	}
	o.Mask = nil
	p.last = o
	if seen, is := p.ranges[o.Seq]; is {
		if seen.Kind != o.Kind || seen.Begin != o.Begin || seen.Size != o.Size {
			p.t.Fatalf("%+v is sent again as %+v", seen, o)
		}
		return
	}
	if o.Begin != p.begin || o.Seq != ours.Add(p.top) || o.Size > segment {
		p.t.Fatalf("%+v where %v at %d is next", o, ours.Add(p.top), p.begin)
	}
	p.ranges[o.Seq] = o
	p.begin += uint64(o.Size)
	p.top++
}

// Released must be before what was sent.
func (p *puppet) Released(to uint64) {
	if to > p.begin || to < p.released {
		p.t.Fatalf("released to %d of %d, after %d", to, p.begin, p.released)
	}
	p.released = to
}

func newPuppet(t fatal, how byte) *puppet {
	cfg := config()
	cfg.Window, cfg.Reserve = 5000, 2000
	if how&2 != 0 {
		cfg.Control = nil
	}
	p := &puppet{probe: newProbe(nil), t: t, ranges: map[serial.Number]conn.Outgoing{}}
	if how&4 != 0 {
		cfg.Path = mtu.Config{Floor: 320, Base: 520, Ceiling: segment + utpwire.HeaderBytes}
	}
	if how&1 != 0 {
		p.Conn = conn.Dial(cfg, shared(), invitation, p.now)
	} else {
		p.Conn = conn.Accept(cfg, shared(), conn.Opening{ID: ourID, Theirs: theirs.Previous(), Ours: ours}, p.now)
	}
	p.go1()
	return p
}

// go1 flushes, and looks at everything.
func (p *puppet) go1() {
	p.Flush(p.now, p)
	if err := p.Audit(p.now); err != nil {
		p.t.Fatalf("%v", err)
	}
	if len(p.closed) > 1 || p.ended > 1 || p.connected > 1 {
		p.t.Fatalf("closed %v, ended %d, connected %d", p.closed, p.ended, p.connected)
	}
}

func (p *puppet) pass(d time.Duration) {
	until := p.now.Add(d)
	for at := p.Deadline(); at != mono.Never && at <= until; at = p.Deadline() {
		p.now = at
		p.Expire(p.now, p)
		p.go1()
	}
	p.now = until
}

// packet is one that the remote might send: its numbers are near those that are right.
func (p *puppet) packet(kind utpwire.Kind, a, b byte) utpwire.Packet {
	n, m := p.came+int(a%32)-6, p.acked+int(b%16)-3
	if a >= 224 {
		n = p.came
	}
	if b >= 128 {
		m = min(p.acked+int(b%8), p.top)
	}
	x := p.remote(kind, p.base+n, m)
	x.ID = ourID
	switch kind {
	case utpwire.Data:
		x.Payload = payload(max(n, 0))
	case utpwire.Reset, utpwire.Syn:
		x.ID += utpwire.ConnID(a%3) - 1
	case utpwire.State, utpwire.Fin:
	}
	if b&0x10 != 0 {
		x.Window = uint32(a) * uint32(b&0x0f)
	}
	return x
}

func (p *puppet) take(x utpwire.Packet) {
	switch a := p.Receive(p.now, &x, p); a.Kind {
	case conn.Acknowledges, conn.Carries:
		p.acked = max(p.acked, min(x.Ack.Diff(ours.Add(p.acked-1))+p.acked, p.top))
	case conn.Opens, conn.Reopens:
		p.base = x.Seq.Diff(theirs)
	}
}

// do is one step.
func (p *puppet) do(op, a, b byte) {
	switch op % 13 {
	case 0, 1:
		p.take(p.packet(utpwire.Data, a, b))
	case 2:
		p.take(p.packet(utpwire.State, a, b))
	case 3:
		x := p.packet(utpwire.State, 230, b)
		x.Mask = []byte{a, b, a ^ b, a + b, a}[:1+a%5]
		p.take(x)
	case 4:
		p.take(p.packet([...]utpwire.Kind{utpwire.Fin, utpwire.Reset, utpwire.Syn, utpwire.Data}[b>>4&3], a, b))
	case 5:
		p.pass(time.Duration(a) * time.Duration(b) * ms)
	case 6:
		p.Append(int(a) * int(b))
	case 7:
		n := min(int(a)*int(b), p.unread)
		p.unread -= n
		if p.Phase() != conn.SynSent {
			p.Read(n)
		}
	case 8:
		p.end(a)
	case 9:
		if d := p.Deadline(); d != mono.Never {
			p.pass(d.Sub(p.now))
		}
	case 10:
		id := invitation.IDs[a%conn.Attempts]
		p.take(p.synAck(id, theirs.Add(int(b)*100)))
	case 11:
		p.take(p.synAck(ourID, theirs))
	case 12:
		p.stream(int(a) << 6)
	}
	if op&0x80 == 0 {
		p.go1()
	}
}

// stream has packets come in order, to come round.
func (p *puppet) stream(packets int) {
	for range packets {
		p.pass(time.Microsecond)
		x := p.packet(utpwire.Data, 255, 128)
		p.take(x)
		p.Read(len(x.Payload))
		p.unread = max(p.unread-len(x.Payload), 0)
	}
}

func (p *puppet) end(how byte) {
	switch how % 16 {
	case 0, 1:
		p.Finish()
	case 2, 3:
		p.discards()
		p.Close(p.now, p)
	case 4:
		p.Abort(p.now, p)
	case 5, 6, 7:
		p.TooBig(p.now, 300+int(how)*2)
		p.TooLarge(p.now, p.last)
		p.last = conn.Outgoing{}
	default: // the network does not take the last that was sent
		p.Append(int(how) * 100)
		p.last = conn.Outgoing{}
		p.go1()
		if p.last.Times > 0 {
			p.NotSent(p.last)
		}
	}
}

// discards notes that the rest of the stream is not looked at.
func (p *puppet) discards() { p.unread = 0 }

// FuzzConnection takes a byte that says what the end is, and three for each step, of which it
// plays some hundreds: more would take seconds.
func FuzzConnection(f *testing.F) {
	fuzzseed.Add(f)
	f.Add([]byte{0, 6, 100, 100, 2, 230, 129, 3, 0xfe, 128, 5, 30, 10, 9, 0, 0, 8, 0, 0, 4, 230, 128, 5, 255, 255})
	f.Add([]byte{1, 5, 40, 40, 10, 1, 0, 6, 99, 99, 0, 255, 130, 4, 255, 0, 8, 2, 0, 2, 224, 255, 5, 100, 100})
	f.Add([]byte{1, 6, 50, 100, 10, 0, 60, 11, 0, 0, 0, 225, 128, 2, 0, 0x90, 5, 100, 255, 9, 0, 0, 2, 240, 0xff})
	f.Add([]byte{2, 12, 255, 0, 12, 255, 0, 0, 3, 0, 0, 1, 1, 0, 224, 128})
	f.Fuzz(func(t *testing.T, steps []byte) {
		if len(steps) == 0 {
			return
		}
		p := newPuppet(t, steps[0])
		for steps = steps[1:min(len(steps), 1000)]; len(steps) >= 3; steps = steps[3:] {
			p.do(steps[0], steps[1], steps[2])
		}
	})
}

func TestAConnectionDoesOnlyWhatItMayWhateverComes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPuppet(t, rapid.Byte().Draw(t, "how"))
		steps := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "steps")
		for ; len(steps) >= 3; steps = steps[3:] {
			p.do(steps[0], steps[1], steps[2])
		}
	})
}
