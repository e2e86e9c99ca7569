package book

import "github.com/etorrent/etorrent/internal/vocab/mono"

// Retry ends all waits for endpoints that failed, and forgets how long they were: the
// machine was suspended, or has other addresses, and what failed before says little.
// A family that rests is tried again as well. Bans, and endpoints that crash us, go on
// waiting.
func (c *Core) Retry(now mono.Instant) {
	for f := range c.families {
		c.families[f].restsUntil, c.families[f].strikes = mono.Never, 0
	}
	for _, e := range c.entries {
		switch {
		case c.View(now, e.addr) != Welcome:
		case e.phase == waiting:
			e.wait = 0
			c.waitUntil(e, now)
		case e.phase == dialling:
			e.wait = 0 // the attempt began before
		}
	}
}

// Retry has hosts looked up at once that could not be found, or whose addresses are
// known for long.
func (n *Names) Retry(now mono.Instant) {
	for _, h := range n.hosts {
		if h.asked == notAsked {
			h.until, h.wait = now, 0
		}
	}
}
