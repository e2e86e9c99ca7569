package host

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

const (
	// addrsCalm and addrsWithin: an interface that comes up gets several addresses one
	// after the other, and one of IPv6 is tried out for a second first.
	addrsCalm   = time.Second
	addrsWithin = 10 * time.Second
)

// Addrs is the handle of the process that notices that the machine has other
// addresses.
type Addrs struct {
	egress *pnet.Egress
	tell   func(Change)
	known  []netip.Addr // nil: never looked. The process's, whichever incarnation
}

// NewAddrs returns the handle; tell hears of each change, and may not wait.
func NewAddrs(e *pnet.Egress, tell func(Change)) *Addrs { return &Addrs{egress: e, tell: tell} }

// Child describes the process.
func (a *Addrs) Child() sup.Child {
	return sup.Child{Name: "addrs", Restart: sup.Permanent, Run: a.run}
}

func (a *Addrs) run(p *sup.Process) error {
	p.Ready()
	if _, err := a.egress.Addrs(); errors.Is(err, errors.ErrUnsupported) {
		<-p.Stopping() // a network of somebody's own
		return nil
	}
	y := sentry{
		p: p, calm: addrsCalm, within: addrsWithin,
		watch: func() (Watch, error) { return a.egress.WatchAddrs() },
		look:  func() error { return a.look(p) },
	}
	return y.run()
}

// look compares the addresses with those that are known: the kernel also tells of
// routers that say again what they said before.
func (a *Addrs) look(p *sup.Process) error {
	p.Step("look")
	now, err := a.egress.Addrs()
	if err != nil {
		return err
	}
	slices.SortFunc(now, netip.Addr.Compare)
	now = slices.Compact(now)
	if a.known != nil && !slices.Equal(now, a.known) {
		p.Act("tell")
		a.tell(Readdressed{Addrs: now})
	}
	a.known = append([]netip.Addr{}, now...)
	return nil
}
