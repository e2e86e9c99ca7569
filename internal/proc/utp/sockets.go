package utp

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/doze"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

const (
	// packetRoom is the room for a datagram that is read: more than a path carries whole, so
	// that what is longer is seen, and is no packet.
	packetRoom = 2048
	// wantedBuffer is what is asked for in the kernel, each way and for each socket, in bytes.
	wantedBuffer = 4 << 20
	// faultsInARow is how many reads may fail, and none succeed between them, before reading
	// rests for a while.
	faultsInARow = 16
	faultsRest   = 200 * time.Millisecond
	// fullPacket and fullCost are what a full packet carries, and what it takes of a socket's
	// buffer (Linux).
	fullPacket, fullCost = 1402, 2304
	// portTries is how often two sockets are tried to be given the same port.
	portTries = 16
)

// Sockets is a Link of UDP sockets of its own, one for each family.
type Sockets struct {
	egress   *pnet.Egress
	clock    *clock.Clock
	at       []netip.AddrPort // where to open them, one of each family
	p        *sup.Process
	open     []*socket
	incoming chan Batch
	writable chan struct{}

	mu    sync.Mutex
	bound []netip.AddrPort // where they are
	room  int
}

// socket is an open one, with its reader.
type socket struct {
	pnet.Packets
	lender pnet.Lender // which reads it
	doze   doze.Doze
	family pnet.Family
	again  chan struct{} // the reader may read again
	gone   chan struct{} // closed with it
}

// Close ends it, and its goroutines.
func (k *socket) Close() error {
	close(k.gone)
	return k.Packets.Close()
}

// NewSockets returns a link of sockets at addresses, at most one of each family. Where all
// have port 0 they get one that is free in both. A family that the host does without is
// left out if another one is there.
func NewSockets(e *pnet.Egress, c *clock.Clock, at []netip.AddrPort) *Sockets {
	return &Sockets{egress: e, clock: c, at: at, incoming: make(chan Batch), writable: make(chan struct{}, 1)}
}

// Open opens the sockets.
func (s *Sockets) Open(p *sup.Process) error {
	s.p, s.open = p, nil
	packets, err := s.listen(p.Context())
	if err != nil {
		return err
	}
	bound, room := []netip.AddrPort{}, 0
	for _, one := range packets {
		k := &socket{Packets: one, lender: pnet.NewLender(one, packetRoom), family: pnet.FamilyOf(one.LocalAddr().Addr()), again: make(chan struct{}, 1), gone: make(chan struct{})}
		p.Closes(k)
		bound = append(bound, one.LocalAddr())
		if has := AskRoom(one); has > 0 && (room == 0 || has < room) {
			room = has
		}
		s.open = append(s.open, k)
	}
	s.note(bound, room)
	for _, k := range s.open {
		p.Go("reader of "+k.family.String(), func() error { return s.read(k) })
	}
	return nil
}

// listen opens the sockets: where they were, if they were there before.
func (s *Sockets) listen(ctx context.Context) ([]pnet.Packets, error) {
	if had := s.places(); len(had) > 0 {
		return s.listenAt(ctx, had)
	}
	var err error
	for range portTries {
		var all []pnet.Packets
		if all, err = s.listenAt(ctx, s.at); pnet.ViewListen(err) != pnet.ListenTaken || s.at[0].Port() != 0 {
			return all, err
		}
	}
	return nil, err
}

func (s *Sockets) listenAt(ctx context.Context, at []netip.AddrPort) ([]pnet.Packets, error) {
	var all []pnet.Packets
	var absent error
	port := uint16(0)
	for _, a := range at {
		if a.Port() == 0 {
			a = netip.AddrPortFrom(a.Addr(), port)
		}
		one, err := s.egress.ListenPacket(ctx, pnet.FamilyOf(a.Addr()), a)
		switch {
		case err == nil:
			all = append(all, one)
			port = one.LocalAddr().Port()
		case pnet.ViewListen(err) == pnet.ListenAbsent:
			absent = err
		default:
			for _, opened := range all {
				_ = opened.Close()
			}
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, absent
	}
	return all, nil
}

// note keeps what others are to know.
func (s *Sockets) note(bound []netip.AddrPort, room int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bound, s.room = bound, room
}

func (s *Sockets) places() []netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bound
}

// Room is how many bytes of full packets the smallest socket holds.
func (s *Sockets) Room() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.room
}

// LocalAddr is that of the socket of the remote's family.
func (s *Sockets) LocalAddr(remote netip.AddrPort) netip.AddrPort {
	bound := s.places()
	for _, b := range bound {
		if remote.IsValid() && pnet.FamilyOf(b.Addr()) == pnet.FamilyOf(remote.Addr()) {
			return b
		}
	}
	if len(bound) == 0 {
		return netip.AddrPort{}
	}
	return bound[0]
}

// Write writes those at the front that are of one family.
func (s *Sockets) Write(out []pnet.Datagram) (int, pnet.WriteState, error) {
	out, f := FrontOf(out)
	for _, k := range s.open {
		if k.family == f {
			n, state, err := k.Write(out)
			if state == pnet.WriteBlocked {
				Await(s.p, k, s.writable)
			}
			return n, state, err
		}
	}
	return 0, pnet.WriteOpen, &pnet.NoSocketError{Family: f}
}

// Writable tells when writing can go on.
func (s *Sockets) Writable() <-chan struct{} { return s.writable }
