package net_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

func boundTo(t *testing.T, addrs ...string) *pnet.Egress {
	t.Helper()
	var all []netip.Addr
	for _, a := range addrs {
		all = append(all, netip.MustParseAddr(a))
	}
	b, err := pnet.NewBind(all...)
	if err != nil {
		t.Fatal(err)
	}
	n, err := pnet.HostFrom(0, b)
	if err != nil {
		t.Fatal(err)
	}
	return pnet.NewEgress(n)
}

func TestABoundHostListensAtItsAddressAndNotAtAll(t *testing.T) {
	e := boundTo(t, "127.0.0.1")
	for _, at := range []string{":0", "0.0.0.0:0"} {
		l, err := e.Listen(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if got := netip.MustParseAddrPort(l.Addr().String()).Addr(); got != netip.MustParseAddr("127.0.0.1") {
			t.Errorf("%s: listens at %v", at, got)
		}
		_ = l.Close()
	}
	p, err := e.ListenPacket(t.Context(), pnet.V4, pnet.V4.Any(0))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.LocalAddr().Addr(); got != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("datagrams leave from %v", got)
	}
	_ = p.Close()
}

func TestABoundHostDoesWithoutTheFamilyThatHasNoAddress(t *testing.T) {
	e := boundTo(t, "127.0.0.1")
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	c, err := e.Dial(t.Context(), netip.MustParseAddrPort(l.Addr().String()), time.Minute)
	if err == nil {
		_ = c.Close()
	}
	if pnet.ViewDial(err) != pnet.DialNoNetwork {
		t.Errorf("dialling IPv6: %v", err)
	}
	if _, err := e.ListenPacket(t.Context(), pnet.V6, pnet.V6.Any(0)); pnet.ViewListen(err) != pnet.ListenAbsent {
		t.Errorf("datagrams over IPv6: %v", err)
	}
	if got := e.ViewRoute(t.Context(), netip.MustParseAddr("::1")); got != pnet.RouteNone {
		t.Errorf("a route over IPv6: %v", got)
	}
}

func TestAnAddressThatNothingCanLeaveFromIsRefused(t *testing.T) {
	for _, c := range [][]string{{"0.0.0.0"}, {"::"}, {"224.0.0.1"}, {"127.0.0.1", "127.0.0.2"}} {
		var all []netip.Addr
		for _, a := range c {
			all = append(all, netip.MustParseAddr(a))
		}
		var bad *pnet.BindError
		if _, err := pnet.NewBind(all...); !errors.As(err, &bad) {
			t.Errorf("%v: %v", c, err)
		}
	}
}
