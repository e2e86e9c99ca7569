package announce_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	core "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/proc/announce"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
)

const (
	ourHost     = "198.51.100.1"
	ourHost6    = "2001:db8::1"
	theirHost   = "203.0.113.1"
	theirHost6  = "2001:db8:1::1"
	otherHost   = "203.0.113.2"
	privateHost = "10.0.0.9"
	ourPort     = 6881
	passkey     = "0123456789abcdef0123456789abcdef"
)

// world runs the process on ourHost, of both families, of a network in memory.
type world struct {
	t       *testing.T
	n       *etorrenttest.Network
	s       *announce.Service
	udp     *udp.Handle
	clock   *clock.Clock
	tree    *sup.Tree
	keep    *fakeKeeper
	into    *sink
	crashes *sup.Mailbox[sup.Report]
}

// dual is a machine with an address of each family.
type dual struct{ v4, v6 *etorrenttest.Host }

func (d dual) of(address string) *etorrenttest.Host {
	if at, err := netip.ParseAddrPort(address); err == nil && at.Addr().Unmap().Is6() {
		return d.v6
	}
	return d.v4
}

func (d dual) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	return d.of(address).Listen(ctx, network, address)
}

func (d dual) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return d.of(address).ListenPacket(ctx, network, address)
}

func (d dual) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d.of(address).DialContext(ctx, network, address)
}

func (d dual) LookupNetIP(ctx context.Context, network, name string) ([]netip.Addr, error) {
	return d.v4.LookupNetIP(ctx, network, name)
}

// lazily is a network that is there later.
type lazily struct{ network *pnet.Network }

func (l lazily) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	return (*l.network).Listen(ctx, network, address)
}

func (l lazily) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return (*l.network).ListenPacket(ctx, network, address)
}

func (l lazily) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return (*l.network).DialContext(ctx, network, address)
}

func (l lazily) LookupNetIP(ctx context.Context, network, name string) ([]netip.Addr, error) {
	return (*l.network).(pnet.Resolver).LookupNetIP(ctx, network, name)
}

// inWorld runs f in a bubble, with changes to how the process is made.
func inWorld(t *testing.T, hook sup.Hook, change func(*announce.Config), f func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		n := etorrenttest.NewNetwork(t)
		n.SetLink(etorrenttest.Link{Latency: 5 * time.Millisecond})
		n.SetName("tracker.example", theirHost)
		w := &world{
			t: t, n: n, clock: clock.New(), keep: &fakeKeeper{}, into: &sink{}, crashes: sup.NewMailbox[sup.Report](),
		}
		egress := pnet.NewEgress(dual{n.Host(ourHost), n.Host(ourHost6)})
		w.udp = udp.New(udp.Config{Egress: egress, Clock: w.clock, Beside: udp.Listeners})
		w.udp.Listening([]netip.AddrPort{netip.MustParseAddrPort(ourHost + ":6881"), netip.MustParseAddrPort("[" + ourHost6 + "]:6881")})
		cfg := announce.Config{
			Egress: egress, UDP: w.udp, Clock: w.clock, Port: func() uint16 { return ourPort }, Keep: w.keep,
			Agent: "Etorrent/test", Random: 1,
		}
		if change != nil {
			change(&cfg)
		}
		w.s = announce.New(cfg)
		w.start(hook)
		f(t, w)
	})
}

func (w *world) start(hook sup.Hook) {
	w.t.Helper()
	tree, err := sup.Start(w.t.Context(), "test", sup.Supervisor{
		Strategy: sup.OneForOne, Intensity: sup.Intensity{Restarts: 30, Within: time.Minute},
		Children: []sup.Child{w.udp.Child(), w.s.Child()},
	}, sup.Options{Hook: hook, Observe: w.crashes.Put})
	if err != nil {
		w.t.Fatal(err)
	}
	w.tree = tree
	w.t.Cleanup(func() {
		if err := tree.Stop(context.Background()); err != nil {
			w.t.Error(err)
		}
	})
	synctest.Wait()
}

func mustURL(t *testing.T, text string) tracker.URL {
	t.Helper()
	switch e := tracker.ViewURL(text).(type) {
	case tracker.URLUsable:
		return e.URL
	case tracker.URLLocal:
		return e.URL
	default:
		t.Fatalf("%s: %+v", text, e)
		panic("unreachable")
	}
}

func tiersOf(t *testing.T, urls ...string) [][]tracker.URL {
	var tiers [][]tracker.URL
	for _, u := range urls {
		tiers = append(tiers, []tracker.URL{mustURL(t, u)})
	}
	return tiers
}

// entry is a torrent that somebody waits for.
func (w *world) entry(id ident.TorrentID, urls ...string) announce.Entry {
	return announce.Entry{
		ID: id, Epoch: 1, Into: w.into,
		About: core.Torrent{
			InfoHash: tracker.InfoHash{0: byte(id), 19: byte(id >> 8)}, PeerID: [20]byte{'-', 'E', 't', 19: byte(id)},
			Tiers: tiersOf(w.t, urls...), Left: 1000,
		},
		From: core.Fresh{},
	}
}

// pass lets time pass.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// standing is how the only tracker of a torrent does.
func (w *world) standing(id ident.TorrentID) core.Standing {
	w.t.Helper()
	synctest.Wait()
	all := w.s.Trackers(id)
	if len(all) != 1 {
		w.t.Fatalf("reports: %+v", all)
	}
	return all[0].Standing
}

// fails fails unless the only tracker of a torrent fails for a reason with a text.
func (w *world) fails(id ident.TorrentID, with string) {
	w.t.Helper()
	f, is := w.standing(id).(core.Failing)
	if !is || !strings.Contains(fmt.Sprintf("%T %+v", f.Why, f.Why), with) {
		w.t.Errorf("the tracker is %T %+v, not failing with %q", w.standing(id), w.standing(id), with)
	}
}

func (w *world) works(id ident.TorrentID) core.Working {
	w.t.Helper()
	works, is := w.standing(id).(core.Working)
	if !is {
		w.t.Fatalf("the tracker is %T %+v, not working", w.standing(id), w.standing(id))
	}
	return works
}

func (w *world) crashed() int { return w.crashes.Depth() }

// sink is a torrent's side.
type sink struct {
	mu      sync.Mutex
	peers   []netip.AddrPort
	reports []core.Report
	dropped []tracker.URL
}

func (s *sink) TrackerPeers(peers []netip.AddrPort, _ tracker.URL, _ netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peers = append(s.peers, peers...)
}

func (s *sink) DropTrackerPeers(old tracker.URL) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped = append(s.dropped, old)
}

func (s *sink) TrackerReport(r core.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports = append(s.reports, r)
}

func (s *sink) named() []netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]netip.AddrPort(nil), s.peers...)
}

func (s *sink) reported() []core.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]core.Report(nil), s.reports...)
}

var errDisk = errors.New("no space left on device")

// fakeKeeper keeps in memory, or does what answer says.
type fakeKeeper struct {
	mu     sync.Mutex
	asked  int
	last   map[ident.TorrentID]announce.Kept
	answer func(done func(error)) // nil: at once, and well
}

func (k *fakeKeeper) KeepAnnounce(id ident.TorrentID, epoch store.Epoch, kept announce.Kept, done func(error)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked++
	note := func(err error) {
		if err == nil {
			if k.last == nil {
				k.last = map[ident.TorrentID]announce.Kept{}
			}
			k.last[id] = kept
		}
		done(err)
	}
	if k.answer == nil {
		note(nil)
		return
	}
	k.answer(note)
}

func (k *fakeKeeper) set(answer func(done func(error))) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.answer = answer
}

// tries is how often something was to be kept.
func (k *fakeKeeper) tries() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.asked
}

func (k *fakeKeeper) of(id ident.TorrentID) announce.Kept {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.last[id]
}

// site is a tracker over HTTP that notes what it is asked.
type site struct {
	t      *testing.T
	mu     sync.Mutex
	asked  []tracker.Announce
	at     []time.Time
	heads  []http.Header
	conns  int
	from   []netip.AddrPort
	server *http.Server
	url    string // without a path
	then   http.HandlerFunc
}

// body is an answer with two peers, to come again in half an hour.
const body = "d8:completei3e10:incompletei4e8:intervali1800e5:peers12:\x01\x02\x03\x04\x1a\xe1\x05\x06\x07\x08\x1a\xe2e"

// serveAt answers on an endpoint of the network as then says, nil with body.
func (w *world) serveAt(at string, then http.HandlerFunc) *site {
	w.t.Helper()
	ap := netip.MustParseAddrPort(at)
	ln, err := w.n.Host(ap.Addr().String()).Listen(w.t.Context(), "tcp", at)
	if err != nil {
		w.t.Fatal(err)
	}
	s := newSite(w.t, then)
	s.url = "http://" + at
	go func() { _ = s.server.Serve(ln) }()
	return s
}

// siteIdle is how long a site keeps connections that nobody uses.
const siteIdle = 15 * time.Second

func newSite(t *testing.T, then http.HandlerFunc) *site {
	if then == nil {
		then = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
	}
	s := &site{t: t, then: then}
	s.server = &http.Server{Handler: s, IdleTimeout: siteIdle, ConnState: func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			s.mu.Lock()
			s.conns++
			s.mu.Unlock()
		}
	}}
	t.Cleanup(func() { _ = s.server.Close() })
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if q, is := tracker.ViewAnnounceQuery(r.URL.RawQuery).(tracker.AnnounceQuery); is {
		s.mu.Lock()
		s.asked = append(s.asked, q.Announce)
		s.at = append(s.at, time.Now())
		s.heads = append(s.heads, r.Header.Clone())
		at, _ := netip.ParseAddrPort(r.RemoteAddr)
		s.from = append(s.from, at)
		s.mu.Unlock()
	}
	s.then(w, r)
}

func (s *site) announces() []tracker.Announce {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]tracker.Announce(nil), s.asked...)
}

// connections is how many came.
func (s *site) connections() int {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

func (s *site) events() string {
	var all []string
	for _, a := range s.announces() {
		all = append(all, a.Event.String())
	}
	return strings.Join(all, ",")
}
