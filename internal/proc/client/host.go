package client

import (
	"net/netip"
	"slices"

	"github.com/etorrent/etorrent/internal/leaf/board"
	"github.com/etorrent/etorrent/internal/leaf/ring"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/host"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/vocab/event"
)

// clockOf is the clock that an engine reads. With a network of somebody's own the
// kernel is not waited for: it may be one in a test, where time stands still as long
// as somebody does.
func clockOf(cfg Config) clock.Source {
	switch {
	case cfg.Clock != nil:
		return cfg.Clock
	case cfg.Network != nil:
		return clock.Unwatched(clock.Host())
	}
	return clock.Host()
}

// hostChanged tells everybody whom it concerns that the machine was suspended, or has
// other addresses. It is called by the processes that notice that, and waits for
// nobody.
func (c *Client) hostChanged(ch host.Change) {
	var h torrent.HostChange
	switch ch := ch.(type) {
	case host.Slept:
		h.Slept = ch.For
	case host.Readdressed:
		h.Addrs = ch.Addrs
		c.seen.networks.look()
		c.seen.votes.forget()
	}
	for _, l := range c.listeners {
		l.HostChanged(h.Addrs)
	}
	c.udp.Listening(c.Addrs())
	c.roster.HostChanged(h)
	c.announcer.NetworkChanged()
	at := c.clock.Wall()
	c.events.Append(func(rev ring.Revision) event.Event {
		head := event.Head{At: at, Revision: event.Revision(rev)}
		return event.HostChanged{Head: head, Slept: h.Slept, Addrs: slices.Clone(h.Addrs)}
	})
}

// networks are those that the machine is in.
type networks struct {
	egress *pnet.Egress
	now    *board.Board[[]netip.Prefix]
}

func newNetworks(e *pnet.Egress) networks { return networks{e, board.New(e.Networks())} }

// look looks again.
func (n networks) look() { n.now.Post(n.egress.Networks()) }

func (n networks) read() []netip.Prefix {
	now, _ := n.now.Read()
	return now
}
