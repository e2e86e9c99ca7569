package book

import (
	"net/netip"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ipfilter"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	crashWait   = 200 * time.Millisecond
	crashWindow = 10 * time.Minute
	crashBan    = time.Hour
	// crashLimit is how many crashes with one stack ban an endpoint.
	crashLimit = 3
	// crashDoublings bounds how often crashWait doubles.
	crashDoublings = 5
	// crashesKept is how many crashes of an endpoint are remembered.
	crashesKept = 32
)

// crash is one crash of the process of an endpoint's connection.
type crash struct {
	at    mono.Instant
	stack uint64 // hash of the stack
}

// shunning is what the book knows of the crashes of an endpoint.
type shunning struct {
	crashes []crash
	until   mono.Instant // when it may connect to us again
}

// Crashed notes that the process of a connection panicked with a stack whose
// hash is given. The third time in ten minutes bans the endpoint for an hour,
// unless a person named it.
func (c *Core) Crashed(now mono.Instant, to netip.AddrPort, stack uint64) {
	e := c.entries[plain(to)]
	if e == nil || e.phase == self {
		return
	}
	if e.shunning == nil {
		e.shunning = &shunning{}
	}
	x := e.shunning
	x.crashes = slices.DeleteFunc(append(x.crashes, crash{now, stack}), func(old crash) bool {
		return now.Sub(old.at) > crashWindow
	})
	x.crashes = x.crashes[max(0, len(x.crashes)-crashesKept):]
	x.until = now.Add(crashWait << min(len(x.crashes)-1, crashDoublings))
	if !e.sources.Has(SourcePerson) && x.by(stack) >= crashLimit {
		x.until = now.Add(crashBan)
	}
	c.waitUntil(e, x.until)
	c.releaseOthers(e)
}

// by is how many crashes had a stack.
func (x *shunning) by(stack uint64) int {
	n := 0
	for _, crash := range x.crashes {
		if crash.stack == stack {
			n++
		}
	}
	return n
}

// View says whether an endpoint may connect to us now.
func (c *Core) View(now mono.Instant, from netip.AddrPort) Standing {
	if c.filter.View(from.Addr().Unmap()) == ipfilter.Blocked {
		return Filtered
	}
	if now < c.bans.of(from.Addr()) {
		return Banned
	}
	if e := c.entries[plain(from)]; e != nil && e.shunning != nil && now < e.shunning.until {
		return BackedOff
	}
	return Welcome
}

// Standing says whether an endpoint may connect to us.
type Standing uint8

// The standings.
const (
	Welcome Standing = iota
	BackedOff
	Banned
	Filtered
)
