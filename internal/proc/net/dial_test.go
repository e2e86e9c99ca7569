package net_test

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

// dialWorld runs a dialling process on one host; another host listens.
type dialWorld struct {
	dialer  *pnet.Dialer
	tree    *sup.Tree
	answers *sup.Mailbox[pnet.DialResult]
	to      netip.AddrPort
}

// newDialWorld has the process panic at those points where crash says so.
func newDialWorld(t *testing.T, crash func(sup.Point) bool) *dialWorld {
	network := etorrenttest.NewNetwork(t)
	network.SetLink(etorrenttest.Link{Latency: 10 * time.Millisecond})
	network.SetName("two.example", "10.0.0.2", "10.0.0.3")
	l, err := network.Host("10.0.0.2").Listen(t.Context(), "tcp", ":1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	w := &dialWorld{
		dialer:  pnet.NewDialer(pnet.NewEgress(network.Host("10.0.0.1")), mostAttempts, nil),
		answers: sup.NewMailbox[pnet.DialResult](), to: netip.MustParseAddrPort(l.Addr().String()),
	}
	hook := func(p sup.Point) {
		if crash(p) {
			panic("injected")
		}
	}
	w.tree, err = sup.Start(t.Context(), "test", sup.Supervisor{
		Strategy: sup.OneForOne, Intensity: sup.Intensity{Restarts: 100, Within: time.Minute},
		Children: []sup.Child{w.dialer.Child()},
	}, sup.Options{Hook: hook})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.tree.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *dialWorld) dial(n int) {
	for range n {
		w.dialer.Dial(pnet.DialRequest{To: w.to}, w.answers.Put)
	}
}

// taken takes what was answered within a second of virtual time, and closes it.
func (w *dialWorld) taken() (connected, failed int) {
	time.Sleep(time.Second)
	for _, r := range w.answers.Take(nil) {
		if r.Err != nil {
			failed++
			continue
		}
		connected++
		_ = r.Conn.Close()
	}
	return connected, failed
}

func TestEveryDialIsAnsweredOnceWhateverCrashes(t *testing.T) {
	for point := int64(1); point <= 40; point++ {
		synctest.Test(t, func(t *testing.T) {
			var at atomic.Int64
			w := newDialWorld(t, func(sup.Point) bool { return at.Add(1) == point })
			w.dial(3)
			time.Sleep(5 * time.Millisecond)
			w.dial(2)
			if connected, failed := w.taken(); connected != 5 || failed != 0 {
				t.Errorf("crash at point %d: %d connected, %d failed", point, connected, failed)
			}
		})
	}
}

func TestEveryLookupIsAnsweredOnceWhateverCrashes(t *testing.T) {
	for point := int64(1); point <= 20; point++ {
		synctest.Test(t, func(t *testing.T) {
			var at atomic.Int64
			w := newDialWorld(t, func(sup.Point) bool { return at.Add(1) == point })
			answers := sup.NewMailbox[pnet.LookupResult]()
			for _, host := range []string{"two.example", "none.example", "two.example"} {
				w.dialer.Lookup(1, host, answers.Put)
				time.Sleep(5 * time.Millisecond)
			}
			time.Sleep(time.Second)
			got := map[string]int{}
			for _, r := range answers.Take(nil) {
				got[fmt.Sprintf("%s %v %v", r.Host, r.Addrs, r.Err)]++
			}
			want := map[string]int{"two.example [10.0.0.2 10.0.0.3] <nil>": 2, "none.example [] lookup none.example: no such host": 1}
			if !maps.Equal(got, want) {
				t.Errorf("crash at point %d: %v", point, got)
			}
		})
	}
}

func TestADialThatEndsWithTheProcessEachTimeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newDialWorld(t, func(p sup.Point) bool { return p.Label == "queue" })
		w.dial(1)
		for range 4 {
			time.Sleep(5 * time.Millisecond)
			w.dialer.Dial(pnet.DialRequest{To: netip.MustParseAddrPort("10.0.0.3:1")}, func(pnet.DialResult) {}) // the crash
		}
		if connected, failed := w.taken(); connected != 0 || failed != 1 {
			t.Errorf("%d connected, %d failed", connected, failed)
		}
	})
}

func TestWhatIsDialledWhenTheProcessStopsIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newDialWorld(t, func(sup.Point) bool { return false })
		w.dial(300) // the network tells of what is left open
		time.Sleep(15 * time.Millisecond)
		if err := w.tree.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		w.taken()
	})
}

func TestAnAttemptThatPanicsWhileTheProcessStopsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stops atomic.Bool
		w := newDialWorld(t, func(p sup.Point) bool {
			if p.Label != "attempt" || p.At != sup.BetweenActions || !stops.CompareAndSwap(true, false) {
				return false
			}
			time.Sleep(time.Millisecond) // by then the process waits for its attempts
			return true
		})
		w.dial(3)
		time.Sleep(5 * time.Millisecond)
		stops.Store(true)
		if err := w.tree.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if connected, failed := w.taken(); connected+failed != 0 || stops.Load() {
			t.Errorf("%d connected, %d failed", connected, failed)
		}
	})
}
