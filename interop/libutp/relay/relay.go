//go:build linux

// Package relay has programs that speak uTP meet over real sockets, with a Relay between
// them that does what networks do: ours and libutp, in C++ and in Node, in both roles, with
// streams there, back and both.
//
// `go test` runs a chosen set of these meetings, ETORRENT_UTP=all has all of them, and
// another value those whose names match it, a regular expression. ETORRENT_PROGRAM is a
// binary to test instead of building one. What is needed and missing fails a test under
// CI=true and skips it elsewhere.
package relay

import (
	"container/heap"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// RelayConfig says what a Relay stands before, and what befalls what goes through it.
type RelayConfig struct {
	To          netip.AddrPort // whom clients reach through it
	Seed        uint64         // of all chances; each way has numbers of its own
	There, Back Path           // from clients, and to them
	RebindAfter int            // datagrams of a client until it has another port, once; 0: never
}

// Relay passes datagrams between clients and one address, as a NAT does: each client is a
// port of its own there. What is late leaves by a clock of its own, not by sleeps that add
// up, so that a rate is kept however late the relay wakes.
type Relay struct {
	cfg     RelayConfig
	front   *net.UDPConn
	readers sync.WaitGroup
	wake    chan struct{}
	done    chan struct{}

	mu          sync.Mutex
	there, back *way
	clients     map[netip.AddrPort]*mapping
	late        lateness
	order       uint64
}

// mapping is a client as the far side sees it.
type mapping struct {
	client netip.AddrPort
	up     *net.UDPConn
	gone   []*net.UDPConn // ports that it had before: what comes there goes nowhere
	passed int            // datagrams from the client
}

// relayBuffer is what a socket of the relay asks the kernel for, in bytes: with the usual
// 208 KiB the relay would lose more than it is told to.
const relayBuffer = 4 << 20

// StartRelay listens on a port of the loopback of the family of cfg.To.
func StartRelay(cfg RelayConfig) (*Relay, error) {
	loopback := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	if cfg.To.Addr().Is6() {
		loopback = netip.AddrPortFrom(netip.IPv6Loopback(), 0)
	}
	front, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(loopback))
	if err != nil {
		return nil, err
	}
	roomy(front)
	r := &Relay{
		cfg: cfg, front: front, wake: make(chan struct{}, 1), done: make(chan struct{}),
		there: newWay(cfg.There, 2*cfg.Seed, cfg.To.Addr()), back: newWay(cfg.Back, 2*cfg.Seed+1, cfg.To.Addr()),
		clients: map[netip.AddrPort]*mapping{},
	}
	r.readers.Go(r.accept)
	r.readers.Go(r.release)
	return r, nil
}

// At is where clients are to go.
func (r *Relay) At() netip.AddrPort { return r.front.LocalAddr().(*net.UDPAddr).AddrPort() }

// Counted is what befell the datagrams so far, from clients and to them.
func (r *Relay) Counted() (there, back Counts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.there.counts, r.back.counts
}

// Close ends the relay; what is late is lost.
func (r *Relay) Close() {
	close(r.done)
	r.mu.Lock()
	r.front.Close()
	for _, m := range r.clients {
		m.up.Close()
		for _, old := range m.gone {
			old.Close()
		}
	}
	r.mu.Unlock()
	r.readers.Wait()
}

// accept passes on what clients send.
func (r *Relay) accept() {
	buf := make([]byte, 1<<16)
	for {
		n, client, err := r.front.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		if m := r.mapped(client); m != nil {
			m.passed++
			if m.passed == r.cfg.RebindAfter {
				r.rebind(m)
			}
			r.pass(r.there, buf[:n], func(b []byte) { _, _ = m.up.Write(b) })
		}
		r.mu.Unlock()
	}
}

// mapped finds a client, or makes it one; nil when the relay is closed.
func (r *Relay) mapped(client netip.AddrPort) *mapping {
	m := r.clients[client]
	if m == nil {
		m = &mapping{client: client}
		if r.open(m) {
			r.clients[client] = m
		} else {
			return nil
		}
	}
	return m
}

// open gives a client a port, and listens there.
func (r *Relay) open(m *mapping) bool {
	select {
	case <-r.done:
		return false
	default:
	}
	up, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.cfg.To))
	if err != nil {
		return false
	}
	roomy(up)
	m.up = up
	r.readers.Go(func() { r.answer(m, up) })
	return true
}

func (r *Relay) rebind(m *mapping) {
	old := m.up
	if r.open(m) {
		m.gone = append(m.gone, old)
	}
}

// answer passes on what comes to a port of a client.
func (r *Relay) answer(m *mapping, up *net.UDPConn) {
	buf := make([]byte, 1<<16)
	for {
		n, err := up.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // nobody listens there, or no longer
		}
		r.mu.Lock()
		if m.up == up {
			r.pass(r.back, buf[:n], func(b []byte) { _, _ = r.front.WriteToUDPAddrPort(b, m.client) })
		}
		r.mu.Unlock()
	}
}

// pass does to a datagram what the way does; mu is held.
func (r *Relay) pass(w *way, datagram []byte, send func([]byte)) {
	now := time.Now()
	for _, due := range w.befalls(now, datagram) {
		if !due.After(now) && !w.keepsOrder() {
			send(datagram)
			continue
		}
		r.order++
		heap.Push(&r.late, lateDatagram{due, r.order, append([]byte(nil), datagram...), send})
		if r.late[0].order == r.order {
			select {
			case r.wake <- struct{}{}:
			default:
			}
		}
	}
}

// release sends what is late when it is due.
func (r *Relay) release() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(r.sendDue())
		select {
		case <-timer.C:
		case <-r.wake:
		case <-r.done:
			return
		}
	}
}

// sendDue sends all that is due, and returns how long the next is not.
func (r *Relay) sendDue() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.late) > 0 {
		if d := time.Until(r.late[0].due); d > 0 {
			return d
		}
		next := heap.Pop(&r.late).(lateDatagram)
		next.send(next.datagram)
	}
	return time.Hour
}

// lateDatagram leaves at a time; of two of one time, the first that came.
type lateDatagram struct {
	due      time.Time
	order    uint64
	datagram []byte
	send     func([]byte)
}

// lateness is a heap, what is due first at its top.
type lateness []lateDatagram

func (l lateness) Len() int      { return len(l) }
func (l lateness) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *lateness) Push(x any)   { *l = append(*l, x.(lateDatagram)) }
func (l lateness) Less(i, j int) bool {
	return l[i].due.Before(l[j].due) || l[i].due.Equal(l[j].due) && l[i].order < l[j].order
}

func (l *lateness) Pop() any {
	last := len(*l) - 1
	x := (*l)[last]
	(*l)[last] = lateDatagram{}
	*l = (*l)[:last]
	return x
}

// roomy asks for buffers that only root gets; without, what the kernel allows is taken.
func roomy(c *net.UDPConn) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		for forced, plain := range map[int]int{syscall.SO_RCVBUFFORCE: syscall.SO_RCVBUF, syscall.SO_SNDBUFFORCE: syscall.SO_SNDBUF} {
			if syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, forced, relayBuffer) != nil {
				_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, plain, relayBuffer)
			}
		}
	})
}
