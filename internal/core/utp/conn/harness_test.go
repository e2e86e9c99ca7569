package conn_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/mtu"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const ms = time.Millisecond

// steady is a control whose window never changes.
type steady struct{ window int }

func (steady) Acknowledged(mono.Instant, cong.Ack) {}
func (steady) Lost(mono.Instant, cong.Loss)        {}
func (steady) Undone(mono.Instant)                 {}
func (steady) Sent(mono.Instant, int, int)         {}
func (steady) Resized(int)                         {}
func (s steady) Window() int                       { return s.window }
func (steady) Rate() int64                         { return 0 }
func (steady) Deadline() mono.Instant              { return mono.Never }
func (steady) Tick(mono.Instant)                   {}
func (steady) View() cong.View                     { return cong.View{} }

// lets is a control of so many bytes.
func lets(bytes int) func(cong.Config) cong.Control {
	return func(cong.Config) cong.Control { return steady{bytes} }
}

// probe is one end, of which the test is the other: it writes down what the end does.
type probe struct {
	testing.TB
	*conn.Conn
	now       mono.Instant
	sent      []conn.Outgoing // since the last look
	masks     [][]byte
	got       []byte
	released  uint64
	connected int
	ended     int
	forgot    []utpwire.ConnID
	closed    []conn.Reason
}

func (p *probe) Deliver(b []byte) { p.got = append(p.got, b...) }
func (p *probe) Send(o conn.Outgoing) {
	p.masks = append(p.masks, append([]byte(nil), o.Mask...))
	o.Mask = nil
	p.sent = append(p.sent, o)
}
func (p *probe) Released(to uint64)       { p.released = to }
func (p *probe) Connected()               { p.connected++ }
func (p *probe) Ended()                   { p.ended++ }
func (p *probe) Forget(id utpwire.ConnID) { p.forgot = append(p.forgot, id) }
func (p *probe) Closed(why conn.Reason)   { p.closed = append(p.closed, why) }

// Numbers of the tests: those of the end's packets begin with ours, which wraps soon, and
// those of the remote with theirs.
const (
	ours    serial.Number  = 65530
	theirs  serial.Number  = 65000
	ourID   utpwire.ConnID = 700
	segment                = 1000
)

func config() conn.Config {
	cfg := conn.Defaults()
	cfg.Path, cfg.Segment, cfg.Control = mtu.Config{}, segment, lets(1<<20)
	return cfg
}

func newProbe(t testing.TB) *probe { return &probe{TB: t, now: mono.Instant(time.Hour)} }

func shared() *conn.Shared { return conn.NewShared(recv.NewPool(2048, 4096)) }

// accepted returns the end of an acceptor whose remote has shown itself.
func accepted(t testing.TB, cfg conn.Config) *probe {
	p := newProbe(t)
	p.Conn = conn.Accept(cfg, shared(), conn.Opening{ID: ourID, Theirs: theirs.Previous(), Ours: ours}, p.now)
	return p
}

var invitation = conn.Invitation{IDs: [conn.Attempts]utpwire.ConnID{ourID, 65535, 20, 30}, Seq: ours.Previous()}

// dialled returns an initiator that has sent its first Syn.
func dialled(t testing.TB, cfg conn.Config) *probe {
	p := newProbe(t)
	p.Conn = conn.Dial(cfg, shared(), invitation, p.now)
	p.flush()
	return p
}

// opened returns an initiator whose Syn was answered within 100 ms.
func opened(t testing.TB, cfg conn.Config) *probe { return openedAfter(100*ms)(t, cfg) }

// openedAfter makes one whose handshake took so long.
func openedAfter(roundTrip time.Duration) func(testing.TB, conn.Config) *probe {
	return func(t testing.TB, cfg conn.Config) *probe {
		p := dialled(t, cfg)
		p.wait(roundTrip)
		p.receive(p.synAck(ourID, theirs))
		p.flush()
		p.look()
		return p
	}
}

// spokenTo returns an acceptor that knows the window of its remote, and no round trip.
func spokenTo(t testing.TB, cfg conn.Config) *probe {
	p := accepted(t, cfg)
	p.step(p.ack(0))
	return p
}

// ends are both.
var ends = map[string]func(testing.TB, conn.Config) *probe{"initiator": opened, "acceptor": accepted}

func (p *probe) flush() {
	p.Helper()
	p.Flush(p.now, p)
	if err := p.Audit(p.now); err != nil {
		p.Fatal(err)
	}
}

// wait passes time, and does what is due meanwhile.
func (p *probe) wait(d time.Duration) {
	p.Helper()
	until := p.now.Add(d)
	for at := p.Deadline(); at != mono.Never && at <= until; at = p.Deadline() {
		p.now = at
		p.Expire(p.now, p)
		p.flush()
	}
	p.now = until
}

// look returns what was sent since the last look.
func (p *probe) look() []conn.Outgoing {
	sent := p.sent
	p.sent, p.masks = nil, nil
	return sent
}

// receive has the end take a packet, and go on.
func (p *probe) receive(packet utpwire.Packet) conn.Arrival {
	return p.Receive(p.now, &packet, p)
}

// step is receive and flush; it returns what was sent.
func (p *probe) step(packet utpwire.Packet) []conn.Outgoing {
	p.Helper()
	p.receive(packet)
	p.flush()
	return p.look()
}

// remote is a packet of the remote: the nth of its numbers, acknowledging all before
// our mth.
func (p *probe) remote(kind utpwire.Kind, n, m int) utpwire.Packet {
	return utpwire.Packet{Header: utpwire.Header{
		Kind: kind, ID: p.ID(), Stamp: utpwire.StampAt(p.now) + 12345, Delay: 777, Window: 1 << 20, Seq: theirs.Add(n), Ack: ours.Add(m - 1),
	}}
}

// data is a Data of the remote with so many bytes.
func (p *probe) data(n, m, bytes int) utpwire.Packet {
	d := p.remote(utpwire.Data, n, m)
	d.Payload = make([]byte, bytes)
	for i := range d.Payload {
		d.Payload[i] = byte(n)
	}
	return d
}

func (p *probe) ack(m int) utpwire.Packet { return p.remote(utpwire.State, 0, m) }

func (p *probe) synAck(id utpwire.ConnID, seq serial.Number) utpwire.Packet {
	return utpwire.Packet{Header: utpwire.Header{
		Kind: utpwire.State, ID: id, Stamp: utpwire.StampAt(p.now) + 12345, Delay: 777, Window: 1 << 20, Seq: seq, Ack: ours.Previous(),
	}}
}

func (p *probe) mustBe(got conn.Arrival, want conn.ArrivalKind) {
	p.Helper()
	if got.Kind != want {
		p.Errorf("the packet is %v, want %v", got.Kind, want)
	}
}

func (p *probe) mustBeClosed(why conn.Reason) {
	p.Helper()
	if len(p.closed) != 1 || p.closed[0] != why || p.Phase() != conn.Closed || p.Reason() != why || p.Deadline() != mono.Never {
		p.Errorf("closed %v, %v, %v; want %v", p.closed, p.Phase(), p.Reason(), why)
	}
}

// kinds are those of packets, in a row.
func kinds(sent []conn.Outgoing) string {
	s := ""
	for _, o := range sent {
		s += map[utpwire.Kind]string{utpwire.Data: "D", utpwire.Fin: "F", utpwire.State: "S", utpwire.Reset: "R", utpwire.Syn: "Y"}[o.Kind]
	}
	return s
}

func (p *probe) mustSend(sent []conn.Outgoing, want string) {
	p.Helper()
	if got := kinds(sent); got != want {
		p.Fatalf("sent %q, want %q", got, want)
	}
}
