package torrent

import (
	"net/netip"
	"slices"
	"time"
)

// HostChange says what became of the machine.
type HostChange struct {
	Slept time.Duration // for which it was suspended; 0: it was not
	Addrs []netip.Addr  // that it has now, if they are others; nil: they are not
}

// HostChanged tells the torrent what became of the machine.
func (t *Torrent) HostChanged(h HostChange) { t.control.Put(toControl{host: &h}) }

const (
	// longSleep is for how long we may be silent: then remotes take us for gone (BEP 3).
	longSleep = 2 * time.Minute

	reasonSlept    = "the machine was suspended"
	reasonAddrGone = "our address is gone"
)

// hostChanged ends the connections that are dead by all that is known, asks of the
// others, and of those over uTP of which it is not known what address of ours they have,
// whether they are alive, and has no endpoint wait that failed before.
func (s *swarm) hostChanged(h HostChange) {
	for _, k := range s.conns {
		switch at := k.conn.LocalAddr().Addr(); {
		case h.Slept >= longSleep:
			s.refuse(k, reasonSlept)
		case h.Addrs != nil && at.IsValid() && !at.IsUnspecified() && !at.IsLoopback() && !slices.Contains(h.Addrs, at.WithZone("")):
			s.refuse(k, reasonAddrGone)
		default:
			k.orders.Put(peerOrder{kind: orderProbe})
		}
	}
	now := s.c.now()
	s.book.Retry(now)
	s.names.Retry(now)
	s.cutShort()
}
