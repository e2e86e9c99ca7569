package announce_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	core "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/proc/announce"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	vocab "github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
	own "github.com/etorrent/etorrent/tracker"
)

// Torrents of one info-hash find each other through our own tracker, over HTTP and
// UDP, and leave it.
func TestPeersFindEachOtherThroughOurOwnTracker(t *testing.T) {
	for _, url := range []string{"http://tracker.example:6969/announce", "udp://tracker.example:6969/announce"} {
		t.Run(url[:4], func(t *testing.T) {
			inWorld(t, nil, nil, func(t *testing.T, w *world) {
				theirs, err := own.New(t.Context(), own.Options{Listen: []string{theirHost + ":6969"}, Network: w.n.Host(theirHost)})
				if err != nil {
					t.Fatal(err)
				}
				w.t.Cleanup(func() { _ = theirs.Shutdown(context.Background()) })
				fetching, seeding := w.entry(1, url), w.entry(1, url)
				seeding.About.Left, seeding.About.PeerID[0] = 0, 'x'
				other := w.neighbour(otherHost)
				other.Begin(seeding)
				w.pass(time.Second)
				w.s.Begin(fetching)
				w.pass(time.Second)
				if works := w.works(1); works.Seeders != 1 || works.Leechers != 1 {
					t.Errorf("reported %+v", works)
				}
				if got := w.into.named(); !slices.Contains(got, netip.MustParseAddrPort(otherHost+":6881")) {
					t.Errorf("passed on %v", got)
				}
				if total := theirs.Totals(); total.Announces != 2 || total.Malformed != 0 {
					t.Errorf("it counted %+v", total)
				}
				if err := other.Leave(t.Context()); err != nil {
					t.Error(err)
				}
				if err := w.s.Leave(t.Context()); err != nil {
					t.Error(err)
				}
				if total := theirs.Totals(); total.Seeders+total.Leechers != 0 {
					t.Errorf("when all had left it counted %+v", total)
				}
			})
		})
	}
}

// neighbour announces on another machine of the network.
func (w *world) neighbour(host string) *announce.Service {
	w.t.Helper()
	egress := pnet.NewEgress(w.n.Host(host))
	handle := udp.New(udp.Config{Egress: egress, Clock: w.clock, Beside: udp.Nothing})
	s := announce.New(announce.Config{Egress: egress, UDP: handle, Clock: w.clock, Port: func() uint16 { return ourPort }})
	tree, err := sup.Start(w.t.Context(), "test", sup.Supervisor{Children: []sup.Child{handle.Child(), s.Child()}}, sup.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = tree.Stop(context.Background()) })
	return s
}

// The same over the sockets of this machine, in both families where it has them.
func TestOverRealSocketsPeersFindEachOther(t *testing.T) {
	listen := []string{"127.0.0.1:0"}
	if c, err := pnet.NewEgress(nil).Listen(t.Context(), "[::1]:0"); err == nil {
		_ = c.Close()
		listen = append(listen, "[::1]:0")
	}
	theirs, err := own.New(t.Context(), own.Options{Listen: listen})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = theirs.Shutdown(context.Background()) }()
	egress, c := pnet.NewEgress(nil), clock.New()
	handle := udp.New(udp.Config{Egress: egress, Clock: c, Beside: udp.Nothing})
	service := announce.New(announce.Config{Egress: egress, UDP: handle, Clock: c, Port: func() uint16 { return ourPort }})
	tree, err := sup.Start(t.Context(), "test", sup.Supervisor{Children: []sup.Child{handle.Child(), service.Child()}}, sup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tree.Stop(context.Background()) }()
	works := make(notifier, 100)
	w := &world{t: t}
	urls := theirs.URLs()
	for i, u := range urls {
		e := w.entry(ident.TorrentID(1+i), u)
		e.Into = works
		service.Begin(e)
	}
	for range urls {
		r := <-works
		if _, is := r.Standing.(core.Working); !is {
			t.Errorf("%v is %T %+v", r.Tracker, r.Standing, r.Standing)
		}
	}
	if len(urls) != 2*len(listen) || !strings.HasPrefix(urls[0], "udp://") {
		t.Errorf("the tracker has %v", urls)
	}
	if err := service.Leave(t.Context()); err != nil {
		t.Error(err)
	}
	if total := theirs.Totals(); total.Seeders+total.Leechers != 0 || total.Announces != 2*uint64(len(urls)) {
		t.Errorf("when all had left it counted %+v", total)
	}
}

// notifier is a torrent's side that hands reports on.
type notifier chan core.Report

func (notifier) TrackerPeers([]netip.AddrPort, vocab.URL, netip.Addr) {}
func (notifier) DropTrackerPeers(vocab.URL)                           {}

func (n notifier) TrackerReport(r core.Report) {
	select {
	case n <- r:
	default:
	}
}
