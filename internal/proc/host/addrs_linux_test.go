package host_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/host"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/testnet"
	"github.com/etorrent/etorrent/sup"
)

// machine is a namespace with the addresses that the kernel says it has.
type machine struct {
	*testnet.Host
	inner pnet.Addressed
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	h, err := testnet.NewHost()
	var no *testnet.Unavailable
	if errors.As(err, &no) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	inner, err := pnet.Host(0)
	if err != nil {
		t.Fatal(err)
	}
	return &machine{Host: h, inner: inner.(pnet.Addressed)}
}

func (m *machine) Addrs() (addrs []netip.Addr, err error) {
	err = m.Do(func() error {
		addrs, err = m.inner.Addrs()
		return err
	})
	return addrs, err
}

func (m *machine) WatchAddrs() (w pnet.AddrsWatch, err error) {
	err = m.Do(func() error {
		w, err = m.inner.WatchAddrs()
		return err
	})
	return w, err
}

// ip runs ip(8) in the namespace.
func (m *machine) ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := m.Command(t.Context(), "ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v: %s", args, err, out)
	}
}

func TestTheKernelTellsOfAddressesThatComeAndGo(t *testing.T) {
	m, told := newMachine(t), sup.NewMailbox[host.Change]()
	looked := make(chan struct{}, 99)
	tree, err := sup.Start(t.Context(), "host", sup.Supervisor{
		Children:  []sup.Child{host.NewAddrs(pnet.NewEgress(m), told.Put).Child()},
		Intensity: sup.Intensity{},
	}, sup.Options{Hook: func(p sup.Point) {
		if p.At == sup.OnReceive {
			looked <- struct{}{}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tree.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	<-looked
	for _, c := range []struct {
		change string
		addr   string
		there  int
	}{{"add", "192.0.2.7", 1}, {"add", "2001:db8::7", 1}, {"del", "192.0.2.7", 0}, {"del", "2001:db8::7", 0}} {
		bits := "/24"
		if netip.MustParseAddr(c.addr).Is6() {
			bits = "/64"
		}
		m.ip(t, "addr", c.change, c.addr+bits, "dev", "lo")
		<-told.Wake()
		changes := told.Take(nil)
		now := changes[len(changes)-1].(host.Readdressed).Addrs
		if got := slices.Contains(now, netip.MustParseAddr(c.addr)); got != (c.there == 1) || !slices.Contains(now, netip.MustParseAddr("127.0.0.1")) {
			t.Errorf("%s %s: told %v", c.change, c.addr, now)
		}
	}
}

// That the kernel tells of a suspend cannot be tried here; that the watch waits, and
// ends, can.
func TestTheClocksOfTheHostCanBeWatched(t *testing.T) {
	source := clock.Host()
	w, err := source.Watch()
	if err != nil {
		t.Fatal(err)
	}
	before, ended := source.Asleep(), make(chan error)
	go func() {
		for {
			if err := w.Wait(); err != nil { // not one who sets the clock meanwhile
				ended <- err
				return
			}
		}
	}()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("the wait ended without an error")
	}
	if slept := source.Asleep() - before; slept.Abs() >= host.Least {
		t.Errorf("the machine slept %v meanwhile", slept)
	}
}
