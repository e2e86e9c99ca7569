package etorrent_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/sup"
)

// degraded is why a process of a member is degraded; nil where it is not.
func degraded(t *testing.T, m *member, path string) error {
	t.Helper()
	n := nodeAt(m.Tree().Root, path)
	if n == nil {
		t.Fatalf("there is no %s in the tree", path)
	}
	if d, is := n.State.(sup.Degraded); is {
		return d.Err
	}
	return nil
}

func TestAClientWhosePortIsTakenIsDegradedUntilItIsFree(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "late port", 16<<10, 300_000)
		host := s.network.Host("10.9.9.9")
		other, err := host.Listen(t.Context(), "tcp", host.Endpoint().String())
		if err != nil {
			t.Fatal(err)
		}
		seeder := &member{host: host, storage: etorrenttest.NewStorage()}
		seeder.start(t, func(o *etorrent.Options) { o.Ports = etorrent.ThisPortOnly })
		c.Seed(t, seeder.Client, seeder.storage) // what it can do without a port it does
		leecher := s.join()
		fetching := c.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(time.Minute)
		listen := "client/net/listen[" + host.Endpoint().String() + "]"
		if err := degraded(t, seeder, listen); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("its listener is degraded by %v", err)
		}
		if n := count[etorrent.WarningEvent](seeder); n != 1 || len(seeder.Addrs()) != 0 {
			t.Errorf("%d warnings; it listens at %v", n, seeder.Addrs())
		}
		_ = other.Close()
		s.stored(fetching)
		if err := degraded(t, seeder, listen); err != nil || len(seeder.Addrs()) != 1 {
			t.Errorf("when the port is free: degraded by %v, listening at %v", err, seeder.Addrs())
		}
		if n := count[etorrent.ListeningEvent](seeder); n != 1 {
			t.Errorf("that it listens was told %d times", n)
		}
	})
}

// A port that another program takes datagrams on is no reason not to accept
// connections.
func TestAClientWhosePortIsTakenForDatagramsSaysSoUntilItIsFree(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "half a port", 16<<10, 300_000)
		host := s.network.Host("10.9.9.9")
		other, err := host.ListenPacket(t.Context(), "udp", host.Endpoint().String())
		if err != nil {
			t.Fatal(err)
		}
		seeder := &member{host: host, storage: etorrenttest.NewStorage()}
		seeder.start(t, func(o *etorrent.Options) { o.Ports = etorrent.ThisPortOnly })
		c.Seed(t, seeder.Client, seeder.storage)
		s.stored(c.Fetch(t, s.join().Client, seeder.at()))
		if err := degraded(t, seeder, "client/net/udp"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("it is degraded by %v", err)
		}
		time.Sleep(10 * time.Minute)
		if w, l := count[etorrent.WarningEvent](seeder), count[etorrent.ListeningEvent](seeder); w != 1 || l != 1 {
			t.Errorf("%d warnings, and %d times that it listens, were told", w, l)
		}
		_ = other.Close()
		time.Sleep(30 * time.Second)
		if err := degraded(t, seeder, "client/net/udp"); err != nil {
			t.Errorf("when the port is free it is degraded by %v", err)
		}
		var last etorrent.ListeningEvent
		for _, e := range past(seeder) {
			if l, is := e.(etorrent.ListeningEvent); is {
				last = l
			}
		}
		if n := count[etorrent.WarningEvent](seeder); n != 1 || len(last.Datagrams) != 1 || last.Datagrams[0] != host.Endpoint() {
			t.Errorf("%d warnings were told, and at last %+v", n, last)
		}
	})
}

// starved is a host whose program runs out of descriptors: as often as said,
// accepting fails though somebody waits.
type starved struct {
	*etorrenttest.Host
	fails atomic.Int64
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
	if l.of.fails.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	c := l.waiting
	l.waiting = nil
	return c, nil
}

// When descriptors run out, some connections end that have no slot and carry no
// block; who waited gets in.
func TestIdlePeersLeaveWhenDescriptorsRunOut(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "crowded", 32<<10, 2_000_000)
		host := &starved{}
		seeder := s.join(func(o *etorrent.Options) {
			host.Host = o.Network.(*etorrenttest.Host)
			o.Network, o.Limits.Up = host, 100_000
		})
		c.Seed(t, seeder.Client, seeder.storage)
		var fetching []*etorrent.Torrent
		for range 4 {
			fetching = append(fetching, c.Fetch(t, s.join().Client, seeder.at()))
		}
		time.Sleep(time.Second) // they are the oldest
		idle := map[string]bool{}
		for n := range 12 {
			x := s.strangerFrom("10.9.0.1", seeder)
			_, _ = x.conn.Write(greetingOf(c, n))
			idle[x.conn.LocalAddr().String()] = true
		}
		time.Sleep(5 * time.Second)
		if n := joined(seeder); n != 16 {
			t.Fatalf("%d are there", n)
		}
		host.fails.Store(1)
		fetching = append(fetching, c.Fetch(t, s.join().Client, seeder.at()))
		time.Sleep(time.Second)
		shed := 0
		for _, e := range past(seeder) {
			if left, is := e.(etorrent.PeerLeftEvent); is {
				if shed++; !idle[left.Addr.String()] || !strings.Contains(left.Reason, "descriptors") {
					t.Errorf("%v left: %s", left.Addr, left.Reason)
				}
			}
		}
		if shed == 0 || shed == len(idle) {
			t.Errorf("%d of %d idle peers left", shed, len(idle))
		}
		if n := count[etorrent.WarningEvent](seeder); n != 1 {
			t.Errorf("%d warnings", n)
		}
		s.stored(fetching...)
	})
}
