package tracking

import (
	"errors"
	"net"
	"net/netip"

	"github.com/etorrent/etorrent/internal/core/swarms"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
)

const (
	// batch is how many datagrams are read and answered together.
	batch = 64
	// requestRoom is the longest request that is read: a scrape of as many torrents
	// as there may be, or an announce with a long URL (BEP 41).
	requestRoom = 2048
	// faultsInARow is how many reads may fail, and none succeed between them, before
	// the socket is given up for a new one.
	faultsInARow = 16
	// staleConnection is what clients know by its words.
	staleConnection = "connection id unknown, connect again"
)

// desk answers over one UDP socket. What it needs for a batch it has, so that an
// answer costs no memory.
type desk struct {
	t       *Tracker
	packets pnet.Packets
	family  tracker.Family

	in, out  []pnet.Datagram
	replies  [batch][]byte
	response tracker.Response
	scrapes  []tracker.Scrape
	counts   Totals
}

func newDesk(t *Tracker, packets pnet.Packets) *desk {
	d := &desk{t: t, packets: packets, family: tracker.IPv4, in: make([]pnet.Datagram, batch), out: make([]pnet.Datagram, 0, batch)}
	if pnet.FamilyOf(packets.LocalAddr().Addr()) == pnet.V6 {
		d.family = tracker.IPv6
	}
	for i := range d.in {
		d.in[i].Payload = make([]byte, requestRoom)
		d.replies[i] = make([]byte, 0, tracker.MaxDatagramBytes)
	}
	return d
}

// serve answers until reads do nothing but fail.
func (d *desk) serve(p *sup.Process) error {
	for faults := 0; ; {
		n, err := d.packets.Read(d.in)
		p.Receive("datagrams")
		if n > 0 {
			faults = 0
			d.answer(p, d.in[:n])
			p.Act("write")
			if werr := d.write(); werr != nil {
				return werr
			}
		}
		if err != nil && pnet.ViewPacketFault(err) != pnet.OfEarlier { // those are in the hands of remotes
			faults++
		}
		if faults >= faultsInARow || errors.Is(err, net.ErrClosed) {
			return err
		}
	}
}

// answer makes the answers to a batch. Each leaves from where its question came to.
func (d *desk) answer(p *sup.Process, asked []pnet.Datagram) {
	p.Step("requests")
	now := d.t.clock.Now()
	d.out, d.counts = d.out[:0], Totals{}
	for i := range asked {
		reply := d.reply(d.replies[i][:0], now, &asked[i])
		if len(reply) > 0 {
			d.replies[i] = reply
			d.out = append(d.out, pnet.Datagram{Remote: asked[i].Remote, Local: asked[i].Local, Payload: reply})
		}
	}
	if d.counts != (Totals{}) {
		d.t.swarms.count(&d.counts)
	}
}

// reply appends the answer to a request, nothing where there is none: a sender that
// is perhaps another than its address says must not get more than it sent.
func (d *desk) reply(dst []byte, now mono.Instant, asked *pnet.Datagram) []byte {
	from := asked.Remote.Addr().Unmap()
	switch r := tracker.ViewRequest(asked.Payload).(type) {
	case tracker.ConnectRequest:
		d.counts.Connects++
		return tracker.AppendConnectReply(dst, r.Transaction, d.t.gate.Give(now, from))
	case tracker.AnnounceRequest:
		if d.t.gate.View(now, from, r.Connection) != swarms.Connected {
			d.counts.Strangers++
			return tracker.AppendErrorReply(dst, r.Transaction, staleConnection)
		}
		e := d.t.announce(now, request{&r.Announce, from, swarms.TellOwn}, &d.response)
		if e != swarms.Announced {
			return tracker.AppendErrorReply(dst, r.Transaction, e.Failure().Reason)
		}
		return d.response.AppendAnnounceReply(dst, r.Transaction, d.family)
	case tracker.ScrapeRequest:
		if d.t.gate.View(now, from, r.Connection) != swarms.Connected {
			d.counts.Strangers++
			return tracker.AppendErrorReply(dst, r.Transaction, staleConnection)
		}
		return d.scrape(dst, now, from, &r)
	case tracker.RequestMalformed:
		d.counts.Malformed++
	}
	return nil
}

func (d *desk) scrape(dst []byte, now mono.Instant, from netip.Addr, r *tracker.ScrapeRequest) []byte {
	var e swarms.ScrapeEvidence
	d.scrapes, e = d.t.swarms.scrape(now, from, r.Hashes, d.scrapes[:0])
	if e != swarms.Scraped {
		return tracker.AppendErrorReply(dst, r.Transaction, swarms.TooOften.Failure().Reason)
	}
	return tracker.AppendScrapeReply(dst, r.Transaction, d.scrapes)
}

// write sends the answers. While the system takes none nothing is read either; one
// that it refuses is left out.
func (d *desk) write() error {
	out := d.out
	for tries := 0; len(out) > 0 && tries < 2*batch; tries++ {
		n, state, err := d.packets.Write(out)
		out = out[n:]
		switch {
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil && pnet.ViewPacketFault(err) == pnet.OfEarlier:
		case err != nil:
			out = out[1:]
		case state == pnet.WriteBlocked:
			if err := d.packets.WaitWritable(); err != nil {
				return err
			}
		}
	}
	return nil
}
