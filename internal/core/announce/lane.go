package announce

import "github.com/etorrent/etorrent/internal/vocab/mono"

// isBusy says whether a lane has a tracker under way: one at a time is tried.
func (l *lane) isBusy(now mono.Instant) bool {
	for _, r := range l.rows {
		if r.waits == waitsForHost {
			return true
		}
		for i := range r.arms {
			if r.arms[i].isTrying(now) {
				return true
			}
		}
	}
	return false
}

func (a *arm) isTrying(now mono.Instant) bool {
	e := nothing
	switch a.phase {
	case queued:
		e = a.errand(now)
	case flying:
		e = a.flight.errand
	case resting:
	}
	return e == toStart || e == toRefresh
}

// pick returns the tracker that is to be asked now, or nil and when there will be
// one; Never if that is for others to say. While the current tracker works, nothing
// is due before it is. Then the tiers are walked from their beginning (BEP 12), but
// for a private torrent, which stays (BEP 27).
func (l *lane) pick(now mono.Instant) (*row, mono.Instant) {
	current := l.current
	if current != nil && current.isHeld(now) {
		return l.dueOr(current, now)
	}
	works := current != nil && current.isWorking(now)
	if works {
		r, at := l.dueOr(current, now)
		if r == nil || !l.isWalkDue(now) {
			return r, at
		}
	}
	if r := l.former(now); r != nil && current == nil {
		return l.dueOr(r, now)
	}
	wake := mono.Never
	for _, r := range l.rows {
		r, at := l.dueOr(r, now)
		if r != nil {
			return r, at
		}
		wake = mono.Earliest(wake, at)
	}
	return nil, wake
}

// former is the tracker that lists us from a former run, until it is asked: it was the
// current one, and is no reason to go to the next. Nil where there is none, or it cannot
// be asked for another reason.
func (l *lane) former(now mono.Instant) *row {
	for _, r := range l.rows {
		if r.given == givenUp || r.upAt(now) > now {
			continue
		}
		arms := r.used()
		if len(arms) == 0 {
			arms = r.arms[:]
		}
		for i := range arms {
			a := &arms[i]
			if a.former == listedBefore && a.flight.sent == mono.Never && a.failures == 0 && a.barred <= now {
				return r
			}
		}
	}
	return nil
}

// dueOr returns the row if one of its arms is due, else when one will be.
func (l *lane) dueOr(r *row, now mono.Instant) (*row, mono.Instant) {
	at := mono.Never
	arms := r.used()
	if len(arms) == 0 { // whichever the host turns out to have
		arms = r.arms[:]
	}
	for i := range arms {
		at = mono.Earliest(at, l.turn(&arms[i], now))
	}
	if at == mono.Never {
		return nil, at
	}
	if at = max(at, r.upAt(now)); at > now {
		return nil, at
	}
	return r, at
}

// turn is when an arm is due in its lane: a working one of the current tracker after
// the tracker's interval, any other as soon as it may.
func (l *lane) turn(a *arm, now mono.Instant) mono.Instant {
	if a.phase != resting {
		return mono.Never
	}
	at := a.turn(now)
	if at != mono.Never && l.isSettled(a, now) && a.asked == notAsked {
		at = max(at, a.due)
	}
	return at
}

// isSettled says whether an arm is a working one of the current tracker.
func (l *lane) isSettled(a *arm, now mono.Instant) bool {
	return a.row == l.current && a.failures == 0 && a.isKnown(now)
}

// isWalkDue says whether a working arm of the current tracker is due: those that fail
// are tried again by themselves.
func (l *lane) isWalkDue(now mono.Instant) bool {
	used := l.current.used()
	for i := range used {
		if a := &used[i]; l.isSettled(a, now) && a.phase == resting && l.turn(a, now) <= now {
			return true
		}
	}
	return false
}

// forgottenAt is when the current tracker of a lane, which may not be asked, lists us
// no more; Never if it does not now.
func (l *lane) forgottenAt(now mono.Instant) mono.Instant {
	at := mono.Never
	if l.current != nil {
		for i := range l.current.arms {
			if a := &l.current.arms[i]; a.isKnown(now) {
				at = mono.Earliest(at, a.forgetsAt())
			}
		}
	}
	return at
}
