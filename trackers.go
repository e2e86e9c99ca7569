package etorrent

import (
	"context"
	"errors"
	"fmt"

	"github.com/etorrent/etorrent/internal/proc/client"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// TrackerStatus is how a tracker of a torrent does, in one address family. What may
// be a passkey is masked in all of it.
type TrackerStatus = event.TrackerStatus

// TrackerFamily is the address family in which a tracker is asked.
type TrackerFamily = tracker.Family

// The families. TrackerAnyFamily is one that somebody else chooses, such as a proxy.
const (
	TrackerAnyFamily = tracker.AnyFamily
	TrackerIPv4      = tracker.IPv4
	TrackerIPv6      = tracker.IPv6
)

// TrackerState says what a tracker does.
type TrackerState = event.TrackerState

// The states: it was not asked yet, or is being asked for the first time; it answered
// the last time; it did not; it is never to be asked again, as it says (BEP 31).
const (
	TrackerUnasked = event.TrackerUnasked
	TrackerWorking = event.TrackerWorking
	TrackerFailing = event.TrackerFailing
	TrackerGivenUp = event.TrackerGivenUp
)

// TrackerError is why a tracker had no good answer. No passkey is in it. It wraps its
// Fault.
type TrackerError = event.TrackerError

// TrackerFault names why a tracker had no good answer.
type TrackerFault = event.TrackerFault

// TrackerFinality says whether a fault may pass by itself.
type TrackerFinality = event.Finality

// The two. TrackerFinal are refusals other than for now.
const (
	TrackerPassing = event.Passing
	TrackerFinal   = event.Final
)

// The faults: refusals, as far as a tracker's words can be understood, and then what
// keeps it from answering. TrackerLater refuses for now and says when to come again
// (BEP 31). TrackerNoScrape is a tracker whose URL does not tell how to scrape it.
const (
	TrackerRefuses       = event.TrackerRefuses
	TrackerUnregistered  = event.TrackerUnregistered
	TrackerNotAuthorized = event.TrackerNotAuthorized
	TrackerBansClient    = event.TrackerBansClient
	TrackerTooOften      = event.TrackerTooOften
	TrackerLater         = event.TrackerLater
	TrackerUnreachable   = event.TrackerUnreachable
	TrackerTimedOut      = event.TrackerTimedOut
	TrackerNoHost        = event.TrackerNoHost
	TrackerNonsense      = event.TrackerNonsense
	TrackerNoScrape      = event.TrackerNoScrape
)

// TrackerURLError says that a text is no URL that a torrent can be announced to. The
// text itself is not in it, since it may hold a passkey.
type TrackerURLError struct {
	Tier, Place int    // of those that were given, from 0 on
	Why         string // for people
}

// Error says which and why.
func (e *TrackerURLError) Error() string {
	return fmt.Sprintf("tracker %d of tier %d cannot be announced to: %s", e.Place+1, e.Tier+1, e.Why)
}

// WithTrackers adds tiers of trackers (BEP 12) behind those of the torrent, by their
// announce URLs: http, https or udp. A URL of another form makes Add fail with a
// *TrackerURLError. They are kept in the State, in place of those that were kept before,
// and count again when the torrent is added without this option; without a tier it makes
// the State forget them. Where the torrent runs already they come behind what it has.
func WithTrackers(tiers ...[]string) AddOption {
	return func(o *addOptions) {
		if o.tiers == nil {
			o.tiers = [][]tracker.URL{}
		}
		for i, tier := range tiers {
			var urls []tracker.URL
			for place, text := range tier {
				u, err := trackerURL(text)
				if err != nil {
					err.Tier, err.Place = i, place
					o.refuse(err)
					continue
				}
				urls = append(urls, u)
			}
			o.tiers = append(o.tiers, urls)
		}
	}
}

// WithoutTrackers uses no tracker that the torrent names, nor one that was kept, but only
// those that WithTrackers and AddTracker name this time.
func WithoutTrackers() AddOption {
	return func(o *addOptions) { o.trackers = torrent.OnlyNamedTrackers }
}

func trackerURL(text string) (tracker.URL, *TrackerURLError) {
	switch e := tracker.ViewURL(text).(type) {
	case tracker.URLUsable:
		return e.URL, nil
	case tracker.URLLocal:
		return tracker.URL{}, &TrackerURLError{Why: "it is in this machine's own network, and its path is not /announce"}
	case tracker.URLMalformed:
		return tracker.URL{}, &TrackerURLError{Why: e.Fault.String()}
	}
	panic("etorrent: unreachable: a sealed sum has another member")
}

// Trackers is how each tracker does, in each address family in which it is asked, in
// the order in which they are walked. It is empty until the torrent takes connections.
func (t *Torrent) Trackers() []TrackerStatus { return t.t.Trackers() }

// TrackerScrape is what a tracker tells of a torrent's swarm when it is asked for that
// alone (BEP 48, BEP 15). What may be a passkey is masked in all of it.
type TrackerScrape = event.TrackerScrape

// Scrape asks all trackers of the torrent, those too that it is not announced to, how
// large its swarm is. A tracker that was asked less than a minute ago, or than it wants,
// is not asked again: what it said stands. When ctx ends before all have answered its
// error comes with what was told until then; who told nothing has TrackerTimedOut.
func (t *Torrent) Scrape(ctx context.Context) ([]TrackerScrape, error) {
	if err := t.mayTell(ctx); err != nil {
		return nil, err
	}
	all, err := t.c.engine.Scrape(ctx, client.Swarm{Meta: t.meta, Tiers: t.t.Tiers(t.meta)})
	return all[0], t.c.unlessEnded(err)
}

// Scrape asks the trackers that torrents name how large their swarms are, of torrents
// that need not run, and answers in their order: as Torrent.Scrape does, and a tracker
// of several of them with few requests.
func (c *Client) Scrape(ctx context.Context, torrents ...*Metainfo) ([][]TrackerScrape, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var swarms []client.Swarm
	for _, m := range torrents {
		swarms = append(swarms, client.Swarm{Meta: m, Tiers: torrent.UsableTrackers(m.Announce)})
	}
	all, err := c.engine.Scrape(ctx, swarms...)
	return all, c.unlessEnded(err)
}

// unlessEnded is an error, or why the client lives no more.
func (c *Client) unlessEnded(err error) error {
	if !errors.Is(err, client.ErrEnded) {
		return err
	}
	if crash := c.Err(); crash != nil {
		return crash
	}
	return ErrStopped
}

// AddTracker announces the torrent to another tracker too, and keeps it in the State as
// WithTrackers does. Tiers count from 0; one behind the last is a new one. A tracker that
// is there already stays where it is. The error is a *TrackerURLError, ErrStopped or the
// context's; after another it is announced to all the same until the torrent ends, and may
// not be kept.
func (t *Torrent) AddTracker(ctx context.Context, tier int, url string) error {
	u, bad := trackerURL(url)
	if bad != nil {
		bad.Tier = tier
		return bad
	}
	if err := t.mayTell(ctx); err != nil {
		return err
	}
	return t.told(t.c.engine.AddTracker(ctx, t.t, torrent.Tracker{Tier: max(0, tier), URL: u}))
}

// AnnounceNow asks the trackers for peers as soon as they allow. Trackers and events
// tell what comes of it. The error is ErrStopped or the context's.
func (t *Torrent) AnnounceNow(ctx context.Context) error {
	if err := t.mayTell(ctx); err != nil {
		return err
	}
	t.t.AnnounceNow()
	return nil
}

// mayTell says why nothing can be asked of the torrent any more.
func (t *Torrent) mayTell(ctx context.Context) error {
	if s, _ := t.t.Status(); s.Phase == torrent.Retired {
		return ErrStopped
	}
	select {
	case <-t.c.Done():
		if err := t.c.Err(); err != nil {
			return err
		}
		return ErrStopped
	default:
		return ctx.Err()
	}
}
