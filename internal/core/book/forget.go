package book

import (
	"net/netip"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/ipfilter"
)

// SetFilter has another filter judge all endpoints; nil lets everybody pass. Those
// that it blocks leave the book, at once or when their connection or attempt ended.
// View knows them.
func (c *Core) SetFilter(f *ipfilter.Table) {
	c.filter = f
	for _, e := range c.entries {
		if f.View(e.addr.Addr()) == ipfilter.Blocked && e.viewWay() == atHome {
			c.drop(e)
		}
	}
}

// Forget has one source not count any more, or one tracker of SourceTracker: those
// that nobody else named leave the book, at once or when their connection or attempt
// ended. It returns these last: a private torrent that changes its tracker leaves
// them (BEP 27).
func (c *Core) Forget(from Origin) []netip.AddrPort {
	number, tracker := -1, from.Source == SourceTracker
	if tracker {
		number = c.trackers.find(from.Tracker)
		c.trackers.free(from.Tracker, number)
	}
	var left []netip.AddrPort
	for _, e := range c.entries {
		if !e.sources.Has(from.Source) || tracker && !e.trackers.has(number) {
			continue
		}
		c.unname(e, from.Source, number)
		switch {
		case e.sources != 0 || e.phase == self:
		case e.viewWay() == underWay:
			left = append(left, e.addr)
		default:
			c.drop(e)
		}
	}
	slices.SortFunc(left, netip.AddrPort.Compare)
	return left
}

// unname notes that a source, or a tracker by its number, does not count any more.
func (c *Core) unname(e *entry, s Source, number int) {
	c.displace(e)
	if number >= 0 {
		e.trackers.clear(number)
	}
	if s != SourceTracker || e.trackers == (marks{}) {
		e.sources &^= 1 << s
	}
	c.join(e, e.anyCrew())
}

// anyCrew is the number of a crew that an endpoint belongs to.
func (e *entry) anyCrew() int {
	for s := range Source(sources) {
		if !e.sources.Has(s) {
			continue
		}
		if s != SourceTracker {
			return int(s)
		}
		for n := range trackersTold {
			if e.trackers.has(n) {
				return sources + n
			}
		}
	}
	return int(SourceTracker) // of nobody any more
}

// way says whether somebody has a connection or an attempt to an endpoint.
type way uint8

const (
	atHome way = iota
	underWay
)

func (e *entry) viewWay() way {
	switch e.phase {
	case dialling, connected:
		return underWay
	case idle, waiting, held, self:
	}
	return atHome
}
