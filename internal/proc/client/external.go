package client

import (
	"net/netip"

	"github.com/etorrent/etorrent/internal/leaf/board"
)

// seen is where others see us, in each family: the zero Addr where nobody said so.
type seen struct{ four, six *board.Board[netip.Addr] }

func newSeen() seen {
	return seen{board.New(netip.Addr{}), board.New(netip.Addr{})}
}

// SetExternal says at which address, in its family, others see us. It is a hint, by
// which endpoints are dialled in the order of BEP 40; the caller judges whom to
// believe.
func (c *Client) SetExternal(at netip.Addr) {
	if at = at.Unmap(); at.Is6() {
		c.seen.six.Post(at)
	} else if at.IsValid() {
		c.seen.four.Post(at)
	}
}

// external is our endpoints as others see them; the zero AddrPort in a family where
// that is not known. Where nobody said so it is where a person chose to listen.
func (c *Client) external() [2]netip.AddrPort {
	four, _ := c.seen.four.Read()
	six, _ := c.seen.six.Read()
	port := uint16(0)
	for _, l := range c.listeners {
		shown, _ := l.Shown()
		at := shown.Addr.Addr().Unmap()
		if port == 0 {
			port = shown.Addr.Port()
		}
		switch {
		case !at.IsValid() || at.IsUnspecified() || at.IsLoopback():
		case at.Is4() && !four.IsValid():
			four = at
		case at.Is6() && !six.IsValid():
			six = at
		}
	}
	return [2]netip.AddrPort{netip.AddrPortFrom(four, port), netip.AddrPortFrom(six, port)}
}
