package announce

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// answers has a tracker answer well.
func (w *world) answers() {
	q, is := w.inAir()
	if !is {
		return
	}
	r := tracker.Response{
		Interval: time.Duration(1+w.draw(40)) * time.Minute, MinInterval: time.Duration(w.draw(30)) * time.Minute,
		Peers: make([]netip.AddrPort, w.draw(2)), TrackerID: []string{"", "x"}[w.draw(2)],
	}
	w.note(&q, &r)
	w.c.Answer(w.now, q.ID, tracker.Answered{Response: r}, w)
}

// note has a tracker remember what it was told and what it answered.
func (w *world) note(q *Request, r *tracker.Response) {
	rec := w.record(q)
	rec.listed, rec.former = q.Announce.Event != tracker.Stopped, false
	interval, least := r.Interval, r.MinInterval
	if least == 0 {
		least = min(interval, usualLeast)
	}
	rec.floor, rec.forgets = w.now.Add(least), w.now.Add(2*max(interval, least))
	if q.Announce.Event == tracker.Completed {
		rec.complete++
	}
}

func (w *world) refuses() {
	q, is := w.inAir()
	if !is {
		return
	}
	f := tracker.Failure{Reason: "no", Kind: tracker.FailureKind(w.draw(6)), Retry: tracker.RetryUntold{}}
	rec := w.record(&q)
	switch w.draw(6) {
	case 0:
		f.Retry = tracker.RetryNever{}
		rec.never, rec.listed = true, false
	case 1, 2:
		span := time.Duration(1+w.draw(50)) * time.Minute
		f.Retry = tracker.RetryAfter{Span: span}
		rec.barred = w.now.Add(span)
	}
	switch f.Kind {
	case tracker.Unregistered, tracker.NotAuthorized, tracker.ClientBanned:
		rec.listed = false
	case tracker.FailureOther, tracker.TooOften, tracker.StaleConnection:
	}
	if q.Announce.Event == tracker.Stopped {
		rec.listed = false
	}
	w.c.Answer(w.now, q.ID, tracker.Refused{Failure: f}, w)
	w.keepIn(q.Torrent, w.torrents[q.Torrent]) // it may be removed already
	if rec.never {                             // it is one tracker in both families
		for key, other := range w.records[q.Torrent] {
			if key.url == q.Tracker {
				other.listed = false
			}
		}
	}
}

func (w *world) fails() {
	if q, is := w.inAir(); is {
		if q.Announce.Event == tracker.Stopped {
			w.record(&q).listed = false
		}
		w.failed[q.Tracker.Host()] = w.now
		w.c.Failed(w.now, q.ID, []Fault{TimedOut{}, Unreachable{"x"}}[w.draw(2)], w)
	}
}

// passes lets some time go by, ringing in between.
func (w *world) passes() {
	end := w.now.Add([]time.Duration{time.Second, time.Minute, 10 * time.Minute, time.Hour}[w.draw(4)])
	for range 10_000 {
		next := w.c.NextDeadline()
		if next == mono.Never || next > end {
			w.now = end
			return
		}
		w.now = max(w.now, next)
		w.c.Tick(w.now, w)
		w.dropLost()
	}
	w.t.Fatalf("it never ends to ring")
}

// dropLost forgets requests that the core has given up.
func (w *world) dropLost() {
	kept := w.air[:0]
	for _, q := range w.air {
		if w.c.flights[q.ID] != nil {
			kept = append(kept, q)
			continue
		}
		rec := w.record(&q)
		rec.flying = 0
		w.failed[q.Tracker.Host()] = w.now
		if q.Announce.Event == tracker.Stopped {
			rec.listed = false
		}
	}
	w.air = kept
}

// crash kills the core; what was kept is restored by another, which has other peer
// ids.
func (w *world) crash() {
	w.keep()
	w.now = w.now.Add(time.Duration(w.draw(3)) * time.Minute)
	w.boot()
	for _, of := range w.records {
		for _, rec := range of {
			rec.former = !rec.strange && (rec.former && !rec.listed || rec.listed && w.now <= rec.forgets)
			rec.flying, rec.listed = 0, false
		}
	}
	for _, id := range w.ids() {
		k := w.torrents[id]
		if !k.added {
			continue
		}
		about := k.about
		about.PeerID = [20]byte{byte(w.runs)}
		about.Left = int64(w.draw(2))
		if k.completed {
			about.Left = 0
		}
		w.enter(id, k, about, originRestored)
	}
}

// shutDown stops everything, and begins anew.
func (w *world) shutDown() {
	deadline := w.now.Add(4 * time.Second)
	added := map[ident.TorrentID]bool{}
	for id, k := range w.torrents {
		added[id], k.added = k.added, false
	}
	w.c.Stop(w.now, deadline, w)
	for w.c.Len() > 0 {
		if w.now > deadline {
			w.t.Fatalf("%d torrents are left after the deadline", w.c.Len())
		}
		if len(w.air) > 0 && w.draw(2) == 0 {
			w.answers()
			continue
		}
		w.now = max(w.now, w.c.NextDeadline())
		w.c.Tick(w.now, w)
		w.dropLost()
	}
	for id, was := range added {
		w.torrents[id].added = was
	}
	w.crash()
}
