package book

import (
	"net/netip"
	"slices"
	"time"

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

// Crashed notes that the process of a connection panicked with a stack whose
// hash is given. The third time in ten minutes bans the endpoint for an hour,
// unless a person named it.
func (c *Core) Crashed(now mono.Instant, to netip.AddrPort, stack uint64) {
	e := c.entries[plain(to)]
	if e == nil || e.phase == self {
		return
	}
	e.crashes = slices.DeleteFunc(append(e.crashes, crash{now, stack}), func(old crash) bool {
		return now.Sub(old.at) > crashWindow
	})
	e.crashes = e.crashes[max(0, len(e.crashes)-crashesKept):]
	e.shunned = now.Add(crashWait << min(len(e.crashes)-1, crashDoublings))
	if e.source != SourcePerson && e.crashesBy(stack) >= crashLimit {
		e.shunned = now.Add(crashBan)
	}
	c.waitUntil(e, e.shunned)
}

func (e *entry) crashesBy(stack uint64) int {
	n := 0
	for _, x := range e.crashes {
		if x.stack == stack {
			n++
		}
	}
	return n
}

// View says whether an endpoint may connect to us now.
func (c *Core) View(now mono.Instant, from netip.AddrPort) Standing {
	if now < c.bans.of(from.Addr()) {
		return Banned
	}
	if e := c.entries[plain(from)]; e != nil && now < e.shunned {
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
)
