package announce

import (
	"slices"
	"strings"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/text"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// Saved is what outlives a run about one torrent. Spans count from when it was taken.
// It is kept as JSON.
type Saved struct {
	Key        uint32         `json:"key"`
	Uploaded   int64          `json:"uploaded,omitzero"` // as trackers were told
	Downloaded int64          `json:"downloaded,omitzero"`
	Finished   Finish         `json:"finished,omitzero"`
	Trackers   []SavedTracker `json:"trackers,omitempty"` // in the order in which they are walked
}

// Finish says whether Completed was said of a torrent.
type Finish uint8

// The two.
const (
	Unfinished Finish = iota
	FetchedHere
)

// SavedTracker is what is kept of one tracker.
type SavedTracker struct {
	URL       string         `json:"url"` // with its passkey
	TrackerID string         `json:"tracker_id,omitzero"`
	Wish      Wish           `json:"wish,omitzero"`
	Reason    string         `json:"reason,omitzero"` // of AskNever, in the tracker's words without its passkey
	Kind      uint8          `json:"kind,omitzero"`   // of the reason: a tracker.FailureKind
	Families  [2]SavedFamily `json:"families"`        // IPv4 or any; IPv6
}

// Wish is what a tracker said for good (BEP 31).
type Wish uint8

// The wishes. AskNever is never to be asked again.
const (
	AskOn Wish = iota
	AskNever
)

// SavedFamily is what is kept of one tracker in one address family.
type SavedFamily struct {
	Listing Listing       `json:"listing,omitzero"`
	Debt    Debt          `json:"debt,omitzero"`
	Due     time.Duration `json:"due,omitzero"`    // until the next announce; 0: over
	Floor   time.Duration `json:"floor,omitzero"`  // until the least interval is over
	Barred  time.Duration `json:"barred,omitzero"` // until the tracker may be asked after a failure
	Again   time.Duration `json:"again,omitzero"`  // until `started` may be told, since a request was sent
	Least   time.Duration `json:"least,omitzero"`  // the least interval
}

// Listing says whether the tracker lists us: `started` was answered, and not
// `stopped`.
type Listing uint8

// The two.
const (
	Unlisted Listing = iota
	Listed
)

// Debt says whether `completed` is still to be told.
type Debt uint8

// The two.
const (
	OwesNothing Debt = iota
	OwesCompleted
)

// Finish notes that a torrent was fetched, as Completed does: those that list it are to
// be told. It changes nothing where that is known, and nothing of the original.
func (s Saved) Finish() Saved {
	if s.Finished == FetchedHere {
		return s
	}
	s.Finished = FetchedHere
	return s.each(func(f *SavedFamily) {
		if f.Listing == Listed {
			f.Debt = OwesCompleted
		}
	})
}

// Move notes that we are to be found elsewhere than those that list us tell: they are to
// hear of it as soon as they allow.
func (s Saved) Move() Saved { return s.each(func(f *SavedFamily) { f.Due = 0 }) }

// IsListed says whether some tracker lists a torrent, within its interval, that long after
// it was taken.
func (s Saved) IsListed(age time.Duration) bool {
	for _, t := range s.Trackers {
		for _, f := range t.Families {
			if f.Listing == Listed && f.Due > age {
				return true
			}
		}
	}
	return false
}

// AskAgain forgets that trackers wanted never to be asked again, since a person names
// them once more.
func (s Saved) AskAgain(named []tracker.URL) Saved {
	s.Trackers = slices.Clone(s.Trackers)
	for i := range s.Trackers {
		t := &s.Trackers[i]
		if slices.ContainsFunc(named, func(u tracker.URL) bool { return u.Secret() == t.URL }) {
			t.Wish, t.Reason, t.Kind = AskOn, "", 0
		}
	}
	return s
}

// Unlist notes that no tracker is known to list a torrent.
func (s Saved) Unlist() Saved { return s.each(func(f *SavedFamily) { f.Listing = Unlisted }) }

// Settle notes that a tracker heard `completed` in a family.
func (s Saved) Settle(u tracker.URL, f tracker.Family) Saved {
	s.Trackers = slices.Clone(s.Trackers)
	for i := range s.Trackers {
		if t := &s.Trackers[i]; t.URL == u.Secret() {
			t.Families[armOf(f)].Debt = OwesNothing
		}
	}
	return s
}

// each is a copy in which each family of each tracker is changed.
func (s Saved) each(change func(*SavedFamily)) Saved {
	s.Trackers = slices.Clone(s.Trackers)
	for i := range s.Trackers {
		for f := range s.Trackers[i].Families {
			change(&s.Trackers[i].Families[f])
		}
	}
	return s
}

// Snapshot is what is to be kept of a torrent. It is the zero Saved where there is
// none.
func (c *Core) Snapshot(now mono.Instant, id ident.TorrentID) Saved {
	t := c.torrents[id]
	if t == nil {
		return Saved{}
	}
	return t.save(now)
}

func (t *torrent) save(now mono.Instant) Saved {
	s := Saved{
		Key: t.key, Uploaded: t.counters.uploaded.now(), Downloaded: t.counters.downloaded.now(), Finished: Finish(t.finished),
	}
	for r := range t.members() {
		one := SavedTracker{URL: r.url.Secret(), TrackerID: r.trackerID, Wish: Wish(r.given)}
		one.Reason, one.Kind = r.refusal()
		for i := range r.arms {
			one.Families[i] = r.arms[i].save(now)
		}
		s.Trackers = append(s.Trackers, one)
	}
	return s
}

// maxReasonBytes is how much is kept of a reason.
const maxReasonBytes = 2 * tracker.MaxTextBytes

func cutReason(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxReasonBytes)], "")
}

// refusal is why a row was given up, and of what kind that is; nothing of another one.
func (r *row) refusal() (string, uint8) {
	if g, is := r.arms[0].standing.(GivenUp); is {
		if no, is := g.Why.(Refused); is {
			return cutReason(no.Failure.Reason), uint8(no.Failure.Kind)
		}
	}
	return "", 0
}

func (a *arm) save(now mono.Instant) SavedFamily {
	until := func(at mono.Instant) time.Duration { return max(0, at.Sub(now)) }
	s := SavedFamily{Debt: Debt(a.owes), Due: until(a.due), Floor: until(a.floor), Barred: until(a.barred), Again: until(a.again), Least: a.least}
	if !a.isKnown(now) && a.former == notListedBefore {
		return s
	}
	s.Listing = Listed
	if a.flight.sent != mono.Never { // though its answer may come when nobody is here
		s.Floor = max(s.Floor, until(a.flight.sent.Add(a.least)))
	}
	if a.flight.errand == toStop { // it may have come to the tracker, which lists us no more
		s.Due = 0
	}
	return s
}

// restore gives a torrent back what was saved of it, as far as its trackers are the
// same.
func (c *Core) restore(t *torrent, s *Saved, age time.Duration, now mono.Instant) {
	t.key, t.finished = s.Key, finished(min(s.Finished, FetchedHere))
	t.counters.uploaded.resume(s.Uploaded)
	t.counters.downloaded.resume(s.Downloaded)
	var ranks map[tracker.URL]int
	saved := map[tracker.URL]*SavedTracker{}
	for i := range s.Trackers {
		if e, is := tracker.ViewURL(s.Trackers[i].URL).(tracker.URLUsable); is {
			ranks = withRank(ranks, e.URL)
			saved[e.URL] = &s.Trackers[i]
		}
	}
	c.setTiers(t, ranks, now)
	for r := range t.members() {
		if one := saved[r.url]; one != nil {
			r.restore(one, max(0, age), now)
		}
	}
}

func (m *meter) resume(told int64) { m.base, m.told = max(told, 0), max(told, 0) }

func (r *row) restore(s *SavedTracker, age time.Duration, now mono.Instant) {
	if len(s.TrackerID) <= tracker.MaxTrackerIDBytes {
		r.trackerID = s.TrackerID
	}
	if s.Wish == AskNever {
		r.given = givenUp
		r.giveUp(Refused{tracker.Failure{
			Reason: r.url.Scrub(text.Printable(cutReason(s.Reason))), Kind: min(tracker.FailureKind(s.Kind), tracker.StaleConnection), Retry: tracker.RetryNever{},
		}})
	}
	for i := range r.arms {
		r.arms[i].restore(&s.Families[i], age, now)
	}
}

// restore takes over what a tracker demanded. Where it still lists us, `started` waits for
// its least interval as what it is to the tracker, one more request. A torrent that nobody
// waits for comes when it would have come: it is found meanwhile.
func (a *arm) restore(s *SavedFamily, age time.Duration, now mono.Instant) {
	later := func(span time.Duration) mono.Instant {
		if span = min(span, longestDemand) - age; span <= 0 {
			return mono.Never
		}
		return now.Add(span)
	}
	a.floor, a.barred, a.least = later(s.Floor), later(s.Barred), min(max(s.Least, 0), longestDemand)
	if s.Again <= startAgain {
		a.again = later(s.Again)
	}
	if s.Debt == OwesCompleted {
		a.owes = owesCompleted
	}
	if s.Listing != Listed {
		return
	}
	a.former, a.held, a.due = listedBefore, a.floor, later(s.Due)
	if a.row.t.isPatient() && !a.owesCompleted() {
		a.blocked = a.due
	}
}

// isPatient says whether nobody waits for a torrent's peers: it came back by a
// restart, and has all that there is.
func (t *torrent) isPatient() bool {
	return t.origin == originRestored && t.counters.left == 0
}

// spread has torrents that come at once announced one after the other.
type spread struct {
	next [2]mono.Instant // of those that want data, of the others
}

// spreadSteps are the gaps, which make more than a hundred a second.
var spreadSteps = [2]time.Duration{10 * time.Millisecond, 20 * time.Millisecond}

// slot is when a torrent may begin. The first has not to wait.
func (s *spread) slot(c *Core, t *torrent, now mono.Instant) mono.Instant {
	kind := 0
	if t.isPatient() {
		kind = 1
	}
	at := max(now, s.next[kind])
	s.next[kind] = at.Add(spreadSteps[kind]/2 + c.random(spreadSteps[kind]))
	return at
}
