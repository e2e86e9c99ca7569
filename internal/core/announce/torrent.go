package announce

import (
	"iter"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/metainfo"
)

// goal says whether a torrent is announced, or taken leave of.
type goal uint8

const (
	announcing goal = iota
	leaving
)

type torrent struct {
	about     Torrent
	id        ident.TorrentID
	goal      goal
	lanes     []*lane
	removed   []*row // no trackers of it any more, but not yet told so
	key       uint32
	counters  counters
	appetite  Appetite
	finished  finished
	heard     heard        // whether a tracker answered since it was added
	origin    originKind   // whether somebody waits for it
	notBefore mono.Instant // of the first request
	order     uint64       // the higher, the later it was added
	timer     timer
}

// finished says whether Completed was said of a torrent, in any run.
type finished uint8

const (
	notFinished finished = iota
	finishedHere
)

type heard uint8

const (
	heardNothing heard = iota
	heardSome
)

// lane is tiers of which one tracker at a time is the current one.
type lane struct {
	rows    []*row // by tier, and in each by who answered last (BEP 12)
	current *row   // who answered last of all; nil before anybody did
}

// row is one tracker of a torrent.
type row struct {
	t         *torrent
	url       tracker.URL
	tier      int
	host      *host
	service   *service
	trackerID string
	place     membership
	given     given
	waits     waits         // for its host's addresses
	stagger   time.Duration // after its host may be asked again
	arms      [2]arm        // AnyFamily and IPv4; IPv6
}

// membership says whether a row is a tracker of its torrent still.
type membership uint8

const (
	member membership = iota
	removedRow
)

// given says whether a tracker wants never to be asked again.
type given uint8

const (
	notGivenUp given = iota
	givenUp
)

type waits uint8

const (
	waitsForNothing waits = iota
	waitsForHost
)

// members are the trackers of a torrent, lane by lane.
func (t *torrent) members() iter.Seq[*row] {
	return func(yield func(*row) bool) {
		for _, l := range t.lanes {
			for _, r := range l.rows {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// rows are the trackers of a torrent and those that were.
func (t *torrent) rows() iter.Seq[*row] {
	return func(yield func(*row) bool) {
		for r := range t.members() {
			if !yield(r) {
				return
			}
		}
		for _, r := range t.removed {
			if !yield(r) {
				return
			}
		}
	}
}

// every is each arm of each row, whether its family is in use or not.
func (t *torrent) every() iter.Seq[*arm] {
	return func(yield func(*arm) bool) {
		for r := range t.rows() {
			for i := range r.arms {
				if !yield(&r.arms[i]) {
					return
				}
			}
		}
	}
}

// laneOf is the lane that a row is in; nil for a removed one.
func (t *torrent) laneOf(r *row) *lane {
	for _, l := range t.lanes {
		if slices.Contains(l.rows, r) {
			return l
		}
	}
	return nil
}

// isPrivate says whether one tracker at a time may be used, and no other left for it
// while it works (BEP 27).
func (t *torrent) isPrivate() bool { return t.about.Privacy == metainfo.Private }
