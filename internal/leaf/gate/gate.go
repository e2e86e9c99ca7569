// Package gate holds the address filter of an engine, which may be exchanged while
// others look addresses up in it.
package gate

import (
	"net/netip"
	"sync/atomic"

	"github.com/etorrent/etorrent/internal/vocab/ipfilter"
)

// Gate is the filter that counts now. It is a passive leaf: a pointer to a table that
// does not change. A nil Gate lets everybody pass.
type Gate struct {
	table atomic.Pointer[ipfilter.Table]
}

// New returns a gate with a filter; nil lets everybody pass.
func New(t *ipfilter.Table) *Gate {
	g := &Gate{}
	g.Set(t)
	return g
}

// Set has another filter count from now on; nil lets everybody pass.
func (g *Gate) Set(t *ipfilter.Table) { g.table.Store(t) }

// Table is the filter that counts now; nil blocks nothing.
func (g *Gate) Table() *ipfilter.Table {
	if g == nil {
		return nil
	}
	return g.table.Load()
}

// View judges an address.
func (g *Gate) View(a netip.Addr) ipfilter.Verdict { return g.Table().View(a) }
