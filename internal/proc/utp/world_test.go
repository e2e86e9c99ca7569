package utp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

var (
	here  = netip.MustParseAddrPort("10.0.0.1:6881")
	there = netip.MustParseAddrPort("10.0.0.2:6881")
)

// InMemory makes a network in memory, whose hosts have addresses. This package cannot import
// it, since it is built on what uses this package.
var InMemory func(t *testing.T, latency time.Duration) (host func(address string) pnet.Network)

// start runs a Mux over a link until the test ends.
func start(t *testing.T, l Link, k *clock.Clock) *Mux {
	t.Helper()
	return startWith(t, l, k, sup.Options{})
}

func startWith(t *testing.T, l Link, k *clock.Clock, o sup.Options) *Mux {
	t.Helper()
	return startTraced(t, Config{Link: l, Clock: k}, o)
}

// startTraced runs a Mux with a trace, if there is one.
func startTraced(t *testing.T, cfg Config, o sup.Options) *Mux {
	t.Helper()
	m, _ := startTree(t, cfg, o)
	return m
}

// startTree is the same, with what stops it before the test ends.
func startTree(t *testing.T, cfg Config, o sup.Options) (m *Mux, stop func()) {
	t.Helper()
	cfg.Core, cfg.Backlog, cfg.Linger, cfg.Silence = conn.Defaults(), 8, time.Second, 3*time.Minute
	m = New(cfg)
	children := []sup.Child{m.Child()}
	if cfg.Trace != nil {
		children = []sup.Child{cfg.Trace.Child(), m.Child()}
	}
	tree, err := sup.Start(t.Context(), "test", sup.Supervisor{Children: children}, o)
	if err != nil {
		t.Fatal(err)
	}
	m.Until(tree.Done())
	stop = func() {
		m.Shut()
		if err := tree.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return m, stop
}

// strained is a link whose writes go wrong as they are told to.
type strained struct {
	Link
	mu       sync.Mutex
	strain   func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error)
	writable chan struct{}
	calls    int
}

func (s *strained) Write(out []pnet.Datagram) (int, pnet.WriteState, error) {
	s.mu.Lock()
	s.calls++
	f := s.strain
	s.mu.Unlock()
	return f(s, out)
}

func (s *strained) Writable() <-chan struct{} { return s.writable }

// links are those of the hosts of a network in memory.
func links(t *testing.T, k *clock.Clock) func(at netip.AddrPort) Link {
	host := InMemory(t, 10*time.Millisecond)
	return func(at netip.AddrPort) Link {
		return NewSockets(pnet.NewEgress(host(at.Addr().String())), k, []netip.AddrPort{at})
	}
}

// inStrain runs f with a connection, of which who dialled has a link under strain.
func inStrain(t *testing.T, strain func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error), f func(t *testing.T, one, other *Mux)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := clock.New()
		link := links(t, k)
		one := start(t, &strained{Link: link(here), strain: strain, writable: make(chan struct{}, 1)}, k)
		f(t, one, start(t, link(there), k))
	})
}

// connect has one dial another.
func connect(t *testing.T, one, other *Mux, at netip.AddrPort) (dialled, accepted *Conn) {
	t.Helper()
	dialled, err := one.Dial(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	accepted, err = other.Accept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return dialled, accepted
}

// pass has bytes come from one end to the other.
func pass(t *testing.T, from, to *Conn, bytesToPass int) {
	t.Helper()
	data := make([]byte, bytesToPass)
	for i := range data {
		data[i] = byte(i * i >> 8)
	}
	go func() {
		if _, err := from.Write(data); err != nil {
			t.Error(err)
		}
	}()
	got := make([]byte, len(data))
	if n, err := io.ReadFull(to, got); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes of %d came: %v", n, len(data), err)
	}
}

// endedBy wants the error of a connection to have a reason.
func endedBy(t *testing.T, err error, why Reason) {
	t.Helper()
	var end *EndError
	if !errors.As(err, &end) || end.Reason != why {
		t.Errorf("the error is %v, not %v", err, why)
	}
}
