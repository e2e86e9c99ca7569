package announce

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/metainfo"
)

// start is an instant to begin at.
const start = mono.Instant(time.Hour)

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// rig is a core under test, what it decided since it was last looked at, and a clock.
type rig struct {
	t       failer
	c       *Core
	now     mono.Instant
	lines   []string
	lookups []string
	sent    []Request
	reports []Report
	gone    map[ident.TorrentID]Saved
}

func newRig(t failer, cfg Config) *rig {
	return &rig{t: t, c: New(cfg, rand.New(rand.NewPCG(1, 2))), now: start, gone: map[ident.TorrentID]Saved{}}
}

func (r *rig) note(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *rig) Lookup(host string) { r.lookups = append(r.lookups, host) }

func (r *rig) Send(q Request) {
	r.sent = append(r.sent, q)
	event := q.Announce.Event.String()
	if event == "" {
		event = "periodic"
	}
	r.note("send %v %s %v %s", q.Torrent, event, q.Family, q.Tracker)
}

func (r *rig) Peers(id ident.TorrentID, peers []netip.AddrPort, from tracker.URL) {
	r.note("peers %v %d of %s", id, len(peers), from.Host())
}
func (r *rig) Drop(id ident.TorrentID, old tracker.URL)   { r.note("drop %v %s", id, old.Host()) }
func (r *rig) ExternalIP(at netip.Addr, from tracker.URL) { r.note("external %v", at) }
func (r *rig) Report(id ident.TorrentID, p Report)        { r.reports = append(r.reports, p) }
func (r *rig) Save(id ident.TorrentID)                    {}
func (r *rig) Gone(id ident.TorrentID, s Saved)           { r.gone[id] = s; r.note("gone %v", id) }

// expect compares what was decided since the last call.
func (r *rig) expect(want ...string) {
	r.t.Helper()
	got := r.lines
	r.lines = nil
	if !slices.Equal(got, want) {
		r.t.Fatalf("decided\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func url(text string) tracker.URL {
	e, is := tracker.ViewURL(text).(tracker.URLUsable)
	if !is {
		panic(text)
	}
	return e.URL
}

// tiers reads tiers of URLs, those of one tier in one text.
func tiers(of ...string) [][]tracker.URL {
	var all [][]tracker.URL
	for _, tier := range of {
		var urls []tracker.URL
		for _, text := range strings.Fields(tier) {
			urls = append(urls, url(text))
		}
		all = append(all, urls)
	}
	return all
}

const (
	urlA = "http://a.example/announce"
	urlB = "http://b.example/announce"
	urlC = "http://c.example/announce"
	udpA = "udp://a.example:6969"
)

// resolve answers all lookups.
func (r *rig) resolve(f Families) {
	for len(r.lookups) > 0 {
		host := r.lookups[0]
		r.lookups = r.lookups[1:]
		r.c.Resolved(r.now, host, f, r)
	}
}

// add adds a torrent that somebody waits for, whose hosts have IPv4.
func (r *rig) add(id ident.TorrentID, of ...string) {
	r.t.Helper()
	if got := r.c.Add(r.now, id, Torrent{Tiers: tiers(of...), Left: 100}, Fresh{}, r); got != Added {
		r.t.Fatalf("Add is %d", got)
	}
	r.resolve(OnlyIPv4)
}

// addPrivate is add for a private torrent.
func (r *rig) addPrivate(id ident.TorrentID, of ...string) {
	r.c.Add(r.now, id, Torrent{Tiers: tiers(of...), Left: 100, Privacy: metainfo.Private}, Fresh{}, r)
	r.resolve(OnlyIPv4)
}

// flying is the request of a torrent that is in flight to a tracker.
func (r *rig) flying(id ident.TorrentID, to string) Request {
	r.t.Helper()
	for _, q := range slices.Backward(r.sent) {
		if q.Torrent == id && q.Tracker == url(to) && r.c.flights[q.ID] != nil {
			return q
		}
	}
	r.t.Fatalf("nothing of %v is in flight to %s", id, to)
	return Request{}
}

const (
	interval = 30 * time.Minute
	least    = 10 * time.Minute
)

func plain() tracker.Response {
	return tracker.Response{Interval: interval, MinInterval: least, Seeders: 1, Leechers: 2, Downloaded: tracker.Untold}
}

func (r *rig) answer(id ident.TorrentID, to string) { r.t.Helper(); r.answerWith(id, to, plain()) }

func (r *rig) answerWith(id ident.TorrentID, to string, with tracker.Response) {
	r.t.Helper()
	r.c.Answer(r.now, r.flying(id, to).ID, tracker.Answered{Response: with}, r)
	r.resolve(OnlyIPv4)
}

func (r *rig) fail(id ident.TorrentID, to string, f Fault) {
	r.t.Helper()
	r.c.Failed(r.now, r.flying(id, to).ID, f, r)
	r.resolve(OnlyIPv4)
}

func (r *rig) refuse(id ident.TorrentID, to string, f tracker.Failure) {
	r.t.Helper()
	r.c.Answer(r.now, r.flying(id, to).ID, tracker.Refused{Failure: f}, r)
	r.resolve(OnlyIPv4)
}

// pass lets time pass up to a span from now, ringing whenever the core wants it. It
// stops where something is decided.
func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	end, had := r.now.Add(d), len(r.lines)
	for range 100_000 {
		next := r.c.NextDeadline()
		if len(r.lines) > had {
			return
		}
		if next == mono.Never || next > end {
			r.now = end
			return
		}
		r.now = max(r.now, next)
		r.c.Tick(r.now, r)
		r.resolve(OnlyIPv4)
	}
	r.t.Fatalf("it never ends to ring")
}
