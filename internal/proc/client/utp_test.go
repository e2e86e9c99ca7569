package client_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/proc/client"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ipfilter"
	"github.com/etorrent/etorrent/internal/vocab/transport"
	"github.com/etorrent/etorrent/utp"
)

const dir = "/data"

// engine is one with a storage in memory.
type engine struct {
	*client.Client
	storage *etorrenttest.Storage
}

// start starts an engine that ends with the test.
func start(t *testing.T, network pnet.Network, listen string, p transport.Policy, change func(*client.Config)) *engine {
	t.Helper()
	e := &engine{storage: etorrenttest.NewStorage()}
	cfg := client.Config{
		Storage: e.storage, Rows: store.NewMemory(), Network: network, Transport: p, Listen: []string{listen},
		Shares: client.Divide(1024), Version: "1.2.3",
	}
	if change != nil {
		change(&cfg)
	}
	c, err := client.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	e.Client = c
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

// at is where it listens.
func (e *engine) at(t *testing.T) netip.AddrPort {
	t.Helper()
	addrs, err := e.Listening(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return addrs[0]
}

// run has it have a torrent.
func (e *engine) run(t *testing.T, c *etorrenttest.Content, peers ...netip.AddrPort) *torrent.Torrent {
	t.Helper()
	r, err := e.Add(t.Context(), client.AddRequest{Metainfo: c.Metainfo, Dir: dir, Options: torrent.Options{Peers: peers}})
	if err != nil {
		t.Fatal(err)
	}
	return r.Torrent
}

// isWhole waits until a torrent has everything.
func isWhole(t *testing.T, of *torrent.Torrent) {
	t.Helper()
	for {
		s, changed := of.Status()
		if s.Phase == torrent.Sharing {
			return
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatalf("%+v", s)
		}
	}
}

// carry has a torrent go from one engine to another.
func carry(t *testing.T, from, to *engine, size int) {
	t.Helper()
	c := etorrenttest.NewContent(t, "a", 256<<10, size)
	c.Put(t, from.storage, dir)
	isWhole(t, from.run(t, c))
	isWhole(t, to.run(t, c, from.at(t)))
	c.Check(t, to.storage, dir)
}

func TestATorrentGoesOverUTPAlone(t *testing.T) {
	t.Run("in memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := etorrenttest.NewNetwork(t)
			n.SetLink(etorrenttest.Link{Latency: 10 * time.Millisecond})
			from := start(t, n.Host("10.0.0.1"), "10.0.0.1:6881", transport.OnlyUTP, nil)
			to := start(t, n.Host("10.0.0.2"), "10.0.0.2:6881", transport.OnlyUTP, nil)
			carry(t, from, to, 5_000_000)
		})
	})
	size := 50_000_000
	if testing.Short() {
		size /= 10
	}
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(listen, func(t *testing.T) {
			from := start(t, nil, listen, transport.OnlyUTP, nil)
			carry(t, from, start(t, nil, listen, transport.OnlyUTP, nil), size)
		})
	}
}

// inMemory starts two engines over a network in memory, which has no limit.
func inMemory(t *testing.T, from, to transport.Policy, change func(*client.Config)) (*etorrenttest.Network, *engine, *engine) {
	t.Helper()
	n := etorrenttest.NewNetwork(t)
	n.SetLink(etorrenttest.Link{Latency: 10 * time.Millisecond})
	return n, start(t, n.Host("10.0.0.1"), "10.0.0.1:6881", from, nil), start(t, n.Host("10.0.0.2"), "10.0.0.2:6881", to, change)
}

// Whoever of those that carry a connection over uTP is killed in the middle, the transfer goes
// on over another one.
func TestATransferOverUTPOutlivesWhoCarriesIt(t *testing.T) {
	for _, path := range []string{"client/net/utp", "client/net/udp", "client/net", "client/net/greet"} {
		for _, role := range []string{"from", "to"} {
			t.Run(role+" "+path, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					_, from, to := inMemory(t, transport.OnlyUTP, transport.OnlyUTP, func(c *client.Config) { c.Down = 200 << 10 })
					c := etorrenttest.NewContent(t, "a", 64<<10, 4<<20)
					c.Put(t, from.storage, dir)
					isWhole(t, from.run(t, c))
					fetching := to.run(t, c, from.at(t))
					for s, changed := fetching.Status(); s.Stored < 1<<20; s, changed = fetching.Status() {
						<-changed
					}
					for range 2 {
						if err := map[string]*engine{"from": from, "to": to}[role].Kill(path); err != nil {
							t.Fatal(err)
						}
						time.Sleep(5 * time.Second)
					}
					isWhole(t, fetching)
					c.Check(t, to.storage, dir)
				})
			})
		}
	}
}

// By one transport alone nobody comes in over the other, who asks for that over uTP hears
// nothing, and neither does one whose address is filtered.
func TestAPolicyAndAFilterHoldForWhoComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, tcp, utpAlone := inMemory(t, transport.OnlyTCP, transport.OnlyUTP, func(c *client.Config) {
			table, err := ipfilter.Parse(strings.NewReader("10.0.0.7"))
			if err != nil {
				t.Fatal(err)
			}
			c.Filter = table
		})
		_, there := tcp.at(t), utpAlone.at(t)
		c, err := n.Host("10.0.0.3").DialContext(t.Context(), "tcp", there.String())
		if err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("over TCP it reads %d bytes, %v", n, err)
		}
		_ = c.Close()
		for _, row := range []struct {
			from, to string
			want     utp.Reason
			answer   string
		}{
			{"10.0.0.3", "10.0.0.1:6881", utp.Unanswered, "no uTP"},
			{"10.0.0.7", "10.0.0.2:6881", utp.Unanswered, "filtered"},
			{"10.0.0.3", "10.0.0.2:6881", 0, "welcome"},
		} {
			s, err := utp.Listen(t.Context(), "udp4", ":6881", utp.OnNetwork(n.Host(row.from)), utp.Linger(0))
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Dial(t.Context(), row.to)
			var end *utp.EndError
			if errors.As(err, &end) != (row.answer != "welcome") || end != nil && end.Reason != row.want {
				t.Errorf("%s: %v", row.answer, err)
			}
			_ = s.Close()
		}
	})
}

// Who finds no room among strangers gets no connection.
func TestWhoFindsNoRoomGetsNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _, to := inMemory(t, transport.OnlyUTP, transport.OnlyUTP, func(c *client.Config) { c.Peers.PerAddress = 2 })
		s, err := utp.Listen(t.Context(), "udp4", ":6881", utp.OnNetwork(n.Host("10.0.0.3")), utp.Linger(0))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		in := 0
		for range 5 {
			if c, err := s.Dial(t.Context(), to.at(t).String()); err == nil {
				_, _ = c.Write([]byte{19})
				time.Sleep(time.Second)
				in++
			}
		}
		if in != 2 {
			t.Errorf("%d came in", in)
		}
		time.Sleep(15 * time.Second) // until they are left, since they say nothing more
		if _, err := s.Dial(t.Context(), to.at(t).String()); err != nil {
			t.Errorf("later: %v", err)
		}
	})
}
