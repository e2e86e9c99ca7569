package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/etorrent/etorrent/internal/leaf/ring"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/internal/vocab/event"
)

// Addrs are the addresses that connections are accepted on.
func (c *Client) Addrs() []netip.AddrPort {
	var out []netip.AddrPort
	for _, l := range c.listeners {
		if shown, _ := l.Shown(); shown.Addr.IsValid() {
			out = append(out, shown.Addr)
		}
	}
	return out
}

// Listening waits until every listener accepts.
func (c *Client) Listening(ctx context.Context) ([]netip.AddrPort, error) {
	for _, l := range c.listeners {
		for {
			shown, changed := l.Shown()
			if shown.Addr.IsValid() {
				break
			}
			select {
			case <-changed:
			case <-c.Done():
				return c.Addrs(), c.Err()
			case <-ctx.Done():
				return c.Addrs(), errors.Join(ctx.Err(), shown.Err)
			}
		}
	}
	return c.Addrs(), nil
}

// beside says whether datagrams are taken beside listeners.
func beside(listen []string) udp.Beside {
	if len(listen) == 0 {
		return udp.Nothing
	}
	return udp.Listeners
}

// postListening tells where connections are accepted now, or why one listener
// accepts none.
func (c *Client) postListening(l pnet.Listening) {
	c.udp.Listening(c.Addrs())
	if l.Err != nil {
		c.postWarning(fmt.Errorf("no connections are accepted: %w", l.Err))
		return
	}
	c.announcer.PortChanged()
	c.roster.Listening()
	c.postAddrs()
}

// postDatagrams returns what tells why datagrams are not taken where they should
// be, and that they are again.
func (c *Client) postDatagrams() func(udp.Shown) {
	var fault error // that was told
	return func(s udp.Shown) {
		before := fault
		fault = s.Err
		switch {
		case s.Err != nil && (before == nil || before.Error() != s.Err.Error()):
			c.postWarning(fmt.Errorf("no datagrams are taken where they should be: %w", s.Err))
		case s.Err == nil && before != nil:
			c.postAddrs()
		}
	}
}

func (c *Client) postAddrs() {
	addrs, at := c.Addrs(), c.clock.Wall()
	var datagrams []netip.AddrPort
	shown, _ := c.udp.Shown()
	for _, a := range []netip.AddrPort{shown.V4, shown.V6} {
		if a.IsValid() {
			datagrams = append(datagrams, a)
		}
	}
	c.events.Append(func(rev ring.Revision) event.Event {
		return event.Listening{Head: event.Head{At: at, Revision: event.Revision(rev)}, Addrs: addrs, Datagrams: datagrams}
	})
}

func (c *Client) postWarning(err error) {
	at := c.clock.Wall()
	c.events.Append(func(rev ring.Revision) event.Event {
		return event.Warning{Head: event.Head{At: at, Revision: event.Revision(rev)}, Err: err}
	})
}

func (c *Client) listenPort() uint16 {
	if addrs := c.Addrs(); len(addrs) > 0 {
		return addrs[0].Port()
	}
	return 0
}
