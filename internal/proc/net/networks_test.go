package net_test

import (
	"net/netip"
	"testing"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

func TestTheNetworksOfAMachineAreThoseThatItsTrafficLeavesFrom(t *testing.T) {
	loopback := netip.MustParseAddr("127.0.0.1")
	near := 0
	for _, n := range pnet.NewEgress(nil).Networks() {
		if n != n.Masked() {
			t.Errorf("%v is no network", n)
		}
		if n.Contains(loopback) {
			near++
		}
	}
	if near == 0 {
		t.Error("loopback is in no network")
	}
	bound, err := pnet.HostFrom(0, pnet.Bind{V4: loopback})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range pnet.NewEgress(bound).Networks() {
		if !n.Contains(loopback) {
			t.Errorf("bound to loopback %v is near", n)
		}
	}
	if n := pnet.NewEgress(knowsNone{}).Networks(); n != nil {
		t.Errorf("a network that knows none has %v", n)
	}
}

type knowsNone struct{ pnet.Network }
