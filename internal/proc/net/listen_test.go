package net_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

// starved is a host whose program runs out of descriptors: as often as said,
// Accept fails though somebody waits.
type starved struct {
	*etorrenttest.Host
	mu    sync.Mutex
	fails int
	asked []time.Time
}

func (s *starved) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	l, err := s.Host.Listen(ctx, network, address)
	return &starvedListener{Listener: l, of: s}, err
}

type starvedListener struct {
	net.Listener
	of      *starved
	waiting net.Conn
}

func (l *starvedListener) Accept() (net.Conn, error) {
	if l.waiting == nil {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.waiting = c
	}
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	l.of.asked = append(l.of.asked, time.Now())
	if l.of.fails > 0 {
		l.of.fails--
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	c := l.waiting
	l.waiting = nil
	return c, nil
}

// listenWorld runs a listening process and keeps what it tells.
type listenWorld struct {
	tree     *sup.Tree
	listener *pnet.Listener
	accepted *sup.Mailbox[pnet.Conn]
	told     *sup.Mailbox[pnet.Listening]
	rests    *sup.Mailbox[time.Time]
}

func newListenWorld(t *testing.T, network pnet.Network, choice pnet.PortChoice) *listenWorld {
	t.Helper()
	w := &listenWorld{
		accepted: sup.NewMailbox[pnet.Conn](), told: sup.NewMailbox[pnet.Listening](), rests: sup.NewMailbox[time.Time](),
	}
	w.listener = pnet.NewListener(pnet.NewEgress(network), ":6881", choice, w.accepted.Put, pnet.Notices{
		Changed: w.told.Put, Exhausted: func() { w.rests.Put(time.Now()) },
	})
	var err error
	w.tree, err = sup.Start(t.Context(), "test", sup.Supervisor{
		Strategy: sup.OneForOne, Children: []sup.Child{w.listener.Child()},
	}, sup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.tree.Stop(context.Background())
		for _, c := range w.accepted.Take(nil) {
			_ = c.Close()
		}
	})
	return w
}

// state is what the tree shows of the process.
func (w *listenWorld) state() sup.State { return w.tree.Snapshot().Root.Children[0].State }

func dialFrom(t *testing.T, h *etorrenttest.Host, to string) {
	t.Helper()
	c, err := h.DialContext(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
}

func TestAcceptingRestsWhileDescriptorsAreMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := etorrenttest.NewNetwork(t)
		host := &starved{Host: network.Host("10.0.0.1"), fails: 3}
		w := newListenWorld(t, host, pnet.ThisOnly)
		synctest.Wait()
		begun := time.Now()
		dialFrom(t, network.Host("10.0.0.2"), "10.0.0.1:6881")
		synctest.Wait()
		degraded, is := w.state().(sup.Degraded)
		if !is || !errors.Is(degraded.Err, syscall.EMFILE) {
			t.Errorf("while it rests it is %v", w.state())
		}
		if shown, _ := w.listener.Shown(); !shown.Addr.IsValid() {
			t.Error("it is shown as not listening")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		accepted := w.accepted.Take(nil)
		if len(accepted) != 1 {
			t.Fatalf("%d connections were accepted", len(accepted))
		}
		defer accepted[0].Close()
		if _, is := w.state().(sup.Running); !is {
			t.Errorf("afterwards it is %v", w.state())
		}
		const rest = 100 * time.Millisecond
		want := []time.Time{begun, begun.Add(rest), begun.Add(2 * rest), begun.Add(3 * rest)}
		if !slices.EqualFunc(host.asked, want, time.Time.Equal) || len(w.rests.Take(nil)) != 3 {
			t.Errorf("it asked at %v", host.asked)
		}
		told := w.told.Take(nil)
		if len(told) != 3 || told[0].Err != nil || !errors.Is(told[1].Err, syscall.EMFILE) || told[2].Err != nil {
			t.Errorf("it told %v", told)
		}
	})
}

func TestATakenPortIsAskedForUntilItIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := etorrenttest.NewNetwork(t)
		host := network.Host("10.0.0.1")
		other, err := host.Listen(t.Context(), "tcp", ":6881")
		if err != nil {
			t.Fatal(err)
		}
		w := newListenWorld(t, host, pnet.ThisOnly)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		shown, _ := w.listener.Shown()
		if degraded, is := w.state().(sup.Degraded); !is || !errors.Is(degraded.Err, syscall.EADDRINUSE) || shown.Addr.IsValid() {
			t.Errorf("while the port is taken it is %v, listening at %v", w.state(), shown.Addr)
		}
		if told := w.told.Take(nil); len(told) != 1 || !errors.Is(told[0].Err, syscall.EADDRINUSE) {
			t.Errorf("it told %v", told)
		}
		_ = other.Close()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		shown, _ = w.listener.Shown()
		if _, is := w.state().(sup.Running); !is || shown.Addr.String() != "10.0.0.1:6881" {
			t.Errorf("when it is free it is %v, listening at %v", w.state(), shown.Addr)
		}
		if told := w.told.Take(nil); len(told) != 1 || told[0].Err != nil {
			t.Errorf("it told %v", told)
		}
	})
}

func TestTheNextPortIsTakenWhereThatMayBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := etorrenttest.NewNetwork(t)
		host := network.Host("10.0.0.1")
		for _, port := range []string{":6881", ":6882"} {
			other, err := host.Listen(t.Context(), "tcp", port)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
		}
		w := newListenWorld(t, host, pnet.NextFree)
		synctest.Wait()
		if shown, _ := w.listener.Shown(); shown.Addr.String() != "10.0.0.1:6883" {
			t.Errorf("it listens at %v", shown.Addr)
		}
		if told := w.told.Take(nil); len(told) != 1 || told[0].Err != nil {
			t.Errorf("it told %v", told)
		}
	})
}

// A port on which only datagrams cannot be taken is passed by, but better than none.
func TestAPortIsFreeIfItIsSoForDatagramsToo(t *testing.T) {
	for _, c := range []struct {
		address       string
		choice        pnet.PortChoice
		taken, packed []int // for connections, and for datagrams only
		want          int
	}{
		{":6881", pnet.NextFree, nil, []int{6881, 6882}, 6883},
		{":6881", pnet.NextFree, []int{6882}, []int{6881, 6883}, 6884},
		{":6881", pnet.ThisOnly, nil, []int{6881}, 6881},
		{":0", pnet.ThisOnly, nil, []int{49153, 49154}, 49155},
	} {
		synctest.Test(t, func(t *testing.T) {
			host := etorrenttest.NewNetwork(t).Host("10.0.0.1")
			for _, port := range c.taken {
				l, err := host.Listen(t.Context(), "tcp", fmt.Sprint(":", port))
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
			}
			blind := &onlyStreams{Host: host, next: 49153} // the system does not look at datagrams
			for _, port := range c.packed {
				p, err := host.ListenPacket(t.Context(), "udp", fmt.Sprint(":", port))
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
			}
			egress := pnet.NewEgress(blind)
			l := pnet.NewListener(egress, c.address, c.choice, func(pnet.Conn) {}, pnet.Notices{
				Fits: egress.ViewPort, Changed: func(pnet.Listening) {}, Exhausted: func() {},
			})
			tree, err := sup.Start(t.Context(), "test", sup.Supervisor{Children: []sup.Child{l.Child()}}, sup.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer tree.Stop(context.Background())
			synctest.Wait()
			if shown, _ := l.Shown(); int(shown.Addr.Port()) != c.want {
				t.Errorf("%s, %v: it listens at %v, want %d", c.address, c.choice, shown.Addr, c.want)
			}
		})
	}
}

func TestWhereNoPortIsFreeForDatagramsConnectionsAreAcceptedAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := etorrenttest.NewNetwork(t).Host("10.0.0.1")
		for _, address := range []string{":6881", ":0"} {
			l := pnet.NewListener(pnet.NewEgress(host), address, pnet.NextFree, func(pnet.Conn) {}, pnet.Notices{
				Fits:    func(context.Context, netip.AddrPort) pnet.ListenEvidence { return pnet.ListenTaken },
				Changed: func(pnet.Listening) {}, Exhausted: func() {},
			})
			tree, err := sup.Start(t.Context(), "test", sup.Supervisor{Children: []sup.Child{l.Child()}}, sup.Options{})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if shown, _ := l.Shown(); !shown.Addr.IsValid() || address == ":6881" && shown.Addr.Port() != 6881 {
				t.Errorf("%s: it listens at %v: %v", address, shown.Addr, shown.Err)
			}
			_ = tree.Stop(context.Background())
		}
	})
}

// onlyStreams is a host that gives any port to a listener that no other has.
type onlyStreams struct {
	*etorrenttest.Host
	next int
}

func (o *onlyStreams) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	if address != ":0" {
		return o.Host.Listen(ctx, network, address)
	}
	o.next++
	return o.Host.Listen(ctx, network, fmt.Sprint(":", o.next-1))
}
