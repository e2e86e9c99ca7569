package udp

import (
	"errors"
	"net"
	"net/netip"

	"github.com/etorrent/etorrent/internal/leaf/board"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/utp"
	"github.com/etorrent/etorrent/sup"
)

// Wire is the utp.Link through the sockets of the process udp. Readers lend what they read to
// the process of uTP, and that writes by itself, beside the process udp. It outlives both:
// what comes while no process of uTP runs is lost, as is what is sent while no process udp
// does.
type Wire struct {
	h        *Handle
	outlets  *board.Board[outlets]
	taker    *board.Board[*taker]
	wanted   *sup.Mailbox[pnet.Family] // bounded: who asked waits for the answer
	incoming chan utp.Batch
	writable chan struct{}
	p        *sup.Process // of uTP
}

// outlets are the sockets as uTP has them.
type outlets [len(pnet.Families)]outlet

// outlet is the socket of one family.
type outlet struct {
	state   outletState
	packets pnet.Packets
	at      netip.AddrPort
	room    int
	err     error // why it is absent
}

type outletState uint8

const (
	untried outletState = iota // it opens when it is wanted, or when it is known where
	opened
	absent
)

// taker is the process of uTP while it runs.
type taker struct {
	w    *Wire
	gone chan struct{}
}

// Close has what comes be lost.
func (t *taker) Close() error {
	t.w.taker.Post(nil)
	close(t.gone)
	return nil
}

func newWire(h *Handle) *Wire {
	return &Wire{
		h: h, outlets: board.New(outlets{}), taker: board.New[*taker](nil), wanted: sup.NewMailbox[pnet.Family](),
		incoming: make(chan utp.Batch), writable: make(chan struct{}, 1),
	}
}

// Open has a process take what comes.
func (w *Wire) Open(p *sup.Process) error {
	w.p = p
	t := &taker{w: w, gone: make(chan struct{})}
	w.taker.Post(t)
	p.Closes(t)
	return nil
}

// Incoming is what readers lend.
func (w *Wire) Incoming() <-chan utp.Batch { return w.incoming }

// Return has the reader read again.
func (w *Wire) Return(b utp.Batch) { b.Back <- struct{}{} }

// Write writes those at the front that are of one family. Where its socket is not there yet
// that is waited for; what a socket does not take that was just closed is lost.
func (w *Wire) Write(out []pnet.Datagram) (int, pnet.WriteState, error) {
	out, f := utp.FrontOf(out)
	all, _ := w.outlets.Read()
	switch o := all[f]; o.state {
	case untried:
		w.wanted.Put(f)
		return 0, pnet.WriteBlocked, nil
	case absent:
		return 0, pnet.WriteOpen, &pnet.NoSocketError{Family: f, Err: o.err}
	case opened:
		n, state, err := o.packets.Write(out)
		if errors.Is(err, net.ErrClosed) {
			return len(out), pnet.WriteOpen, nil
		}
		if state == pnet.WriteBlocked {
			utp.Await(w.p, o.packets, w.writable)
		}
		return n, state, err
	}
	return len(out), pnet.WriteOpen, nil
}

// Writable tells when writing can go on.
func (w *Wire) Writable() <-chan struct{} { return w.writable }

// Room is how many bytes of full packets the smallest socket holds.
func (w *Wire) Room() int {
	all, _ := w.outlets.Read()
	room := 0
	for _, o := range all {
		if o.room > 0 && (room == 0 || o.room < room) {
			room = o.room
		}
	}
	return room
}

// LocalAddr is that of the socket of the remote's family.
func (w *Wire) LocalAddr(remote netip.AddrPort) netip.AddrPort {
	all, _ := w.outlets.Read()
	if remote.IsValid() {
		return all[pnet.FamilyOf(remote.Addr())].at
	}
	for _, o := range all {
		if o.at.IsValid() {
			return o.at
		}
	}
	return netip.AddrPort{}
}

// show tells uTP of the sockets, where they are others.
func (w *Wire) show(x *process) {
	var all outlets
	before, _ := w.outlets.Read()
	changed := false
	for _, f := range pnet.Families {
		at, s := &x.kept.places[f], x.sockets[f]
		switch {
		case s != nil:
			all[f] = outlet{state: opened, packets: s.packets, at: s.at, room: s.room}
		case x.kept.hearing == heard && (!at.want.IsValid() || at.use == used || x.faults[f] != nil):
			all[f] = outlet{state: absent, err: x.faults[f]}
		}
		changed = changed || all[f].state != before[f].state || all[f].packets != before[f].packets
	}
	if !changed {
		return
	}
	w.outlets.Post(all)
	select {
	case w.writable <- struct{}{}:
	default: // it was told
	}
}
