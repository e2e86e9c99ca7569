package announce

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/core/scrape"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// state is what the process has that the next one takes over.
type state struct {
	entries      map[ident.TorrentID]*entry
	waiting      []command // taken, and not begun
	begun        uint64    // of torrents
	incarnations uint64
	random       *rand.Rand // of the keys of torrents without one
	leaving      *leaving   // nil until Leave
	respite      clock.Respite
	completing   map[question]*announce.Request // over UDP, on their way
	ports        map[uint16]struct{}            // that trackers were told of, and may have yet
	asking       []*Asking
	askers       scrape.AskerID // that were named
}

// leaving is the end of all announcing.
type leaving struct {
	until mono.Instant
	left  []chan struct{}
}

func newState(random uint64) state {
	return state{entries: map[ident.TorrentID]*entry{}, completing: map[question]*announce.Request{}, ports: map[uint16]struct{}{}, random: rand.New(rand.NewPCG(random, 0))}
}

// entry is a torrent as the process knows it. What is here of it, and not only in the
// core, survives a crash.
type entry struct {
	id      ident.TorrentID
	epoch   store.Epoch
	session session
	order   uint64
	about   announce.Torrent
	into    Sink
	goal    goal
	total   total
	saved   announce.Saved
	savedAt mono.Instant      // when it was taken
	port    uint16            // that trackers were told of last
	named   *store.NamedPeers // what a tracker named last; not changed
	record  record
	// heard are those that heard `completed`, which a core may not know that begins
	heard []hearer
}

// hearer is a tracker in one address family.
type hearer struct {
	url    tracker.URL
	family tracker.Family
}

// goal says what is to become of a torrent.
type goal uint8

const (
	announced goal = iota
	leftBehind
	gone // only what it told is to be kept still
)

// total is how much went over the wire since the torrent was begun, though whoever
// counts may begin anew meanwhile.
type total struct {
	uploaded, downloaded meter
	appetite             announce.Appetite
}

// meter is one counter.
type meter struct {
	before   int64 // counted by those before
	last     int64 // as counted last
	given    int64 // of the sum, what the core has heard of
	included int64 // of that, what is in entry.saved
	base     int64 // of that, what was in what the core began with
}

// read takes over what somebody counted, and returns what the core is to hear: bytes
// since its begin.
func (m *meter) read(n int64) int64 {
	if n < m.last {
		m.before += m.last
	}
	m.last = max(n, 0)
	m.given = m.before + m.last
	return m.given - m.base
}

// begin returns what a core is to hear that begins with what was saved last.
func (m *meter) begin() int64 {
	m.base, m.given = m.included, m.before+m.last
	return m.given - m.base
}

// hear has the core hear how far a torrent is.
func (e *entry) hear(c *announce.Core, n news) {
	e.about.Left, e.total.appetite = n.counters.Left, n.appetite
	c.Progress(e.id, announce.Counters{
		Uploaded: e.total.uploaded.read(n.counters.Uploaded), Downloaded: e.total.downloaded.read(n.counters.Downloaded), Left: n.counters.Left,
	}, n.appetite)
}

// hearAgain has a core that begins hear what the one before had heard.
func (e *entry) hearAgain(c *announce.Core) {
	c.Progress(e.id, announce.Counters{
		Uploaded: e.total.uploaded.begin(), Downloaded: e.total.downloaded.begin(), Left: e.about.Left,
	}, e.total.appetite)
}

// save takes over what the core would have kept.
func (e *entry) save(s announce.Saved, now mono.Instant) {
	for _, h := range e.heard {
		s = s.Settle(h.url, h.family)
	}
	e.saved, e.savedAt = s, now
	e.total.uploaded.included, e.total.downloaded.included = e.total.uploaded.given, e.total.downloaded.given
}

// restored is where an entry comes from after a crash.
func (e *entry) restored(now mono.Instant) announce.Origin {
	return announce.Restored{Saved: e.saved, Age: max(0, now.Sub(e.savedAt))}
}

// enter notes that a torrent was begun. What it was before, if it is still here, counts
// for more than what is said of it: that may have been read before it was kept.
func (s *state) enter(b begin, now mono.Instant) *entry {
	s.begun++
	e := &entry{id: b.ID, epoch: b.Epoch, session: b.session, order: s.begun, about: b.About, into: b.Into, savedAt: now, port: b.Port, named: b.Named}
	switch from := b.From.(type) {
	case announce.Fresh, nil:
	case announce.Restored:
		e.saved, e.savedAt = from.Saved, now.Add(-from.Age)
	case announce.Resumed:
		e.saved, e.savedAt = from.Saved, now.Add(-from.Age)
	}
	if before := s.entries[b.ID]; before != nil {
		e.saved, e.savedAt, e.record, e.heard = before.saved, before.savedAt, before.record, before.heard
		e.port, e.named = before.port, before.named
		e.record.hope, e.record.phase = keepable, recordRests
	} else {
		e.record.uploaded, e.record.downloaded = max(0, e.saved.Uploaded), max(0, e.saved.Downloaded)
	}
	for e.saved.Key == 0 {
		e.saved.Key = s.random.Uint32()
	}
	s.entries[b.ID] = e
	return e
}

// origin is where an entry comes from that was begun just now.
func (e *entry) origin(said announce.Origin, now mono.Instant) announce.Origin {
	age := max(0, now.Sub(e.savedAt))
	switch said.(type) {
	case announce.Restored:
		return announce.Restored{Saved: e.saved, Age: age}
	case announce.Resumed, announce.Fresh, nil:
	}
	return announce.Resumed{Saved: e.saved, Age: age}
}

// inOrder are all entries, the oldest first.
func (s *state) inOrder() []*entry {
	return slices.SortedFunc(maps.Values(s.entries), func(a, b *entry) int { return cmp.Compare(a.order, b.order) })
}

// finish notes that a torrent was fetched, and that trackers are to be told so, for a
// core that begins with what was saved.
func (e *entry) finish() {
	e.about.Left = 0
	e.saved = e.saved.Finish()
}

// unlist notes that no tracker is known to list a torrent.
func (e *entry) unlist() { e.saved = e.saved.Unlist() }
