package announce_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/proc/announce"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// slowly is a network whose names take a second, and that counts who waits.
type slowly struct {
	lazily
	now, most *atomic.Int32
}

func (s slowly) LookupNetIP(ctx context.Context, _, name string) ([]netip.Addr, error) {
	s.most.Store(max(s.most.Load(), s.now.Add(1)))
	defer s.now.Add(-1)
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func TestFewHostsAreLookedUpAtOnce(t *testing.T) {
	var network pnet.Network
	var now, most atomic.Int32
	slow := slowly{lazily{&network}, &now, &most}
	inWorld(t, nil, func(cfg *announce.Config) { cfg.Egress = pnet.NewEgress(slow) }, func(t *testing.T, w *world) {
		network = w.n.Host(ourHost)
		for i := range ident.TorrentID(100) {
			w.s.Begin(w.entry(1+i, fmt.Sprintf("http://t%d.example/announce", i)))
		}
		w.pass(10 * time.Second)
		if most.Load() != 16 {
			t.Errorf("%d at once", most.Load())
		}
		for i := range ident.TorrentID(100) {
			w.fails(1+i, "NoHost")
		}
	})
}

func TestIdleConnectionsAreBounded(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		w.serveAt(theirHost+":80", nil)
		for i := range ident.TorrentID(100) {
			w.n.SetName(fmt.Sprintf("t%d.example", i), theirHost)
			w.s.Begin(w.entry(1+i, fmt.Sprintf("http://t%d.example/announce", i)))
		}
		w.pass(5 * time.Second)
		for i := range ident.TorrentID(100) {
			w.works(1 + i)
		}
		if n := w.n.Open(); n != 32 {
			t.Errorf("%d connections are open", n)
		}
	})
}
