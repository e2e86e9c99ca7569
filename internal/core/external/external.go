// Package external decides at which address others see us, by what trackers (BEP 24)
// and peers (BEP 10) say of it. Canonical priorities of peers (BEP 40) need it, and
// whoever derives an id from it (BEP 42).
//
// Each word is a stranger's. So a network has one vote in each family, its last one,
// whoever in it says what: a /24 of IPv4, a /48 of IPv6. An address is taken that has
// enough weight and more than half of all. Only public addresses are voted on, and only
// public networks vote: who shares a private one with us sees another side of us.
//
// Only the latest votes count, so that another address of ours is found out by and by,
// and what is kept is bounded.
package external

import (
	"net/netip"
	"slices"
)

const (
	// VotersAtMost is how many networks have a vote in a family: the latest.
	VotersAtMost = 64
	// Enough is the weight that an address needs: three peers, or a tracker and a peer.
	Enough = 3
)

// Voice is who says something of our address.
type Voice uint8

// The voices. A tracker was chosen by somebody, and weighs as much as two peers.
const (
	PeersVoice Voice = iota
	TrackersVoice
)

func (v Voice) weight() int {
	switch v {
	case TrackersVoice:
		return 2
	case PeersVoice:
	}
	return 1
}

// Evidence is what a vote means.
//
//sumtype:decl
type Evidence interface{ evidence() }

// Taken is an address of ours that is taken from now on.
type Taken struct{ At netip.Addr }

// Noted is a vote that changes nothing.
type Noted struct{}

// Discounted is no vote.
type Discounted struct{ Why Flaw }

func (Taken) evidence()      {}
func (Noted) evidence()      {}
func (Discounted) evidence() {}

// Flaw is why a word is no vote.
type Flaw uint8

// The flaws.
const (
	// NotPublic is an address that nobody far away sees.
	NotPublic Flaw = iota
	// VoterNotPublic is a voter who is in a private network, or on this machine.
	VoterNotPublic
	// OtherFamily is an address of a family in which the voter does not see us.
	OtherFamily
	// OwnWord is a voter at the very address, who is us or behind the same NAT.
	OwnWord
)

// Core counts the votes. It has one owner.
type Core struct{ families [2]family }

// family is one of the two address families.
type family struct {
	votes []vote // the latest is the last; one for each network
	taken netip.Addr
}

type vote struct {
	network netip.Prefix
	voice   Voice
	at      netip.Addr
}

// New returns a core that nobody told anything.
func New() *Core { return &Core{} }

func (c *Core) of(a netip.Addr) *family {
	if a.Is4() {
		return &c.families[0]
	}
	return &c.families[1]
}

// Vote notes that somebody at an address sees us at another. It takes the place of what
// anybody of the same network said before.
func (c *Core) Vote(by netip.Addr, voice Voice, at netip.Addr) Evidence {
	by, at = by.Unmap().WithZone(""), at.Unmap().WithZone("")
	if flaw, is := flawOf(by, at).(Discounted); is {
		return flaw
	}
	f := c.of(at)
	network := networkOf(by)
	f.votes = slices.DeleteFunc(f.votes, func(v vote) bool { return v.network == network })
	if len(f.votes) >= VotersAtMost {
		f.votes = slices.Delete(f.votes, 0, 1)
	}
	f.votes = append(f.votes, vote{network, voice, at})
	if at == f.taken || !f.elects(at) {
		return Noted{}
	}
	f.taken = at
	return Taken{at}
}

// elects says whether an address has enough votes, and more than half.
func (f *family) elects(at netip.Addr) bool {
	mine, all := 0, 0
	for _, v := range f.votes {
		all += v.voice.weight()
		if v.at == at {
			mine += v.voice.weight()
		}
	}
	return mine >= Enough && 2*mine > all
}

// Forget forgets all votes, as when this machine has other addresses. What was taken
// stands until something else is.
func (c *Core) Forget() {
	for i := range c.families {
		c.families[i].votes = nil
	}
}

// networkOf is the network that has one vote.
func networkOf(a netip.Addr) netip.Prefix {
	bits := 48
	if a.Is4() {
		bits = 24
	}
	network, _ := a.Prefix(bits) // the bits fit
	return network
}

func flawOf(by, at netip.Addr) Evidence {
	switch {
	case !isPublic(at):
		return Discounted{NotPublic}
	case !isPublic(by):
		return Discounted{VoterNotPublic}
	case by.Is4() != at.Is4():
		return Discounted{OtherFamily}
	case by == at:
		return Discounted{OwnWord}
	}
	return Noted{}
}

// notPublic are the networks that packages net do not name: this one (RFC 1122), that
// of providers behind their NAT (RFC 6598), of benchmarks (RFC 2544), what is reserved,
// what is translated (RFC 6052), and what is discarded (RFC 6666).
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("100::/64"),
}

func isPublic(a netip.Addr) bool {
	return a.IsValid() && a.IsGlobalUnicast() && !a.IsPrivate() &&
		!slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(a) })
}
