package gate_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/leaf/gate"
	"github.com/etorrent/etorrent/internal/vocab/ipfilter"
)

func TestTheFilterThatWasSetLastCounts(t *testing.T) {
	a := netip.MustParseAddr("192.0.2.1")
	table, err := ipfilter.Parse(strings.NewReader("192.0.2.0/24"))
	if err != nil {
		t.Fatal(err)
	}
	var none *gate.Gate
	g := gate.New(nil)
	if none.View(a) != ipfilter.Passed || g.View(a) != ipfilter.Passed {
		t.Error("no filter blocks")
	}
	if g.Set(table); g.View(a) != ipfilter.Blocked || g.Table() != table {
		t.Error("a filter does not count")
	}
	if g.Set(nil); g.View(a) != ipfilter.Passed {
		t.Error("a filter counts that was taken away")
	}
}
