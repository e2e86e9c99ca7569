package client

import (
	"net/netip"
	"sync"

	"github.com/etorrent/etorrent/internal/core/external"
	"github.com/etorrent/etorrent/internal/leaf/board"
)

// seen is where others see us, in each family: the zero Addr where nobody said so; and
// in which networks we see ourselves.
type seen struct {
	four, six *board.Board[netip.Addr]
	votes     *ballot
	networks  networks
}

func newSeen() seen {
	return seen{four: board.New(netip.Addr{}), six: board.New(netip.Addr{}), votes: &ballot{core: external.New()}}
}

// ballot is where trackers and peers vote on where they see us. It is a passive leaf: its
// lock is held for one step of the core.
type ballot struct {
	mu   sync.Mutex
	core *external.Core
}

func (b *ballot) vote(by netip.Addr, voice external.Voice, at netip.Addr) external.Evidence {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.core.Vote(by, voice, at)
}

func (b *ballot) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.core.Forget()
}

func (c *Client) heardFromPeer(by, at netip.Addr)    { c.heard(by, external.PeersVoice, at) }
func (c *Client) heardFromTracker(by, at netip.Addr) { c.heard(by, external.TrackersVoice, at) }

// heard notes where somebody sees us, and believes it where enough others say the same.
func (c *Client) heard(by netip.Addr, voice external.Voice, at netip.Addr) {
	switch e := c.seen.votes.vote(by, voice, at).(type) {
	case external.Taken:
		c.SetExternal(e.At)
	case external.Noted, external.Discounted:
	}
}

// External are the addresses at which others see us, as far as that is known: IPv4 and
// IPv6, the zero Addr where it is not.
func (c *Client) External() [2]netip.Addr {
	four, _ := c.seen.four.Read()
	six, _ := c.seen.six.Read()
	return [2]netip.Addr{four, six}
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
