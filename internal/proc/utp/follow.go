package utp

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// This file is how a connection follows a remote that comes from another port or address, as
// behind a NAT that has forgotten it.

const (
	// alikeMost is how many connections of one id are looked at: ids are random, unless somebody
	// wants many to be looked at.
	alikeMost = 8
	// mostGuesses and guessEvery bound how many packets from elsewhere may be wrong; beyond it
	// nobody is followed.
	mostGuesses = 500
	guessEvery  = 2 * time.Millisecond
	// challengeEvery is how long after each other a connection sends challenges.
	challengeEvery = 250 * time.Millisecond
)

// places finds connections by their id alone.
type places struct {
	open    map[utpwire.ConnID]*cell // that were answered; others of the same id hang on each
	guesses mono.Instant             // when all are saved that may be made
}

// claim is where a remote may be now.
type claim struct {
	at    netip.AddrPort
	asked conn.Challenge
}

// enlist has a connection that has one id be found by it.
func (p *places) enlist(c *cell) {
	first, n := p.open[c.known.ids[0]], 0
	for o := first; o != nil; o = o.known.alike {
		n++
	}
	if n < alikeMost {
		c.known.alike = first
		p.open[c.known.ids[0]] = c
	}
}

// delist has it be found no more.
func (p *places) delist(c *cell) {
	id := c.known.ids[0]
	if p.open[id] == c {
		if c.known.alike == nil {
			delete(p.open, id)
		} else {
			p.open[id] = c.known.alike
		}
	}
	for o := p.open[id]; o != nil; o = o.known.alike {
		if o.known.alike == c {
			o.known.alike = c.known.alike
		}
	}
	c.known.alike = nil
}

// guessed notes a packet that was wrong.
func (p *places) guessed(now mono.Instant) {
	p.guesses = max(p.guesses, now.Add(-mostGuesses*guessEvery)).Add(guessEvery)
}

// whereabouts says whose a packet from an unknown place is.
type whereabouts uint8

const (
	stranger whereabouts = iota
	moved                // or says that it is
)

// follow looks whether a packet from an unknown place is of a connection. One that claims to be is
// not answered by a Reset, which the remote would believe.
func (x *process) follow(d *pnet.Datagram, p *utpwire.Packet) whereabouts {
	at := netip.AddrPortFrom(d.Remote.Addr().Unmap(), d.Remote.Port())
	var next *cell
	for c := x.places.open[p.ID]; c != nil; c = next {
		next = c.known.alike
		if x.places.guesses > x.now || pnet.FamilyOf(at.Addr()) != pnet.FamilyOf(c.remote.Addr()) {
			continue
		}
		switch x.judge(c, at) {
		case conn.NoClaim:
			x.places.guessed(x.now)
			continue
		case conn.Straggles:
		case conn.Claims:
			x.challenge(c, at)
		case conn.Contradicted:
			c.claim = nil
		case conn.Leaves:
			x.deliver(c, p)
		case conn.Proves:
			x.move(c, at)
			x.deliver(c, p)
		}
		return moved
	}
	return stranger
}

// judge asks the core of a connection about the packet.
func (x *process) judge(c *cell, at netip.AddrPort) conn.Claim {
	s := &x.step
	s.claim, s.asked = conn.NoClaim, conn.Challenge{}
	if c.claim != nil && c.claim.at == at {
		s.asked = c.claim.asked
	}
	c.step(toJudge)
	return s.claim
}

// challenge asks who claims to be the remote to show that it is there.
func (x *process) challenge(c *cell, at netip.AddrPort) {
	if c.claim != nil && x.now.Sub(c.claim.asked.At) < challengeEvery {
		return
	}
	c.step(toChallenge)
	if c.isOver() {
		return
	}
	c.claim = &claim{at, x.step.asked}
	x.out.post(at, c.from, &x.step.challenge)
}

// move has the remote be at another place.
func (x *process) move(c *cell, at netip.AddrPort) {
	x.step.way = conn.OtherWay
	if at.Addr() == c.remote.Addr() {
		x.step.way = conn.SameWay
	}
	id := c.known.ids[0]
	x.disclaim(c, id)
	c.claim, c.remote = nil, at
	x.own(c, id)
	c.user.move(at)
	c.step(toMove)
}

// move tells the user where the remote is.
func (c *Conn) move(to netip.AddrPort) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remote = to
}
