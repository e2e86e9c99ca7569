package etorrent_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
	"github.com/etorrent/etorrent/utp"
)

// The crash tests run two torrents between the same four clients:
//
//	          A                B
//	left      from both        from first
//	right     from first       from both
//
// Each connection carries crashRate and no more, so that what happens to one
// cannot make another one slower. All announce to one tracker, which names nobody.
const (
	crashRate    = 128 << 10
	crashLatency = 5 * time.Millisecond
	crashPiece   = 32 << 10
	crashSize    = 8*crashPiece + 1000
	sampleEvery  = 50 * time.Millisecond
	crashLimit   = 5 * time.Minute // of virtual time
)

// crashWorld is one run.
type crashWorld struct {
	t       *testing.T
	tracker etorrent.AddOption
	swarm   *swarm
	members map[string]*member // by role
	clocks  map[string]*etorrenttest.Clock
	fetches []*fetch
	begun   time.Time
}

// fetch is one torrent at one leecher, and how it went.
type fetch struct {
	role    string
	name    string
	content *etorrenttest.Content
	torrent *etorrent.Torrent
	sources []string // roles

	bytes int64         // fetched
	moved time.Duration // when bytes came last, since the start
	pause time.Duration // the longest time without
	ended time.Duration // when all was stored; 0: not yet
}

func (f *fetch) String() string { return f.role + "." + f.name }

// fuse panics at one of the points that a client passes, or only counts them.
type fuse struct {
	role  string
	point pointKind
	left  int // points until the crash; it is over once this is 0

	mu    sync.Mutex
	blown *sup.Point                     // where it crashed
	roles map[string]map[pointKind]tally // points passed so far, where they are to be counted
	stage stage
}

// tally counts points: those passed before the end of the fetches, and all.
type tally struct{ early, all int }

// stage says whether the fetches are under way.
type stage uint8

const (
	fetchesRun stage = iota
	fetchesOver
)

// enter tells the fuse how far the run is.
func (f *fuse) enter(s stage) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stage = s
}

// hook is the hook of the client in a role.
func (f *fuse) hook(role string) sup.Hook {
	return func(p sup.Point) {
		if f.passes(role, p) {
			panic("injected")
		}
	}
}

// passes notes a point and says whether it is the one to crash at.
func (f *fuse) passes(role string, p sup.Point) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := kindOf(p)
	if f.roles != nil {
		if f.roles[role] == nil {
			f.roles[role] = map[pointKind]tally{}
		}
		n := f.roles[role][k]
		if n.all++; f.stage == fetchesRun {
			n.early++
		}
		f.roles[role][k] = n
	}
	if role != f.role || k != f.point || f.left == 0 {
		return false
	}
	if f.left--; f.left == 0 {
		f.blown = &p
	}
	return f.left == 0
}

// crashed is where it crashed, nil if it did not.
func (f *fuse) crashed() *sup.Point {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.blown
}

// build starts the clients and the fetches.
func buildCrashWorld(t *testing.T, s *swarm, f *fuse, random uint64) *crashWorld {
	s.network.SetLink(etorrenttest.Link{Latency: crashLatency, Rate: crashRate})
	o := s.oracle()
	o.answers(tracker.Response{Interval: time.Minute})
	s.network.SetName("tracker.test", o.host.Addr().String())
	w := &crashWorld{t: t, swarm: s, members: map[string]*member{}, clocks: map[string]*etorrenttest.Clock{}, tracker: etorrent.WithTrackers([]string{"http://tracker.test:6969/announce"})}
	rnd := rand.New(rand.NewPCG(random, 1))
	for _, role := range []string{"first", "second", "left", "right"} {
		w.clocks[role] = etorrenttest.NewClock()
		w.members[role] = s.join(func(o *etorrent.Options) {
			o.Hook, o.RandomSeed, o.Clock = f.hook(role), rnd.Uint64(), w.clocks[role]
		})
	}
	a := etorrenttest.NewContent(t, "A", crashPiece, crashSize/3, crashSize-crashSize/3)
	b := etorrenttest.NewContent(t, "B", crashPiece, crashSize)
	for _, role := range []string{"first", "second"} {
		for _, c := range []*etorrenttest.Content{a, b} {
			c.Seed(t, w.members[role].Client, w.members[role].storage, w.tracker)
		}
	}
	w.visit()
	w.begun = time.Now()
	w.fetch("left", "A", a, "first", "second")
	w.fetch("left", "B", b, "first")
	w.fetch("right", "A", a, "first")
	w.fetch("right", "B", b, "first", "second")
	return w
}

func (w *crashWorld) fetch(role, name string, c *etorrenttest.Content, sources ...string) {
	f := &fetch{role: role, name: name, content: c, sources: sources}
	m := w.members[role]
	t, err := m.Add(w.t.Context(), etorrent.FromMetainfo(c.Metainfo), w.tracker)
	if err != nil {
		w.t.Fatalf("%v: %v", f, err)
	}
	for _, s := range sources {
		introduce(w.t, t, w.members[s].at())
	}
	f.torrent = t
	w.fetches = append(w.fetches, f)
}

// visit has somebody come over uTP, again and again, who wants nothing that is there.
func (w *crashWorld) visit() {
	visitor, err := utp.Listen(w.t.Context(), "udp4", ":6881", utp.OnNetwork(w.swarm.network.Host("10.9.0.1")), utp.Linger(0))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = visitor.Close() })
	for _, m := range w.members {
		go func() {
			for {
				c, err := visitor.Dial(w.t.Context(), m.at().String())
				switch {
				case errors.Is(err, net.ErrClosed), w.t.Context().Err() != nil:
					return
				case err == nil:
					_, _ = c.Write(make([]byte, 68))
					_, _ = io.Copy(io.Discard, c)
					_ = c.Close()
				}
				time.Sleep(200 * time.Millisecond)
			}
		}()
	}
}

func (w *crashWorld) since() time.Duration { return time.Since(w.begun) }

// trouble has every machine sleep for a moment and get another address.
func (w *crashWorld) trouble() {
	for role, m := range w.members {
		w.clocks[role].Suspend(40 * time.Second)
		m.host.SetAddrs(m.host.Addr().String(), "192.0.2.1")
	}
}

// run samples the fetches until all of them have ended.
func (w *crashWorld) run() {
	time.Sleep(sampleEvery)
	w.trouble()
	for open := len(w.fetches); open > 0; {
		time.Sleep(sampleEvery)
		open = 0
		for _, f := range w.fetches {
			f.sample(w.since())
			if f.ended == 0 {
				open++
			}
		}
		if w.since() > crashLimit {
			w.t.Fatalf("not complete after %v of virtual time:\n%s", crashLimit, w.story())
		}
	}
}

func (f *fetch) sample(now time.Duration) {
	if f.ended > 0 {
		return
	}
	stats := f.torrent.Stats()
	if stats.Downloaded > f.bytes {
		f.pause = max(f.pause, now-f.moved)
		f.bytes, f.moved = stats.Downloaded, now
	}
	if stats.Phase == etorrent.Sharing {
		f.ended = now
	}
}

// story is what happened, for a run that failed.
func (w *crashWorld) story() string {
	var b strings.Builder
	for _, f := range w.fetches {
		fmt.Fprintf(&b, "%v: %d bytes, longest pause %v, last bytes %v, ended %v, %+v\n", f, f.bytes, f.pause, f.moved, f.ended, f.torrent.Stats())
	}
	for role, m := range w.members {
		for _, e := range past(m) {
			switch e := e.(type) {
			case etorrent.PieceEvent:
			case etorrent.CrashedEvent:
				fmt.Fprintf(&b, "%s %v crashed %s: %s, after %s\n", role, e.At.Sub(w.begun), e.Path, e.Err, e.LastMessage)
				if e.Err != "panicked: injected" {
					fmt.Fprintf(&b, "%s\n", e.Stack)
				}
			default:
				fmt.Fprintf(&b, "%s %v %T %+v\n", role, e.Heading().At.Sub(w.begun), e, e)
			}
		}
		fmt.Fprintf(&b, "%s\n%v", role, m.Tree())
	}
	return b.String()
}
