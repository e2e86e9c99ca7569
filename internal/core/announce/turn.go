package announce

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

const (
	// startAgain is how long after any request `started` may be told, of a former run
	// too.
	startAgain = 10 * time.Second
	// askAgain is how long after a failed request a person may have it made again.
	askAgain = 15 * time.Second
	// forgets is how long after its interval was over twice a tracker is taken to
	// have forgotten us, who went on elsewhere or were suspended.
	forgets = 10 * time.Minute
	// completedTries is how often `completed` is tried.
	completedTries = 5
)

// errand is what an arm has to tell its tracker next.
type errand uint8

const (
	nothing errand = iota
	toStart
	toComplete
	toRefresh
	toStop
)

// event is what an errand is called on the wire.
func (e errand) event() tracker.Event {
	switch e {
	case toStart:
		return tracker.Started
	case toComplete:
		return tracker.Completed
	case toStop:
		return tracker.Stopped
	case nothing, toRefresh:
	}
	return tracker.Periodic
}

// isKnown says whether the tracker still lists us, as far as one can tell.
func (a *arm) isKnown(now mono.Instant) bool { return a.told == toldStarted && now < a.forgetsAt() }

// forgetsAt is when a tracker that was told of us lists us no more.
func (a *arm) forgetsAt() mono.Instant { return a.heard.Add(2*a.interval + forgets) }

// errand is what the tracker should hear next, whenever that may be.
func (a *arm) errand(now mono.Instant) errand {
	known := a.isKnown(now)
	if a.goal() == leaving {
		switch {
		case !known:
			return nothing
		case a.owesCompleted() && a.failures == 0:
			return toComplete
		}
		return toStop
	}
	switch {
	case a.row.given == givenUp:
		return nothing
	case !known:
		return toStart
	case a.owesCompleted():
		return toComplete
	}
	return toRefresh
}

// owesCompleted says whether `completed` is to be told, which it is not while
// something is missing again.
func (a *arm) owesCompleted() bool { return a.owes == owesCompleted && a.row.t.counters.left == 0 }

// turn is from when on the errand may be done, now at the earliest; Never where
// there is none. The interval is not looked at: that is the lane's to do.
func (a *arm) turn(now mono.Instant) mono.Instant {
	switch a.errand(now) {
	case toStart:
		return max(now, a.row.t.notBefore, a.barred, a.wait(), a.again, a.holdOfListing())
	case toComplete:
		return max(now, a.barred, a.blocked)
	case toRefresh:
		return max(now, a.floor, a.barred, a.wait())
	case toStop:
		return now
	case nothing:
	}
	return mono.Never
}

// holdOfListing is until when the listing of a former run stands for `started`. What
// waits for no interval does not wait for it: `completed` can follow `started` only.
func (a *arm) holdOfListing() mono.Instant {
	if a.owesCompleted() {
		return mono.Never
	}
	return a.held
}

// wait is when our own back-off ends, which a person may shorten.
func (a *arm) wait() mono.Instant {
	if a.asked == askedFor {
		return min(a.blocked, a.after(askAgain))
	}
	return a.blocked
}

// after is an instant some time after the last request.
func (a *arm) after(d time.Duration) mono.Instant {
	if a.flight.sent == mono.Never {
		return mono.Never
	}
	return a.flight.sent.Add(d)
}

// urgency is what is sent first where not all can be: the lower, the sooner.
type urgency uint8

const (
	urgencyNew urgency = iota // somebody waits for it
	urgencyCompleted
	urgencyStopped
	urgencyReturning // `started` that nobody waits for, as after a restart
	urgencyPeriodic
)

func (a *arm) urgency(now mono.Instant) urgency {
	t := a.row.t
	switch a.errand(now) {
	case toComplete:
		return urgencyCompleted
	case toStop:
		return urgencyStopped
	case toStart:
		if a.asked == askedFor || t.origin == originFresh && t.heard == heardNothing && a.failures < freshTries {
			return urgencyNew
		}
		return urgencyReturning
	case toRefresh:
		if a.asked == askedFor {
			return urgencyNew
		}
	case nothing:
	}
	return urgencyPeriodic
}

// freshTries is how often a tracker of a new torrent is tried before others.
const freshTries = 3

// isWorking says whether the tracker answered the last time in some family.
func (r *row) isWorking(now mono.Instant) bool {
	if r.given == givenUp {
		return false
	}
	used := r.used()
	for i := range used {
		if a := &used[i]; a.failures == 0 && a.isKnown(now) {
			return true
		}
	}
	return false
}

// steadfast is how often a private tracker that worked has to fail before another
// one is asked, since that costs all connections.
const steadfast = 3

// isHeld says whether a private torrent may not leave this tracker yet (BEP 27).
func (r *row) isHeld(now mono.Instant) bool {
	if !r.t.isPrivate() || r.given == givenUp {
		return false
	}
	used := r.used()
	for i := range used {
		if a := &used[i]; a.failures < steadfast && a.isKnown(now) {
			return true
		}
	}
	return false
}

// upAt is when a tracker's host may be asked; now if there is nothing against it.
func (r *row) upAt(now mono.Instant) mono.Instant {
	for i := range r.arms {
		if r.arms[i].asked == askedFor {
			return now
		}
	}
	until, wait := r.service.downUntil, r.service.wait
	if h := r.host; h.families == NoAddress && h.fresh > until {
		until, wait = h.fresh, h.wait
	}
	if until == mono.Never {
		return now
	}
	share := float64(r.stagger) / float64(longestStagger)
	return max(now, until.Add(time.Duration(share*float64(min(wait, longestStagger)))))
}

// longestStagger spreads the rows of a host that was down over as much.
const longestStagger = time.Minute
