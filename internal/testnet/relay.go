package testnet

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Relay stands between UDP clients and a server: clients send to Addr, and the
// server sees each of them come from a port of the relay. It needs no rights.
type Relay struct {
	front   *net.UDPConn
	server  netip.AddrPort
	there   *road // from the clients to the server
	back    *road
	courier *courier
	running sync.WaitGroup

	mu    sync.Mutex
	flows map[netip.AddrPort]*net.UDPConn // by client
	state relayState
}

type relayState uint8

const (
	relayOpen relayState = iota
	relayClosed
)

// datagram is the size of the largest one that there can be.
const datagram = 64 << 10

// NewRelay relays to a server, from a free port of 127.0.0.1 (or ::1, if the server
// has an IPv6 address). Both directions follow the zero Path until SetPath. The
// random seed decides about loss, duplicates and order.
func NewRelay(server netip.AddrPort, randomSeed uint64) (*Relay, error) {
	front, err := net.ListenUDP("udp", loopback(server))
	if err != nil {
		return nil, err
	}
	r := &Relay{
		front: front, server: server, flows: map[netip.AddrPort]*net.UDPConn{}, courier: newCourier(),
		there: newRoad(Path{}, randomSeed), back: newRoad(Path{}, randomSeed+1),
	}
	r.running.Go(r.courier.run)
	r.running.Go(r.readFront)
	return r, nil
}

// loopback is any free port where the relay can reach the server.
func loopback(server netip.AddrPort) *net.UDPAddr {
	if server.Addr().Is4() {
		return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	}
	return &net.UDPAddr{IP: net.IPv6loopback}
}

// Addr is where clients send to.
func (r *Relay) Addr() netip.AddrPort {
	a := r.front.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// SetPath changes both directions: from the clients to the server, and back.
func (r *Relay) SetPath(there, back Path) {
	r.there.change(there)
	r.back.change(back)
}

// Counts is what became of the datagrams to the server and of those back.
func (r *Relay) Counts() (there, back Counts) { return r.there.count(), r.back.count() }

// Rebind gives every client another port towards the server, as a NAT does that
// has forgotten them. What the server still sends to the old ports is lost.
func (r *Relay) Rebind() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget()
}

func (r *Relay) forget() {
	for client, flow := range r.flows {
		_ = flow.Close()
		delete(r.flows, client)
	}
}

// Close ends the relay.
func (r *Relay) Close() error {
	r.mu.Lock()
	r.state = relayClosed
	r.forget()
	r.mu.Unlock()
	err := r.front.Close()
	r.courier.close()
	r.running.Wait()
	return err
}

func (r *Relay) readFront() {
	buf := make([]byte, datagram)
	for {
		n, from, err := r.front.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		b := append([]byte(nil), buf[:n]...)
		for _, at := range r.there.send(time.Now(), n) {
			r.courier.post(at, func() {
				if flow := r.flow(from); flow != nil {
					_, _ = flow.WriteToUDPAddrPort(b, r.server)
				}
			})
		}
	}
}

// flow is the socket that stands for a client, nil after Close.
func (r *Relay) flow(client netip.AddrPort) *net.UDPConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	flow := r.flows[client]
	if flow != nil || r.state == relayClosed {
		return flow
	}
	flow, err := net.ListenUDP("udp", loopback(r.server))
	if err != nil {
		return nil // as a NAT without a free port
	}
	r.flows[client] = flow
	r.running.Go(func() { r.readBack(flow, client) })
	return flow
}

func (r *Relay) readBack(flow *net.UDPConn, client netip.AddrPort) {
	buf := make([]byte, datagram)
	for {
		n, _, err := flow.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		b := append([]byte(nil), buf[:n]...)
		for _, at := range r.back.send(time.Now(), n) {
			r.courier.post(at, func() { _, _ = r.front.WriteToUDPAddrPort(b, client) })
		}
	}
}
