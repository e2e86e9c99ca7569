package net_test

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// All of 127.0.0.0/8 is this machine's on Linux.
func TestABoundHostDialsFromItsAddress(t *testing.T) {
	e := boundTo(t, "127.0.0.2")
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := e.Dial(t.Context(), netip.MustParseAddrPort(l.Addr().String()), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	seen, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Close()
	if got := netip.MustParseAddrPort(seen.RemoteAddr().String()).Addr(); got != netip.MustParseAddr("127.0.0.2") {
		t.Errorf("dials from %v", got)
	}
}
