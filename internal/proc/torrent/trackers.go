package torrent

import (
	"net/netip"
	"strings"

	coreannounce "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/proc/announce"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/metainfo"
)

// Announcer tells trackers of torrents. None of its methods waits, and what is told
// of a torrent that it does not know is passed over.
type Announcer interface {
	// Begin announces a torrent. One that is announced already goes on as it is, and
	// what its trackers say goes to the new Sink.
	Begin(e announce.Entry)
	Progress(id ident.TorrentID, n coreannounce.Counters, a coreannounce.Appetite)
	Completed(id ident.TorrentID)
	SetTrackers(id ident.TorrentID, tiers [][]tracker.URL)
	AnnounceNow(id ident.TorrentID)
	// End takes leave of a torrent: its trackers are told that it stopped.
	End(id ident.TorrentID)
	Trackers(id ident.TorrentID) []coreannounce.Report
}

// TrackerUse says which trackers of its own a torrent is announced to.
type TrackerUse uint8

// The uses: those that the torrent names and those that a person adds, or only these.
const (
	AllTrackers TrackerUse = iota
	OnlyNamedTrackers
)

// Tracker is a tracker that a person adds, and to which tier: from 0 on; behind the
// last one it makes a new one.
type Tracker struct {
	Tier int
	URL  tracker.URL
}

// AddTracker announces the torrent to another tracker too.
func (t *Torrent) AddTracker(n Tracker) { t.control.name(named{trackers: []Tracker{n}}) }

// AddTiers adds tiers behind those that are there.
func (t *Torrent) AddTiers(tiers [][]tracker.URL) {
	if len(tiers) > 0 {
		t.control.name(named{trackers: flat(tiers)})
	}
}

// flat has each tier begin behind the last one, and its other trackers follow.
func flat(tiers [][]tracker.URL) []Tracker {
	var all []Tracker
	for _, tier := range tiers {
		for i, u := range tier {
			at := store.LastTier
			if i > 0 {
				at = store.SameTier
			}
			all = append(all, Tracker{at, u})
		}
	}
	return all
}

// withTrackers adds trackers to tiers, which are not changed. A tracker that is there
// already stays where it is.
func withTrackers(tiers [][]tracker.URL, added []Tracker) [][]tracker.URL {
	out := make([][]tracker.URL, 0, len(tiers)+len(added))
	there := map[tracker.URL]struct{}{}
	for _, tier := range tiers {
		out = append(out, append([]tracker.URL(nil), tier...))
		for _, u := range tier {
			there[u] = struct{}{}
		}
	}
	last := store.LastTier
	for _, n := range added {
		at := n.Tier
		if at == store.SameTier {
			at = last
		}
		if _, known := there[n.URL]; known {
			if n.Tier != store.SameTier {
				last = store.LastTier // what follows opens the tier in its place
			}
			continue
		}
		there[n.URL] = struct{}{}
		if last = at; at < 0 || at >= len(out) {
			out, last = append(out, nil), len(out)
		}
		out[last] = append(out[last], n.URL)
	}
	return out
}

// UsableTrackers are the trackers of a torrent that can be announced to. Others may name what
// they like: a scheme that is not known, or a host of this network that is no tracker.
func UsableTrackers(tiers [][]string) [][]tracker.URL {
	var out [][]tracker.URL
	for _, tier := range tiers {
		var urls []tracker.URL
		for _, text := range tier {
			switch e := tracker.ViewURL(text).(type) {
			case tracker.URLUsable:
				urls = append(urls, e.URL)
			case tracker.URLLocal, tracker.URLMalformed:
			}
		}
		if len(urls) > 0 {
			out = append(out, urls)
		}
	}
	return out
}

// Tiers are the trackers that the torrent, which is described by meta, is announced to
// now.
func (t *Torrent) Tiers(meta *metainfo.Torrent) [][]tracker.URL {
	var own [][]tracker.URL
	if t.options.Trackers == AllTrackers {
		own = UsableTrackers(meta.Announce)
		if given := UsableTrackers(t.options.Announce); len(given) > 0 {
			own = given // a .torrent may come again with other trackers
		}
	}
	return withTrackers(own, t.control.added())
}

// AnnounceNow asks the trackers for peers as soon as they allow.
func (t *Torrent) AnnounceNow() { t.env.Announcer.AnnounceNow(t.id) }

// Trackers is how each tracker does, in each address family, in the order in which
// they are walked.
func (t *Torrent) Trackers() []event.TrackerStatus {
	var all []event.TrackerStatus
	for _, r := range t.env.Announcer.Trackers(t.id) {
		all = append(all, statusOf(&r, t.env.Clock))
	}
	return all
}

// TellTrackers has the trackers told the counters as they are now, when they are told
// something the next time.
func (t *Torrent) TellTrackers() {
	s, _ := t.status.Read()
	t.env.Announcer.Progress(t.id, t.counters(s.Left), coreannounce.HasEnough)
}

// counters count from when the torrent woke: the announcer knows what was before.
func (t *Torrent) counters(left int64) coreannounce.Counters {
	down, up := t.tally.Read()
	return coreannounce.Counters{Uploaded: up, Downloaded: down, Left: left}
}

// TrackerPeers makes the torrent the Sink of its announcer.
func (t *Torrent) TrackerPeers(peers []netip.AddrPort, from tracker.URL, at netip.Addr) {
	t.control.Put(toControl{tracked: &tracked{peers, book.TrackerAt(from.Secret(), at)}})
}

// DropTrackerPeers leaves who is connected, and forgets whom the old tracker named
// (BEP 27).
func (t *Torrent) DropTrackerPeers(old tracker.URL) {
	t.control.Put(toControl{moved: &moved{from: old}})
}

// TrackerReport tells the host how a tracker does.
func (t *Torrent) TrackerReport(r coreannounce.Report) { t.control.Put(toControl{report: &r}) }

// statusOf is a report as the host has it.
func statusOf(r *coreannounce.Report, at *clock.Clock) event.TrackerStatus {
	url := r.Tracker.String()
	s := event.TrackerStatus{
		URL: url, Tier: r.Tier, Family: r.Family,
		Seeders: int(tracker.Untold), Leechers: int(tracker.Untold),
	}
	switch w := r.Standing.(type) {
	case coreannounce.Unasked:
	case coreannounce.Working:
		s.State, s.Peers, s.Warning = event.TrackerWorking, w.Peers, w.Warning
		s.Seeders, s.Leechers = int(w.Seeders), int(w.Leechers)
		s.Next = at.Wall().Add(at.Until(w.Next))
	case coreannounce.Failing:
		s.State, s.Failures, s.Err = event.TrackerFailing, w.Failures, TrackerErrorOf(r.Tracker, w.Why)
		s.Next = at.Wall().Add(at.Until(w.Next))
	case coreannounce.GivenUp:
		s.State, s.Err = event.TrackerGivenUp, TrackerErrorOf(r.Tracker, w.Why)
	}
	return s
}

// TrackerErrorOf is a fault as the host has it.
func TrackerErrorOf(of tracker.URL, f coreannounce.Fault) *event.TrackerError {
	url := of.String()
	e := &event.TrackerError{URL: url, Host: hostOf(url)}
	switch f := f.(type) {
	case coreannounce.TimedOut:
		e.Fault = event.TrackerTimedOut
	case coreannounce.Unreachable:
		e.Fault, e.Reason = event.TrackerUnreachable, f.Reason
	case coreannounce.NoHost:
		e.Fault = event.TrackerNoHost
	case coreannounce.Refused:
		e.Fault, e.Reason = refusal(&f.Failure), f.Failure.Reason
	case coreannounce.Nonsense:
		e.Fault, e.Reason = event.TrackerNonsense, f.Why.String()
	}
	return e
}

// hostOf is the host, and the port if there is one, of a masked URL.
func hostOf(url string) string {
	_, host, _ := strings.Cut(url, "://")
	if end := strings.IndexAny(host, "/?"); end >= 0 {
		host = host[:end]
	}
	return host[strings.LastIndexByte(host, '@')+1:]
}

// refusal is what kind of no a tracker said.
func refusal(f *tracker.Failure) event.TrackerFault {
	switch f.Kind {
	case tracker.Unregistered:
		return event.TrackerUnregistered
	case tracker.NotAuthorized:
		return event.TrackerNotAuthorized
	case tracker.ClientBanned:
		return event.TrackerBansClient
	case tracker.TooOften:
		return event.TrackerTooOften
	case tracker.StaleConnection: // it is asked for another one
		return event.TrackerTimedOut
	case tracker.FailureOther:
	}
	if _, later := f.Retry.(tracker.RetryAfter); later {
		return event.TrackerLater
	}
	return event.TrackerRefuses
}
