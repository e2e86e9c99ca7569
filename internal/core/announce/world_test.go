package announce

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// world is a core among trackers that remember what they were told, and judge each
// request by it. What happens is drawn.
type world struct {
	t        failer
	c        *Core
	cfg      Config
	now      mono.Instant
	draw     func(n int) int // 0 to n-1
	runs     uint64
	records  map[ident.TorrentID]map[recordKey]*record
	torrents map[ident.TorrentID]*known
	sent     map[string]mono.Instant // by host, the last
	failed   map[string]mono.Instant // by host, the last time
	moved    map[string]bool         // by host: its families changed
	lookups  []string
	dirty    []ident.TorrentID
	air      []Request
}

// recordKey is a torrent at a tracker, in one address family.
type recordKey struct {
	id     ident.TorrentID
	url    tracker.URL
	family tracker.Family
}

// record is what a tracker knows and has demanded.
type record struct {
	flying   int
	listed   bool
	forgets  mono.Instant
	floor    mono.Instant
	former   bool // it lists another run of us
	strange  bool // it was not named meanwhile, and nobody remembers it
	sent     mono.Instant
	barred   mono.Instant
	never    bool
	complete int // how often it was told, as far as it answered
}

// known is what the world knows of a torrent.
type known struct {
	about     Torrent
	added     bool // it is announced
	saved     *Saved
	savedAt   mono.Instant
	dirty     bool
	key       uint32
	up, down  int64 // as told last
	completed bool
	peersOf   string // the host whose peers a private torrent has
	removed   map[tracker.URL]bool
}

// names says whether a tracker is one of the torrent's.
func (k *known) names(u tracker.URL) bool {
	return slices.ContainsFunc(k.about.Tiers, func(tier []tracker.URL) bool { return slices.Contains(tier, u) })
}

func newWorld(t failer, draw func(int) int) *world {
	w := &world{
		t: t, now: start, draw: draw, cfg: Config{PerHost: 2, Gap: 300 * time.Millisecond, InFlight: 4},
		records: map[ident.TorrentID]map[recordKey]*record{}, torrents: map[ident.TorrentID]*known{}, failed: map[string]mono.Instant{}, moved: map[string]bool{},
	}
	w.boot()
	return w
}

func (w *world) boot() {
	w.runs++
	w.c = New(w.cfg, rand.New(rand.NewPCG(w.runs, 5)))
	w.air, w.lookups, w.sent = nil, nil, map[string]mono.Instant{}
}

func (w *world) record(q *Request) *record {
	key := recordKey{q.Torrent, q.Tracker, q.Family}
	of := w.records[key.id]
	if of == nil {
		of = map[recordKey]*record{}
		w.records[key.id] = of
	}
	if of[key] == nil {
		of[key] = &record{}
	}
	return of[key]
}

func (w *world) Lookup(host string) {
	if slices.Contains(w.lookups, host) {
		return // the answer to the first was lost
	}
	w.lookups = append(w.lookups, host)
}

// Send is judged.
func (w *world) Send(q Request) {
	w.dropLost()
	r, k := w.record(&q), w.torrents[q.Torrent]
	w.air = append(w.air, q)
	if r.flying++; r.flying > 1 {
		w.t.Fatalf("two requests of %v at once to %s by %v", q.Torrent, q.Tracker, q.Family)
	}
	w.judgeEvent(&q, r, k)
	w.judgePace(&q)
	if k.names(q.Tracker) { // else nobody remembers when it was asked
		r.sent, r.strange = w.now, false
	}
	if r.never || w.now < r.barred && q.Announce.Event != tracker.Stopped {
		w.t.Fatalf("%v is told to %s, which wants to hear nothing before %v", q.Announce.Event, q.Tracker, r.barred)
	}
	a := q.Announce
	if a.Uploaded < k.up || a.Downloaded < k.down || a.Key != k.key && k.key != 0 {
		w.t.Fatalf("counters %d and %d after %d and %d, key %d after %d", a.Uploaded, a.Downloaded, k.up, k.down, a.Key, k.key)
	}
	k.up, k.down, k.key = a.Uploaded, a.Downloaded, a.Key
}

func (w *world) judgeEvent(q *Request, r *record, k *known) {
	fail := func(why string) { w.t.Fatalf("%v tells %q to %s: %s", q.Torrent, q.Announce.Event, q.Tracker, why) }
	listed := r.listed && w.now <= r.forgets
	switch q.Announce.Event {
	case tracker.Started:
		_, hasFailed := w.failed[q.Tracker.Host()] // it may not have been told that we stopped
		if listed && !w.moved[q.Tracker.Host()] && !hasFailed || !k.added {
			fail("it knows, or may not know")
		}
		if r.sent != mono.Never && w.now < r.sent.Add(startAgain) || r.former && w.now < r.floor && !k.completed {
			fail("it was asked a moment ago, by whichever run")
		}
	case tracker.Completed:
		if !r.listed || !k.completed || r.complete > 0 || q.Announce.Left != 0 {
			fail("not listed, not complete, or said before")
		}
	case tracker.Stopped:
		if !r.listed || k.added && !k.removed[q.Tracker] && k.names(q.Tracker) {
			fail("it does not know of it, or it goes on")
		}
		if q.Announce.NumWant != 0 {
			fail("it wants peers")
		}
	case tracker.Periodic:
		if !r.listed || w.now < r.floor || !k.added {
			fail("not listed, or before the least interval is over")
		}
	}
	if k.about.Privacy == 0 || q.Announce.Event == tracker.Stopped || q.Announce.Event == tracker.Completed {
		return
	}
	for _, o := range w.air {
		if o.Torrent == q.Torrent && o.Tracker != q.Tracker && o.Announce.Event != tracker.Stopped && o.Announce.Event != tracker.Completed && !k.removed[o.Tracker] {
			fail("another tracker of the private torrent is asked meanwhile")
		}
	}
}

func (w *world) judgePace(q *Request) {
	host, flying := q.Tracker.Host(), 0
	for _, o := range w.air {
		if o.Tracker.Host() == host {
			flying++
		}
	}
	if len(w.air) > w.cfg.InFlight || flying > w.cfg.PerHost {
		w.t.Fatalf("%d requests in flight, %d to %s", len(w.air), flying, host)
	}
	if last, was := w.sent[host]; was && w.now.Sub(last) < w.cfg.Gap {
		w.t.Fatalf("%v after the last to %s", w.now.Sub(last), host)
	}
	w.sent[host] = w.now
	mine := w.c.flights[q.ID].line.urgency
	for _, h := range w.c.ready.Items() {
		if best := (*h.queue.First()).line.urgency; best < mine {
			w.t.Fatalf("urgency %d is sent before %d", mine, best)
		}
	}
}

func (w *world) Peers(id ident.TorrentID, peers []netip.AddrPort, from tracker.URL) {
	k := w.torrents[id]
	if k.about.Privacy != 0 && k.peersOf != "" && k.peersOf != from.Host() {
		w.t.Fatalf("peers of %s beside those of %s", from.Host(), k.peersOf)
	}
	k.peersOf = from.Host()
}

func (w *world) Drop(id ident.TorrentID, old tracker.URL) {
	k := w.torrents[id]
	if k.about.Privacy == 0 {
		w.t.Fatalf("%v is not private", id)
	}
	k.peersOf = ""
}

func (w *world) ExternalIP(netip.Addr, tracker.URL)  {}
func (w *world) Report(id ident.TorrentID, r Report) { w.torrents[id].check(w, r) }
func (w *world) Save(id ident.TorrentID) {
	w.torrents[id].dirty = true
	w.dirty = append(w.dirty, id)
}
func (k *known) check(w *world, r Report) {
	if r.Standing == nil || r.Tracker == (tracker.URL{}) {
		w.t.Fatalf("%+v", r)
	}
}

func (w *world) Gone(id ident.TorrentID, s Saved) {
	k := w.torrents[id]
	k.saved, k.savedAt, k.added, k.dirty, k.peersOf = &s, w.now, false, false, ""
}

// keep is what the store does between two steps.
func (w *world) keep() {
	for _, id := range w.dirty {
		if k := w.torrents[id]; k.dirty {
			s := w.c.Snapshot(w.now, id)
			k.saved, k.savedAt, k.dirty = &s, w.now, false
		}
	}
	w.dirty = w.dirty[:0]
}

// inAir takes a request that is in flight, if there is one.
func (w *world) inAir() (Request, bool) {
	w.air = slices.DeleteFunc(w.air, func(q Request) bool { // some were given up
		lost := w.c.flights[q.ID] == nil
		if lost {
			w.record(&q).flying = 0
		}
		return lost
	})
	if len(w.air) == 0 {
		return Request{}, false
	}
	i := w.draw(len(w.air))
	q := w.air[i]
	w.air = slices.Delete(w.air, i, i+1)
	w.record(&q).flying = 0
	return q, true
}

// ids are the torrents in their order.
func (w *world) ids() []ident.TorrentID {
	return slices.SortedFunc(maps.Keys(w.torrents), func(a, b ident.TorrentID) int { return cmp.Compare(a, b) })
}
