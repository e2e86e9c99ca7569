package torrent

import (
	"net/netip"
	"slices"
	"time"

	coreannounce "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/proc/announce"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// enoughToShare is how many peers are enough for a torrent that only shares: who
// wants something of it finds it by the same trackers.
const enoughToShare = 50

// portWithin is how long trackers hear nothing since nobody can connect to us yet. Then
// we ask them for peers all the same.
const portWithin = 5 * time.Second

// tracked are endpoints that a tracker named.
type tracked struct {
	peers []netip.AddrPort
	by    book.Origin
}

// moved says that a private torrent has another tracker now.
type moved struct{ from tracker.URL }

// announced is what the announcer was told of the torrent by this control process.
type announced struct {
	state    announcedState
	at       mono.Instant // when it is announced though there is no port yet; Never: nothing waits
	counters coreannounce.Counters
	appetite coreannounce.Appetite
	tiers    [][]tracker.URL
}

type announcedState uint8

const (
	notAnnounced announcedState = iota
	isAnnounced
)

// announce lets the trackers hear of the torrent, from the moment on at which it takes
// connections. A fault that pauses it later takes it from no tracker: it is tried again
// within a minute, and `stopped` and `started` each time would be a burden to both. It
// only asks for no peers meanwhile.
func (c *control) announce() {
	if c.told.trackers.state == isAnnounced || c.phase != phaseRunning || c.awaitsPort() == portAwaited {
		return
	}
	c.told.trackers.state, c.told.trackers.at = isAnnounced, mono.Never
	c.told.trackers.tiers = c.tiers()
	c.p.Act("announce")
	c.t.env.Announcer.Begin(announce.Entry{
		ID: c.t.id, Epoch: c.t.epoch, Into: c.t, From: c.origin(), Port: c.row.Announce.Port, Named: c.row.Announce.Named,
		About: coreannounce.Torrent{
			InfoHash: c.row.Keys.V1, PeerID: c.t.env.PeerID, Privacy: c.layout.meta.Privacy,
			// As most clients do: BEP 12 to the letter asks the trackers of the first tier
			// that works only, and finds the peers of the others by luck.
			Reach: coreannounce.EachTier,
			Tiers: c.told.trackers.tiers, Left: c.missing(),
		},
	})
	if c.t.legacy.tiers != nil && !sameTiers(c.t.legacy.tiers, c.told.trackers.tiers) {
		c.t.env.Announcer.SetTrackers(c.t.id, c.told.trackers.tiers)
	}
	c.t.legacy.tiers = c.told.trackers.tiers
	c.recall(c.row.Announce.Named)
}

// recall brings back whom a tracker named in a former run: it may demand that it is not
// asked for a while.
func (c *control) recall(n *store.NamedPeers) {
	if n == nil || c.missing() == 0 {
		return
	}
	for _, tier := range c.told.trackers.tiers {
		for _, u := range tier {
			if u.Secret() == n.By {
				c.t.TrackerPeers(n.Peers[:min(len(n.Peers), store.NamedPeersAtMost)], u, n.At)
				return
			}
		}
	}
}

// awaited says whether a port is waited for.
type awaited uint8

const (
	portOrNone awaited = iota
	portAwaited
)

// awaitsPort waits for the port that trackers are to name to others, for a while.
func (c *control) awaitsPort() awaited {
	at, now := &c.told.trackers.at, c.now()
	if c.t.env.Listeners == 0 || c.t.env.ListenPort() != 0 || *at != mono.Never && now >= *at {
		return portOrNone
	}
	if *at == mono.Never {
		*at = now.Add(portWithin)
	}
	return portAwaited
}

// tiers are the trackers that the torrent is to be announced to.
func (c *control) tiers() [][]tracker.URL {
	return c.t.Tiers(c.layout.meta)
}

func sameTiers(a, b [][]tracker.URL) bool { return slices.EqualFunc(a, b, slices.Equal) }

// origin is what is known of earlier runs. Somebody waits for a torrent that wants data, and
// that no tracker expects; any other one comes up with the run, as it would have gone on.
// The row knows of more than trackers were told, where a program was killed.
func (c *control) origin() coreannounce.Origin {
	kept, all := c.row.Announce, c.t.legacy.base
	kept.Saved.Uploaded = max(kept.Saved.Uploaded, all.Uploaded)
	kept.Saved.Downloaded = max(kept.Saved.Downloaded, all.Downloaded)
	if !c.row.Completed.IsZero() && c.missing() == 0 {
		kept.Saved = kept.Saved.Finish() // unless that was noted before the program was killed
	}
	kept.Saved = kept.Saved.AskAgain(slices.Concat(c.t.options.Tiers...)) // which a person names once more
	now := c.t.env.Clock.Wall()
	if !kept.At.IsZero() && (c.t.options.ReadOnly == ServeOnly || c.missing() == 0 || announce.IsListed(kept, now)) {
		return announce.RestoredOf(kept, now, c.t.env.ListenPort())
	}
	return announce.ResumedOf(kept, now)
}

// addTrackers takes over trackers that a person added.
func (c *control) addTrackers() {
	if c.told.trackers.state == notAnnounced {
		return
	}
	if tiers := c.tiers(); !sameTiers(tiers, c.told.trackers.tiers) {
		c.told.trackers.tiers, c.t.legacy.tiers = tiers, tiers
		c.p.Act("set trackers")
		c.t.env.Announcer.SetTrackers(c.t.id, tiers)
	}
}

// tellTrackers has the announcer know how far the torrent is.
func (c *control) tellTrackers() {
	if c.told.trackers.state == notAnnounced {
		return
	}
	n, a := c.t.counters(c.missing()), c.appetite()
	if n != c.told.trackers.counters || a != c.told.trackers.appetite {
		c.told.trackers.counters, c.told.trackers.appetite = n, a
		c.t.env.Announcer.Progress(c.t.id, n, a)
	}
}

// missing is what the torrent lacks to serve as a seed: what is found by a check is
// claimed a moment after the torrent begins.
func (c *control) missing() int64 { return c.status.Left - c.layout.pieceBytes(c.written) }

// appetite says whether more peers would be of use.
func (c *control) appetite() coreannounce.Appetite {
	switch {
	case c.phase != phaseRunning,
		len(c.swarm.conns) >= c.t.env.Bounds.Peers.Most() || c.t.env.Crowd.Room() <= 0,
		c.swarm.book.Known() >= book.Bound,
		c.goal == peer.UploadOnly && c.swarm.trading() >= enoughToShare:
		return coreannounce.HasEnough
	}
	return coreannounce.WantsPeers
}

// durableNow notes pieces that are durable by now. When the last one of the whole
// torrent that was fetched here is, and not before or otherwise, its trackers hear
// that it is complete.
func (c *control) durableNow(s *pieceset.Set) {
	fetched := c.t.legacy.fetched
	here := fetched.Overlap(s)
	fetched.RemoveAll(s)
	if here > 0 && c.status.Left == 0 {
		c.p.Act("completed")
		c.t.env.Announcer.Completed(c.t.id)
	}
}

// countLeft counts what is missing of the whole torrent.
func (c *control) countLeft() {
	c.status.Left = c.layout.geometry.TotalLength - c.layout.pieceBytes(c.durable)
}

// tracked takes endpoints of a tracker into the book. A private torrent has no others
// but those that a person named.
func (s *swarm) tracked(m *tracked) {
	for _, to := range m.peers {
		s.book.Add(to, m.by)
	}
}

// moved leaves everybody, since the tracker that named them is not the torrent's any
// more (BEP 27).
func (s *swarm) moved(m *moved) {
	s.dismiss("another tracker")
	s.book.Forget(book.TrackerAt(m.from.Secret(), netip.Addr{}))
}

// reported tells the host how a tracker does.
func (c *control) reported(r *coreannounce.Report) {
	status := statusOf(r, c.t.env.Clock)
	c.post(func(h event.Head) event.Event { return event.Tracker{Head: h, TrackerStatus: status} })
}
