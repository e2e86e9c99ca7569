package udp

import (
	"errors"
	"net"
	"net/netip"
	"slices"

	"github.com/etorrent/etorrent/internal/core/demux"
	"github.com/etorrent/etorrent/internal/leaf/bounded"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/utp"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// faultsInARow is how many reads may fail, and none succeed between them, before
	// the socket is given up for a new one.
	faultsInARow = 16
	// runBound is how many datagrams are written at once at the most.
	runBound = 64
)

// socket is an open one, with its reader.
type socket struct {
	family  pnet.Family
	packets pnet.Packets
	at      netip.AddrPort
	room    int // bytes of full packets of uTP that wait in it; 0: not known
	forget  func()
	gone    chan struct{} // closed with it
	again   chan struct{} // the reader may read again
	faults  int           // reads that failed since one did not
}

// reading is what a reader hands over. Its datagrams are lent until the reader may
// read again.
type reading struct {
	from      *socket
	datagrams []pnet.Datagram
	passed    int // datagrams of uTP since the last one, which are not among them
	at        mono.Instant
	err       error
}

// answer is a tracker's packet that waits to be given to who asked.
type answer struct {
	to     demux.Key
	packet []byte
}

// outgoing is a datagram that is to be written.
type outgoing struct {
	pnet.Datagram
	kind Kind // whose it is, where it is no ask's
	ask  *ask
}

// without are the datagrams but for those of asks over a family.
func without(all []outgoing, f pnet.Family) []outgoing {
	return slices.DeleteFunc(all, func(o outgoing) bool {
		return o.ask != nil && pnet.FamilyOf(o.Remote.Addr()) == f
	})
}

// install reads from a new socket in place of the one before it. Answers on their
// way to that one will not come, so what is open is asked again.
func (x *process) install(f pnet.Family, packets pnet.Packets) {
	x.close(f)
	s := &socket{
		family: f, packets: packets, at: packets.LocalAddr(), room: utp.AskRoom(packets), forget: x.p.Closes(packets),
		gone: make(chan struct{}), again: make(chan struct{}, 1),
	}
	x.sockets[f] = s
	x.kept.places[f].had = s.at
	x.p.Go("reader of "+f.String(), func() error { return x.read(s) })
	x.resend(f)
}

// close closes the socket of a family, if there is one.
func (x *process) close(f pnet.Family) {
	s := x.sockets[f]
	if s == nil {
		return
	}
	x.sockets[f] = nil
	close(s.gone)
	s.forget()
	_ = s.packets.Close()
	x.unblock(s)
}

// receive gives what came to whose it is.
func (x *process) receive(r reading) {
	s := r.from
	if x.sockets[s.family] != s {
		return
	}
	if len(r.datagrams)+r.passed > 0 {
		s.faults = 0
		x.retry.wait = retryAfter
	}
	x.sort(r)
	for k := range x.sorted {
		x.deliver(Kind(k), r.at)
	}
	for _, a := range x.answers {
		x.p.Act("reply")
		x.finish(a.to, Answered{Packet: slices.Clone(a.packet), At: r.at})
	}
	if r.err != nil {
		x.counts.ReadFaults++
		if pnet.ViewPacketFault(r.err) != pnet.OfEarlier { // those are in the hands of remotes
			s.faults++
		}
	}
	if s.faults >= faultsInARow || errors.Is(r.err, net.ErrClosed) {
		x.close(s.family)
		x.faults[s.family] = r.err
		x.show()
		return
	}
	s.again <- struct{}{}
}

func (x *process) sort(r reading) {
	x.p.Step("demux")
	x.answers = x.answers[:0]
	for _, d := range r.datagrams {
		if len(d.Payload) > pnet.MaxDatagram {
			x.counts.Oversized++
			continue
		}
		switch e := x.table.Receive(r.at, d.Remote, d.Payload).(type) {
		case demux.KRPC:
			x.sorted[KRPC] = append(x.sorted[KRPC], d)
		case demux.UTP: // its reader knows it too
		case demux.Answer:
			x.answers = append(x.answers, answer{to: e.To, packet: d.Payload})
		case demux.Stray:
		}
	}
}

// deliver puts what was sorted into the inbox of a kind.
func (x *process) deliver(k Kind, at mono.Instant) {
	of := x.sorted[k]
	if len(of) == 0 {
		return
	}
	x.p.Act("deliver")
	if in, _ := x.h.inboxes[k].Read(); in == nil {
		x.counts.Unclaimed += uint64(len(of))
	} else {
		x.put(in, copied(at, of))
	}
	clear(of)
	x.sorted[k] = of[:0]
}

func (x *process) put(in *Inbox, b Batch) {
	if in.Put(b, b.load()) == bounded.Full {
		x.counts.Missed += uint64(len(b.Datagrams))
	}
}

// flush writes what is to be written, as long as the sockets take it.
func (x *process) flush() {
	for len(x.out) > 0 && x.blocked == nil {
		x.p.Act("write")
		f := pnet.FamilyOf(x.out[0].Remote.Addr())
		s := x.sockets[f]
		if s == nil {
			x.failed(&pnet.NoSocketError{Family: f, Err: x.faults[f]})
			continue
		}
		x.fill(f)
		n, state, err := x.write(s)
		x.counts.Written += uint64(n)
		x.out = x.out[n:]
		switch {
		case err != nil:
			x.failed(err)
		case state == pnet.WriteBlocked:
			x.await(s)
		}
	}
	if len(x.out) == 0 {
		x.out = nil
	}
}

// write writes the run. An error of an earlier datagram says nothing of the next
// one, which is tried again.
func (x *process) write(s *socket) (int, pnet.WriteState, error) {
	n, state, err := s.packets.Write(x.run)
	if err != nil && pnet.ViewPacketFault(err) == pnet.OfEarlier {
		x.counts.WriteFaults++
		var more int
		more, state, err = s.packets.Write(x.run[n:])
		n += more
	}
	clear(x.run)
	x.run = x.run[:0]
	return n, state, err
}

// fill makes the run of those at the front that leave over one family.
func (x *process) fill(f pnet.Family) {
	x.run = x.run[:0]
	for _, o := range x.out[:min(len(x.out), runBound)] {
		if pnet.FamilyOf(o.Remote.Addr()) != f {
			return
		}
		x.run = append(x.run, o.Datagram)
	}
}

// failed tells who sent the first datagram that it cannot be sent. An ask whose socket was
// closed under it, as when the process is killed, stays open: it is sent again over the next.
func (x *process) failed(err error) {
	o := x.out[0]
	x.out = x.out[1:]
	x.counts.WriteFaults++
	if o.ask == nil {
		if in, _ := x.h.inboxes[o.kind].Read(); in != nil {
			x.put(in, Batch{At: x.h.cfg.Clock.Now(), Faults: []Fault{{To: o.Remote, Err: err}}})
		}
		return
	}
	if errors.Is(err, net.ErrClosed) {
		return
	}
	if key := o.ask.key(); x.kept.open[key] == o.ask { // else its time was over meanwhile
		x.table.Forget(key)
		x.finish(key, NotSent{err})
	}
}

// await has writing rest until a socket can take more.
func (x *process) await(s *socket) {
	x.blocked = s
	x.p.Go("writer of "+s.family.String(), func() error {
		_ = s.packets.WaitWritable() // what is wrong shows itself at the next write
		select {
		case <-s.gone:
		case <-x.p.Stopping():
		case x.writable <- s:
		}
		return nil
	})
}

// unblock goes on writing, if it rested for that socket.
func (x *process) unblock(s *socket) {
	if x.blocked == s {
		x.blocked = nil
	}
}
