package testnet

import (
	"errors"
	"os"
	"testing"
	"time"
)

func newSwitch(t *testing.T) *Switch {
	t.Helper()
	s, err := NewSwitch()
	var no *Unavailable
	switch {
	case errors.As(err, &no) && (os.Getenv("CI") != "true" || no.Reason == "not root"):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func plug(t *testing.T, s *Switch) *Port {
	t.Helper()
	p, err := s.Plug()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestHostsOfASwitchReachEachOtherAndTheHub(t *testing.T) {
	s, other := newSwitch(t), newSwitch(t)
	a, b, elsewhere := plug(t, s), plug(t, s), plug(t, other)
	if a.Addr() == b.Addr() || a.Addr() != elsewhere.Addr() {
		t.Fatalf("addresses %v, %v and elsewhere %v", a.Addr(), b.Addr(), elsewhere.Addr())
	}
	if bytes, _ := pour(t, a.Host, b.Host, b.Addr(), time.Millisecond); bytes == 0 {
		t.Error("nothing came from one host to another")
	}
	hub, addr := s.Hub()
	if bytes, _ := pour(t, b.Host, hub, addr, time.Millisecond); bytes == 0 {
		t.Error("nothing came to the hub")
	}
	at, _ := receive(t, b.Host, b.Addr())
	if _, err := elsewhere.DialContext(t.Context(), "tcp", at.String()); err == nil {
		t.Error("a host of another switch got through")
	}
}

func TestAPortHasItsRatesAndCountsWhatItCarries(t *testing.T) {
	s := newSwitch(t)
	a, b := plug(t, s), plug(t, s)
	const rate = 2_000_000
	share := func(from, to *Port) float64 {
		bytes, took := pour(t, from.Host, to.Host, to.Addr(), 2*time.Second)
		return float64(bytes) / took.Seconds() / rate
	}
	if err := a.SetRate(Rate{Bytes: rate}, Rate{}); err != nil {
		t.Fatal(err)
	}
	if n := share(a, b); n < 0.85 || n > 1.1 {
		t.Errorf("sent %.2f of the rate", n)
	}
	if err := a.SetRate(Rate{}, Rate{Bytes: rate}); err != nil {
		t.Fatal(err)
	}
	if n := share(b, a); n < 0.85 || n > 1.1 {
		t.Errorf("received %.2f of the rate", n)
	}
	sent, received, err := a.Carried()
	if err != nil || sent < rate || received < rate {
		t.Errorf("%d sent, %d received, %v", sent, received, err)
	}
}
