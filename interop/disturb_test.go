//go:build linux

package interop

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	library "github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/testnet"
	"github.com/etorrent/etorrent/sup"
)

const (
	// disturbVariable says how long the seeds are watched.
	disturbVariable = "ETORRENT_DISTURB"
	disturbFor      = 20 * time.Second

	fetchers = 16
	// linkRate is what the seed's line carries, in bytes a second.
	linkRate = 2_000_000
	// killEvery is the mean time between two crashes of a seed's processes.
	killEvery = 1500 * time.Millisecond
)

// line is a real seed and its fetchers behind a throttled link.
type line struct {
	seed     *library.Client
	content  *etorrenttest.Content
	hosts    []*testnet.Host
	at       netip.AddrPort
	origins  []netip.Addr
	fetching []*library.Torrent
	clients  []*library.Client
	killer   *killer
}

// killer panics in processes of the seed, where they receive next.
type killer struct {
	mu     sync.Mutex
	rnd    *rand.Rand
	due    map[string]int // of each kind: how many are to die where they receive next
	killed map[string]int
	quiet  atomic.Bool
}

// deadly are the kinds of processes that are killed, each as often.
var deadly = []string{"assign", "disk", "peer"}

// hook is the seed's.
func (k *killer) hook(p sup.Point) {
	if k.quiet.Load() || p.At != sup.OnReceive {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.due[p.Kind] == 0 {
		return
	}
	k.due[p.Kind]--
	k.killed[p.Kind]++
	panic("killed by the test")
}

// run names a victim now and then, each kind once before it comes again by chance.
// A seed's picker receives only when a connection comes or goes, so a victim stays
// named until it is dead.
func (k *killer) run(end <-chan struct{}) {
	first := slices.Clone(deadly)
	for {
		select {
		case <-end:
			return
		case <-time.After(time.Duration(float64(killEvery) * (0.5 + k.rnd.Float64()))):
		}
		kind := deadly[k.rnd.IntN(len(deadly))]
		if len(first) > 0 {
			kind, first = first[0], first[1:]
		}
		k.mu.Lock()
		k.due[kind]++
		k.mu.Unlock()
	}
}

// newLine starts a seed whose processes die if k says so.
func newLine(t *testing.T, content *etorrenttest.Content, k *killer) *line {
	t.Helper()
	l := &line{content: content, killer: k, hosts: []*testnet.Host{newHost(t), newHost(t)}}
	link, err := testnet.Join(l.hosts[0], l.hosts[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := link.SetRate(testnet.Rate{Bytes: linkRate}, testnet.Rate{Bytes: linkRate}); err != nil {
		t.Fatal(err)
	}
	if l.origins, err = link.AddAddrs(fetchers); err != nil {
		t.Fatal(err)
	}
	first, _ := link.Addrs()
	l.at = netip.AddrPortFrom(first, 6881)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, content.Metainfo.Name), content.Bytes, 0o644); err != nil {
		t.Fatal(err)
	}
	o := library.Options{Dir: dir, Network: l.hosts[0], Listen: []string{l.at.String()}, Ports: library.ThisPortOnly}
	if k != nil {
		o.Hook = k.hook
	}
	l.seed = startClient(t, o)
	seeding, err := l.seed.Add(t.Context(), library.FromMetainfo(content.Metainfo), library.ShareOnly())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := seeding.Wait(ctx, library.FilesOpen); err != nil {
		t.Fatal(err)
	}
	return l
}

func newHost(t *testing.T) *testnet.Host {
	t.Helper()
	h, err := testnet.NewHost()
	var no *testnet.Unavailable
	switch {
	case errors.As(err, &no) && no.Err == nil, errors.As(err, &no) && os.Getenv("CI") != "true":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func startClient(t *testing.T, o library.Options) *library.Client {
	t.Helper()
	c, err := library.New(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { etorrenttest.Shutdown(t, c) })
	return c
}

// fetch has all fetchers begin.
func (l *line) fetch(t *testing.T) {
	t.Helper()
	for _, origin := range l.origins {
		c := startClient(t, library.Options{Dir: t.TempDir(), Network: l.hosts[1].From(origin), Listen: []string{}})
		f, err := c.Add(t.Context(), library.FromMetainfo(l.content.Metainfo), library.WithPeers(l.at))
		if err != nil {
			t.Fatal(err)
		}
		l.clients, l.fetching = append(l.clients, c), append(l.fetching, f)
	}
}

// fetched is how many bytes all fetchers have on their disks.
func (l *line) fetched() int64 {
	sum := int64(0)
	for _, f := range l.fetching {
		sum += f.Stats().Stored
	}
	return sum
}

// quarantines is how often the seed's torrent was put aside.
func (l *line) quarantines() int {
	past, end := context.WithCancel(context.Background())
	end()
	n := 0
	for e, err := range l.seed.Events(past, 0) {
		if _, is := e.(library.QuarantinedEvent); is && err == nil {
			n++
		}
	}
	return n
}

// base is what a seed without peers consists of.
type base struct {
	tree                    map[string]int
	goroutines, descriptors int
}

func (l *line) base(t *testing.T) base {
	t.Helper()
	b := base{tree: map[string]int{}, goroutines: runtime.NumGoroutine()}
	var count func(s sup.Node)
	count = func(s sup.Node) {
		b.tree[s.Kind]++
		for _, below := range s.Children {
			count(below)
		}
	}
	count(l.seed.Tree().Root)
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	b.descriptors = len(open)
	return b
}

// settled is the base when it has been the same for half a second: a client that has its
// files open may be about to open its sockets.
func (l *line) settled(t *testing.T) base {
	t.Helper()
	is := l.base(t)
	for same := 0; same < 10; same++ {
		time.Sleep(50 * time.Millisecond)
		if now := l.base(t); !maps.Equal(now.tree, is.tree) || now.goroutines != is.goroutines || now.descriptors != is.descriptors {
			is, same = now, 0
		}
	}
	return is
}

// TestCrashesSlowASeedByLessThanATenth watches two seeds at the same time, each with
// sixteen fetchers behind a link of its own. In one of them a process crashes again
// and again.
func TestCrashesSlowASeedByLessThanATenth(t *testing.T) {
	span := disturbFor
	if given, err := time.ParseDuration(os.Getenv(disturbVariable)); err == nil {
		span = given
	}
	pieces := int(linkRate*span.Seconds()/fetchers/(64<<10)) + 64 // more than can come
	content := etorrenttest.NewContent(t, "disturbed", 64<<10, pieces*(64<<10))
	k := &killer{rnd: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0)), due: map[string]int{}, killed: map[string]int{}}
	calm, disturbed := newLine(t, content, nil), newLine(t, content, k)
	before := disturbed.settled(t)
	calm.fetch(t)
	disturbed.fetch(t)
	awaitFirst(t, calm, disturbed)
	end := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { k.run(end) })
	from := [2]int64{calm.fetched(), disturbed.fetched()}
	time.Sleep(span)
	rates := [2]float64{}
	for n, l := range []*line{calm, disturbed} {
		rates[n] = float64(l.fetched()-from[n]) / span.Seconds()
	}
	close(end)
	running.Wait()
	k.quiet.Store(true)
	aside := disturbed.quarantines()
	t.Logf("%v: %.0f bytes a second undisturbed, %.0f with %v killed: %.3f of it; put aside %d times", span, rates[0], rates[1], k.killed, rates[1]/rates[0], aside)
	if rates[0] < linkRate*0.6 {
		t.Errorf("the undisturbed seed does not fill its link")
	}
	if rates[1] < 0.9*rates[0] {
		t.Errorf("%.3f of the undisturbed rate", rates[1]/rates[0])
	}
	for _, kind := range []string{"peer", "assign", "disk"} {
		if k.killed[kind] == 0 {
			t.Errorf("no %s was killed", kind)
		}
	}
	if err := disturbed.seed.Err(); err != nil {
		t.Error(err)
	}
	if aside > 0 {
		t.Errorf("the torrent was put aside %d times", aside)
	}
	disturbed.leaves(t, calm, before)
}

// awaitFirst waits until some fetchers of each line have a piece: the link is full then.
// The others wait for a slot.
func awaitFirst(t *testing.T, lines ...*line) {
	t.Helper()
	for _, l := range lines {
		for deadline := time.Now().Add(time.Minute); l.served() < fetchers/4; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("only %d fetchers have a piece", l.served())
			}
		}
	}
}

// served is how many fetchers have a piece.
func (l *line) served() int {
	n := 0
	for _, f := range l.fetching {
		if f.Stats().Stored > 0 {
			n++
		}
	}
	return n
}

// leaves fails unless nothing of the fetchers is left at a seed when they have gone.
func (l *line) leaves(t *testing.T, other *line, before base) {
	t.Helper()
	for _, c := range append(l.clients, other.clients...) {
		etorrenttest.Shutdown(t, c)
	}
	l.clients, other.clients = nil, nil
	var now base
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		now = l.base(t)
		if maps.Equal(now.tree, before.tree) && now.goroutines <= before.goroutines && now.descriptors <= before.descriptors {
			return
		}
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("left over: %+v, before: %+v\n%s", now, before, stacks[:runtime.Stack(stacks, true)])
}
