package etorrenttest

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
)

const (
	// Dir is the folder that clients of NewClient keep torrents in.
	Dir = "/data"
	// Port is the port that clients of NewClient listen on.
	Port = 6881

	// stopWithin and openWithin are how long a client may take to shut down, and a
	// torrent to be checked.
	stopWithin = time.Minute
	openWithin = time.Minute
)

// Endpoint is where a client of NewClient on this host accepts connections.
func (h *Host) Endpoint() netip.AddrPort { return netip.AddrPortFrom(h.addr, Port) }

// NewClient starts a client on a host and shuts it down when the test ends. What
// o leaves out is chosen so that nothing touches the machine: the host is its
// network, it listens on Port, and files and state are in memory.
func NewClient(t testing.TB, h *Host, o etorrent.Options) *etorrent.Client {
	t.Helper()
	if o.Network == nil {
		o.Network = h
	}
	if o.Clock == nil {
		o.Clock = NewClock()
	}
	if o.Storage == nil {
		o.Storage = NewStorage()
	}
	if o.Dir == "" {
		o.Dir = Dir
	}
	if o.Listen == nil {
		o.Listen = []string{h.Endpoint().String()}
	}
	c, err := etorrent.New(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Shutdown(t, c) })
	return c
}

// Shutdown shuts a client down in order; more than once does no harm.
func Shutdown(t testing.TB, c *etorrent.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	if err := c.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

// Seed adds content that is put into s whole, and waits until it was checked.
func (c *Content) Seed(t testing.TB, client *etorrent.Client, s *Storage, how ...etorrent.AddOption) *etorrent.Torrent {
	t.Helper()
	c.Put(t, s, Dir)
	seeding, err := client.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), append(how, etorrent.ShareOnly())...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), openWithin)
	defer cancel()
	if err := seeding.Wait(ctx, etorrent.FilesOpen); err != nil {
		t.Fatalf("%v: %+v", err, seeding.Stats())
	}
	return seeding
}

// Fetch adds content that is not there yet, with peers to fetch it from.
func (c *Content) Fetch(t testing.TB, client *etorrent.Client, peers ...netip.AddrPort) *etorrent.Torrent {
	t.Helper()
	fetching, err := client.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(peers...))
	if err != nil {
		t.Fatal(err)
	}
	return fetching
}
