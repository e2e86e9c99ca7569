package event

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// Tracker says how a tracker does that was asked just now.
type Tracker struct {
	Head
	TrackerStatus
}

func (Tracker) etorrentEvent() {}

// TrackerStatus is how a tracker of a torrent does, in one address family. What may
// be a passkey is masked in all of it.
type TrackerStatus struct {
	URL      string
	Tier     int            // from 0 on, in the order in which they are walked
	Family   tracker.Family // in which it is asked
	State    TrackerState
	Err      *TrackerError // of TrackerFailing and TrackerGivenUp, else nil
	Failures int           // in a row
	Seeders  int           // as it told the last time; -1: not told
	Leechers int           // likewise
	Peers    int           // that it named the last time
	Warning  string        // of its last answer; printable
	Next     time.Time     // when it is asked again, at the earliest; zero: not known, or never
}

// TrackerScrape is what a tracker tells of a torrent's swarm when it is asked for that
// alone (BEP 48, BEP 15). What may be a passkey is masked in all of it.
type TrackerScrape struct {
	URL       string
	Tier      int           // from 0 on, in the order in which they are walked
	Err       *TrackerError // why it tells nothing; nil where it does
	Seeders   int           // that have everything; -1: not told
	Leechers  int           // that do not; likewise
	Completed int           // how often it was fetched to the end; likewise
}

// TrackerState says what a tracker does.
type TrackerState uint8

// The states: it was not asked yet, or is being asked for the first time; it answered
// the last time; it did not; it is never to be asked again, as it says (BEP 31).
const (
	TrackerUnasked TrackerState = iota
	TrackerWorking
	TrackerFailing
	TrackerGivenUp
)

// String names the state as it stands in JSON.
func (s TrackerState) String() string {
	return [...]string{"unasked", "working", "failing", "given_up"}[s]
}

// TrackerFault names why a tracker had no good answer. It is an error, so that
// errors.Is finds it in a *TrackerError.
type TrackerFault uint8

// The faults. TrackerRefuses, TrackerUnregistered, TrackerNotAuthorized and
// TrackerBansClient are refusals for good, as far as words can tell: trackers have no
// codes. TrackerTooOften and TrackerLater are refusals for now, the second with when
// to come again (BEP 31). TrackerNoScrape is of scrapes only.
const (
	TrackerRefuses TrackerFault = iota
	TrackerUnregistered
	TrackerNotAuthorized
	TrackerBansClient
	TrackerTooOften
	TrackerLater
	TrackerUnreachable
	TrackerTimedOut
	TrackerNoHost
	TrackerNonsense
	TrackerNoScrape
)

// String names the fault as it stands in JSON.
func (f TrackerFault) String() string {
	return [...]string{
		"refused", "unregistered", "not_authorized", "client_banned", "too_often", "later", "unreachable", "timed_out", "no_host", "nonsense", "no_scrape",
	}[f]
}

// Error says the fault for people.
func (f TrackerFault) Error() string {
	return [...]string{
		"refuses", "does not know this torrent (unregistered)", "does not accept the passkey (not authorized)",
		"does not admit this client (banned)", "was asked too often", "wants to be asked later", "cannot be reached",
		"did not answer in time", "has no address that can be called", "answered with what is no tracker's answer",
		"cannot be scraped: the last part of its path does not begin with announce",
	}[f]
}

// Finality says whether a fault may pass by itself.
type Finality uint8

// The two.
const (
	Passing Finality = iota
	Final
)

// Finality tells refusals for good from all that may pass.
func (f TrackerFault) Finality() Finality {
	switch f {
	case TrackerRefuses, TrackerUnregistered, TrackerNotAuthorized, TrackerBansClient, TrackerNoScrape:
		return Final
	case TrackerTooOften, TrackerLater, TrackerUnreachable, TrackerTimedOut, TrackerNoHost, TrackerNonsense:
	}
	return Passing
}

// TrackerError is why a tracker had no good answer. No passkey is in it.
type TrackerError struct {
	URL    string // masked
	Host   string // with its port, where that is not the scheme's
	Fault  TrackerFault
	Reason string // in words of the tracker or of the network; printable; may be empty
}

// Error names the host, the fault and the reason.
func (e *TrackerError) Error() string {
	text := e.Host + " " + e.Fault.Error()
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// Unwrap returns the fault.
func (e *TrackerError) Unwrap() error { return e.Fault }
