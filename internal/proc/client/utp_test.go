package client_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/proc/client"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/transport"
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
