package announce

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// audit checks that what the core remembers in several places is the same, and that
// nothing waits for what will not come.
func (w *world) audit() {
	aloft, rows := map[*host]int{}, map[*host]int{}
	queues := map[*host]int{}
	inFlight := 0
	for _, t := range w.c.torrents {
		for r := range t.rows() {
			rows[r.host]++
			if w.c.hosts[r.url.Host()] != r.host {
				w.t.Fatalf("%s has a host that is forgotten", r.url)
			}
		}
		for a := range t.every() {
			switch a.phase {
			case flying:
				aloft[a.row.host]++
				inFlight++
				if w.c.flights[a.flight.id] != a || t.timer.in == 0 || t.timer.at > a.flight.until {
					w.t.Fatalf("a request that nobody waits for: %+v", a.flight)
				}
			case queued:
				queues[a.row.host]++
				if a.line.place == 0 || a.row.host.queue.Items()[a.line.place-1] != a {
					w.t.Fatalf("an arm is not at its place")
				}
			case resting:
				if a.line.place != 0 {
					w.t.Fatalf("an arm rests in the queue")
				}
			}
		}
		w.auditTorrent(t)
	}
	if inFlight != len(w.c.flights) || len(rows) > len(w.c.hosts) {
		w.t.Fatalf("%d in flight, %d noted; %d hosts, %d noted", inFlight, len(w.c.flights), len(rows), len(w.c.hosts))
	}
	for _, h := range w.c.hosts {
		if h.flying != aloft[h] || h.rows != rows[h] || h.queue.Len() != queues[h] {
			w.t.Fatalf("%s: %d flying, %d noted; %d rows, %d noted; %d queued, %d noted", h.name, aloft[h], h.flying, rows[h], h.rows, queues[h], h.queue.Len())
		}
		if h.rows == 0 && (h.timer.in == 0 || h.timer.at > max(w.now, h.next)) {
			w.t.Fatalf("%s is remembered for nobody", h.name)
		}
		w.auditHost(h)
	}
	if w.c.InFlight() < w.cfg.InFlight && w.c.ready.Len() > 0 {
		w.t.Fatalf("there is room, and somebody waits")
	}
}

// auditHost checks that who waits for a host will have its turn.
func (w *world) auditHost(h *host) {
	may := h.queue.Len() > 0 && h.flying < w.cfg.PerHost
	rings := h.timer.in > 0 && h.timer.at <= h.next
	if may && h.in == 0 && !rings || !may && h.in > 0 {
		w.t.Fatalf("%s: %d wait, %d fly, ready at place %d, timer %+v", h.name, h.queue.Len(), h.flying, h.in, h.timer)
	}
	waits := false
	for _, r := range h.waiting {
		waits = waits || r.waits == waitsForHost
	}
	if waits && (h.lookup != lookedUp || h.timer.in == 0) {
		w.t.Fatalf("%s is waited for, and not looked up", h.name)
	}
}

// auditTorrent checks that each lane has something under way, or rings when its next
// tracker is due.
func (w *world) auditTorrent(t *torrent) {
	if t.goal == leaving {
		if t.isQuiet() {
			w.t.Fatalf("%v has nothing to wait for", t.id)
		}
		return
	}
	for _, l := range t.lanes {
		if l.isBusy(w.now) {
			continue
		}
		r, at := l.pick(w.now)
		if at != mono.Never {
			at = at.Add(w.lateness(l))
		}
		if r != nil && t.timer.at > at || r == nil && at != mono.Never && (t.timer.in == 0 || t.timer.at > at) {
			w.t.Fatalf("%v: its turn is at %v, and its timer %+v", t.id, at, t.timer)
		}
	}
}

// lateness is how much later than it could a lane may be looked at: it does not hear
// that its host answers others again, nor that it has other families, nor that the host
// is down of the tracker that lists us from a former run, and that it waits for.
func (w *world) lateness(l *lane) time.Duration {
	late := time.Duration(0)
	for _, r := range l.rows {
		if w.moved[r.host.name] {
			return longestWait + longestInterval
		}
		if at, has := w.failed[r.host.name]; has && w.now.Sub(at) < time.Hour {
			late = longestDown + longestStagger
			if r.arms[0].former == listedBefore || r.arms[1].former == listedBefore {
				return longestWait + longestInterval
			}
		}
	}
	return late
}
