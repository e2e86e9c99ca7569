package utp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/sup"
	"github.com/etorrent/etorrent/utp"
)

// evil is where forged datagrams really come from.
const evil = "10.0.0.66"

// errorOfARemote as the payload of a forged datagram is an error of the socket instead: what
// ICMP makes of a port that is closed.
const errorOfARemote = "refused"

// tap is a host whose datagrams are counted, and to which datagrams of evil come under the
// name that they say.
type tap struct {
	*etorrenttest.Host
	mu   sync.Mutex
	sent map[netip.AddrPort]tally
	// lose says of a datagram that leaves whether it is lost.
	lose func(b []byte) fate
}

type fate uint8

const (
	carried fate = iota
	lost
)

// tally is what left for one endpoint.
type tally struct{ datagrams, bytes, largest int }

func (b *bubble) tap(host string) *tap {
	return &tap{Host: b.Host(host), sent: map[netip.AddrPort]tally{}}
}

func (h *tap) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	c, err := h.Host.ListenPacket(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &tapped{c, h}, nil
}

// to is what left for an endpoint.
func (h *tap) to(at netip.AddrPort) tally {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sent[at]
}

// toOthers is what left for all that are not of some hosts, and the most of it that left for
// one endpoint.
func (h *tap) toOthers(hosts ...string) (all, most tally) {
	h.mu.Lock()
	defer h.mu.Unlock()
next:
	for at, t := range h.sent {
		for _, host := range hosts {
			if at.Addr().String() == host {
				continue next
			}
		}
		all = tally{all.datagrams + t.datagrams, all.bytes + t.bytes, max(all.largest, t.largest)}
		most = tally{max(most.datagrams, t.datagrams), max(most.bytes, t.bytes), all.largest}
	}
	return all, most
}

// tapped is a socket of a tap.
type tapped struct {
	net.PacketConn
	host *tap
}

func (c *tapped) WriteTo(b []byte, to net.Addr) (int, error) {
	h, at := c.host, netip.MustParseAddrPort(to.String())
	h.mu.Lock()
	t := h.sent[at]
	h.sent[at] = tally{t.datagrams + 1, t.bytes + len(b), max(t.largest, len(b))}
	lose := h.lose
	h.mu.Unlock()
	if lose != nil && lose(b) == lost {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

func (c *tapped) ReadFrom(b []byte) (int, net.Addr, error) {
	into := make([]byte, len(b)+6)
	n, from, err := c.PacketConn.ReadFrom(into)
	if err != nil || from.(*net.UDPAddr).IP.String() != evil {
		return copy(b, into[:n]), from, err
	}
	name := netip.AddrPortFrom(netip.AddrFrom4([4]byte(into[:4])), binary.BigEndian.Uint16(into[4:]))
	if string(into[6:n]) == errorOfARemote {
		return 0, nil, syscall.ECONNREFUSED
	}
	return copy(b, into[6:n]), net.UDPAddrFromAddrPort(name), nil
}

// forger sends datagrams to a tap under any name.
type forger struct {
	t   *testing.T
	c   net.PacketConn
	to  net.Addr
	saw sniffer // so that no guess is right by chance
}

func (b *bubble) forger(victim string) *forger {
	b.t.Helper()
	c, err := b.Host(evil).ListenPacket(b.t.Context(), "udp4", ":0")
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = c.Close() })
	return &forger{t: b.t, c: c, to: net.UDPAddrFromAddrPort(netip.MustParseAddrPort(victim + ":6881"))}
}

func (f *forger) send(from netip.AddrPort, payload []byte) {
	name := from.Addr().As4()
	d := binary.BigEndian.AppendUint16(name[:], from.Port())
	if _, err := f.c.WriteTo(append(d, payload...), f.to); err != nil {
		f.t.Error(err)
	}
}

func (f *forger) sendPacket(from netip.AddrPort, h utpwire.Header, payload string) {
	f.send(from, append(h.Append(nil, nil), payload...))
}

// flood calls send so often a second of virtual time, ten at once, until the context ends. It
// says how often it did.
func flood(ctx context.Context, perSecond int, send func(n int)) int {
	const atOnce = 10
	for n := 0; ; {
		for range atOnce {
			send(n)
			n++
		}
		select {
		case <-ctx.Done():
			return n
		case <-time.After(atOnce * time.Second / time.Duration(perSecond)):
		}
	}
}

// during runs a flood beside f, until f is done, and says how many packets it had.
func during(t *testing.T, perSecond int, send func(n int), f func()) int {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	sent := make(chan int)
	go func() { sent <- flood(ctx, perSecond, send) }()
	f()
	stop()
	return <-sent
}

// stranger is the nth forged endpoint.
func stranger(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{172, byte(n >> 16), byte(n >> 8), byte(n)}), uint16(1024+n%60_000))
}

// transfer has a stream go over a connection that is open, wants it whole, and says how long it
// took.
func transfer(t *testing.T, from, to *utp.Conn, size int) time.Duration {
	t.Helper()
	began := time.Now()
	data := stream(size)
	var all sync.WaitGroup
	all.Go(func() { writes(t, from, data) })
	reads(t, to, data)
	all.Wait()
	return time.Since(began)
}

// puppet is a remote by hand: a host that has shown its address, and keeps no rule.
type puppet struct {
	t      *testing.T
	c      net.PacketConn
	to     net.Addr
	id     utpwire.ConnID // that it receives by
	seq    serial.Number  // of what it sends next
	theirs serial.Number  // what comes next
	window uint32
	delay  utpwire.Delay // that it says
}

// puppet connects a host to a socket by hand: the socket may accept it then.
func (b *bubble) puppet(host, victim string) *puppet {
	b.t.Helper()
	c, err := b.Host(host).ListenPacket(b.t.Context(), "udp4", ":0")
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = c.Close() })
	p := &puppet{t: b.t, c: c, to: net.UDPAddrFromAddrPort(netip.MustParseAddrPort(victim + ":6881")), window: 1 << 20}
	p.ask(100)
	p.data("here")
	return p
}

// ask has the handshake of an id.
func (p *puppet) ask(id utpwire.ConnID) {
	p.t.Helper()
	p.id, p.seq = id, 1
	p.send(utpwire.Header{Kind: utpwire.Syn, ID: id}, nil, "")
	p.seq++
	for answer, err := p.read(time.Second); ; answer, err = p.read(time.Second) {
		if err != nil {
			p.t.Fatalf("a SYN was not answered: %v", err)
		}
		if answer.Kind == utpwire.State && answer.ID == id { // and of no earlier connection
			p.theirs = answer.Seq
			return
		}
	}
}

// send fills in what the puppet knows, if nothing else is said.
func (p *puppet) send(h utpwire.Header, mask utpwire.SelectiveAck, payload string) {
	if h.ID == 0 {
		h.ID = p.id.Next()
	}
	if h.Seq == 0 {
		h.Seq = p.seq
	}
	if h.Ack == 0 {
		h.Ack = p.theirs.Previous()
	}
	h.Window, h.Delay = p.window, p.delay
	h.Stamp = utpwire.Stamp(time.Now().UnixMicro())
	p.raw(append(h.Append(nil, mask), payload...))
}

func (p *puppet) raw(b []byte) {
	if _, err := p.c.WriteTo(b, p.to); err != nil {
		p.t.Error(err)
	}
}

// data sends the next of its stream.
func (p *puppet) data(payload string) {
	p.send(utpwire.Header{Kind: utpwire.Data}, nil, payload)
	p.seq++
}

// read is the next packet that comes.
func (p *puppet) read(within time.Duration) (utpwire.Packet, error) {
	var got utpwire.Packet
	b := make([]byte, 4096)
	_ = p.c.SetReadDeadline(time.Now().Add(within))
	n, _, err := p.c.ReadFrom(b)
	if err == nil && utpwire.Parse(b[:n], &got) != utpwire.NoFault {
		err = errors.New("no packet of uTP")
	}
	return got, err
}

// serve answers what comes for as long as it is said: by an acknowledgement, unless answer does.
func (p *puppet) serve(during time.Duration, answer func(got utpwire.Packet)) (packets, payload int) {
	for until := time.Now().Add(during); time.Now().Before(until); {
		got, err := p.read(time.Until(until))
		if err != nil {
			return packets, payload
		}
		packets++
		payload += len(got.Payload)
		if got.Kind == utpwire.Data && got.Seq == p.theirs {
			p.theirs = p.theirs.Next()
		}
		answer(got)
	}
	return packets, payload
}

// heap is what is in use.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// holds wants a heap to have grown by no more than so many bytes.
func holds(t *testing.T, before, most int, what string) {
	t.Helper()
	if grown := heap() - before; grown > most {
		t.Errorf("%s holds %d KiB, more than %d", what, grown>>10, most>>10)
	}
}

// serves wants a socket to take a further connection, and both streams of it to be whole.
func (b *bubble) serves(to *utp.Socket, host string) {
	b.t.Helper()
	from := b.socket(host)
	dialled, accepted := connect(b.t, from, to, right+":6881")
	data := stream(10 << 10)
	writes(b.t, dialled, data)
	reads(b.t, accepted, data)
	writes(b.t, accepted, data)
	reads(b.t, dialled, data)
	_ = dialled.Close()
	if got, err := io.ReadAll(accepted); err != nil || !bytes.Equal(got, nil) {
		b.t.Errorf("behind the end came %d bytes, %v", len(got), err)
	}
	_ = accepted.Close()
}

// counter counts steps of connections.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) hook(p sup.Point) {
	if p.At == sup.InStep && p.Kind == "conn" {
		c.mu.Lock()
		c.n++
		c.mu.Unlock()
	}
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}
