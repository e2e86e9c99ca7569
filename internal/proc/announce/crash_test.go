package announce_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	core "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
)

// fuse panics when the process passes a point, as often as said.
type fuse struct {
	mu   sync.Mutex
	at   string // moment and label
	skip int
	left int
	seen map[string]int
	blew []time.Time
	dies func() // instead of a panic, if there is one: it does not come back before the end
}

func (f *fuse) hook(p sup.Point) {
	if p.Kind != "announce" {
		return
	}
	f.mu.Lock()
	at := fmt.Sprintf("%v: %s", p.At, p.Label)
	if f.seen != nil {
		f.seen[at]++
	}
	blows := at == f.at && f.skip == 0 && f.left > 0
	switch {
	case blows:
		f.left--
		f.blew = append(f.blew, time.Now())
	case at == f.at && f.skip > 0:
		f.skip--
	}
	f.mu.Unlock()
	switch {
	case blows && f.dies != nil:
		f.dies()
	case blows:
		panic("injected")
	}
}

// story is what three torrents live through while the process may crash: 1 is fetched,
// over HTTP; 2 is fetched over UDP and gets another tracker; 3 ends. 4 comes late.
func story(t *testing.T, f *fuse) {
	inWorld(t, f.hook, nil, func(t *testing.T, w *world) {
		web, datagrams := w.serveAt(theirHost+":80", nil), w.station(theirHost+":6969", nil)
		const overHTTP, overUDP = "http://tracker.example/announce", "udp://tracker.example:6969/announce"
		w.s.Begin(w.entry(1, overHTTP))
		w.s.Begin(w.entry(2, overUDP))
		w.s.Begin(w.entry(3, overHTTP))
		w.pass(10 * time.Second)
		for i := range int64(5) {
			w.uploaded(1, 100*(i+1))
			w.uploaded(2, 100*(i+1))
			w.pass(6 * time.Minute)
		}
		w.s.Completed(1)
		w.s.SetTrackers(2, tiersOf(t, overUDP+"/other"))
		w.s.End(3)
		w.pass(10 * time.Second)
		w.s.NetworkChanged()
		w.s.Begin(w.entry(4, overHTTP))
		w.pass(2 * time.Hour)
		f.mu.Lock()
		f.left = 0
		f.mu.Unlock()
		w.pass(time.Hour) // who crashed at the end waits for the least interval

		told := web.announces()
		_, overDatagrams := datagrams.asked()
		for _, a := range overDatagrams {
			told = append(told, a.Announce)
		}
		w.judge(told)
		last := overDatagrams[len(overDatagrams)-1]
		if last.Target != "/announce/other" || last.Announce.Event == tracker.Stopped {
			t.Errorf("2 was announced last with %v to %s", last.Announce.Event, last.Target)
		}
		for _, id := range []ident.TorrentID{1, 2, 4} {
			w.works(id)
		}
		if w.s.Trackers(3) != nil {
			t.Errorf("3 has ended, and has %+v", w.s.Trackers(3))
		}
		if w.keep.of(1).Saved.Finished != core.FetchedHere || w.keep.of(1).Saved.Uploaded != 500 {
			t.Errorf("kept %+v", w.keep.of(1))
		}
	})
}

// judge fails where trackers heard what they should not.
func (w *world) judge(told []tracker.Announce) {
	w.t.Helper()
	events, most := map[byte]string{}, map[byte]int64{}
	for _, a := range told {
		id := a.InfoHash[0]
		events[id] += a.Event.String() + " "
		if a.Uploaded < most[id] || a.Uploaded > 500 {
			w.t.Errorf("%d told of %d bytes, after %d", id, a.Uploaded, most[id])
		}
		most[id] = max(most[id], a.Uploaded)
	}
	completed := strings.Count(events[1], "completed")
	if most[1] != 500 || most[2] != 500 || completed == 0 || completed > 2 {
		w.t.Errorf("told %v with %v", most, events)
	}
	// 2 left its first tracker, and 3 ended.
	if strings.Contains(events[1]+events[4], "stopped") || strings.Count(events[2]+events[3], "stopped") > 2+1 {
		w.t.Errorf("events: %v", events)
	}
	if end := strings.Index(events[3], "stopped "); end >= 0 && strings.Trim(events[3][end:], "stoped ") != "" {
		w.t.Errorf("3 ended, and was announced: %s", events[3])
	}
}

// Wherever the process crashes, its torrents stay announced, no tracker is told that
// one stopped because of it, and what is told never goes down.
func TestTorrentsStayAnnouncedWhereverTheProcessCrashes(t *testing.T) {
	calm := &fuse{seen: map[string]int{}}
	story(t, calm)
	if len(calm.seen) < 12 {
		t.Errorf("only %v", calm.seen)
	}
	most := 8
	if testing.Short() {
		most = 2
	}
	for at, passed := range calm.seen {
		for i := range min(passed, most) {
			skip := i * passed / min(passed, most) // spread over the story
			t.Run(fmt.Sprint(at, skip), func(t *testing.T) { story(t, &fuse{at: at, skip: skip, left: 1}) })
		}
	}
}

// A process that each answer crashes rests longer and longer, so that its supervisor
// does not give up, and goes on when it can.
func TestAProcessThatCrashesEachTimeRests(t *testing.T) {
	f := &fuse{at: "in step: outcome", left: 200}
	inWorld(t, f.hook, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.pass(10 * time.Minute)
		select {
		case <-w.tree.Done():
			t.Fatalf("it was given up: %v", w.tree.Err())
		default:
		}
		f.mu.Lock()
		f.left = 0
		f.mu.Unlock()
		w.pass(time.Minute)
		w.works(1)
		if n := len(site.announces()); n > 200 {
			t.Errorf("%d announces", n)
		}
	})
}

// After a crash torrents are heard of one after the other.
func TestACrashIsNoLockstep(t *testing.T) {
	f := &fuse{}
	inWorld(t, f.hook, nil, func(t *testing.T, w *world) {
		var urls []string
		for i := range 50 {
			urls = append(urls, fmt.Sprintf("http://t%d.example/announce", i))
			w.n.SetName(fmt.Sprintf("t%d.example", i), theirHost)
		}
		site := w.serveAt(theirHost+":80", nil)
		for i, u := range urls {
			w.s.Begin(w.entry(ident.TorrentID(1+i), u))
		}
		w.pass(20 * time.Minute) // the least interval is over
		before := len(site.announces())
		f.mu.Lock()
		f.at, f.left = "on receive: command", 1
		f.mu.Unlock()
		w.s.AnnounceNow(1) // on which it crashes
		w.pass(200 * time.Millisecond)
		if n := len(site.announces()) - before; w.crashed() != 1 || n > 30 {
			t.Errorf("%d crashes, and %d announces within 200 ms", w.crashed(), n)
		}
		w.pass(10 * time.Second)
		if n := len(site.announces()) - before; n != 50 {
			t.Errorf("%d announces in all", n)
		}
	})
}

// What is told while the process is down reaches the next one.
func TestWhatIsSaidWhileTheProcessIsDownIsHeard(t *testing.T) {
	f := &fuse{at: "on receive: command", left: 1}
	inWorld(t, f.hook, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.s.Progress(1, core.Counters{Uploaded: 7, Left: 3}, core.HasEnough)
		w.pass(time.Second)
		asked := site.announces()
		if len(asked) != 1 || asked[0].Uploaded != 7 || asked[0].Left != 3 || asked[0].NumWant != 0 {
			t.Errorf("told %+v", asked)
		}
	})
}
