package net_test

import (
	"testing"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// way is one of the ways in which the Packets of a socket may be driven.
type way struct {
	name string
	as   func(pnet.Packets) pnet.Packets
}

// ways are all that this system has.
var ways = []way{{"as it comes", func(p pnet.Packets) pnet.Packets { return p }}}

func (w way) open(t testing.TB, network pnet.Network, f pnet.Family, at string) pnet.Packets {
	t.Helper()
	return w.as(open(t, network, f, at))
}

func eachWay(t *testing.T, ways []way, test func(t *testing.T, w way)) {
	t.Helper()
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) { test(t, w) })
	}
}
