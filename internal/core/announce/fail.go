package announce

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

const (
	// failWait is the first wait after a failure that is no time-out of UDP, and
	// refusedWait that after a refusal; they double.
	failWait    = 30 * time.Second
	refusedWait = time.Minute
	longestWait = time.Hour
	// waitJitter is the part of a wait by which it may be longer.
	waitJitter = 8
)

// fail notes why the last request of an arm, which has landed, had no good answer.
func (c *Core) fail(a *arm, f Fault, now mono.Instant, eff Effects) {
	t := a.row.t
	refused, isRefused := f.(Refused)
	if isRefused {
		refused.Failure.Reason = a.row.url.Scrub(refused.Failure.Reason)
		f = refused
		c.recovered(a.row)
		a.obey(&refused.Failure, now)
	}
	a.blocked = c.backOff(a, f, now)
	a.failures++
	switch a.flight.errand {
	case toStop:
		a.told = toldNothing
	case toComplete:
		if a.failures >= completedTries {
			a.owes = owesNothing
		}
	case toStart, toRefresh, nothing:
	}
	a.standing = Failing{Why: f, Failures: a.failures, Next: max(a.blocked, a.barred)}
	if a.row.given == givenUp {
		a.row.giveUp(f)
	}
	eff.Report(t.id, a.report())
	if isRefused {
		eff.Save(t.id)
	} else {
		c.struck(a.row, now, eff)
	}
}

// backOff is until when a tracker is left alone that failed. Over UDP the n-th
// repetition comes 15·2ⁿ seconds after what it repeats (BEP 15).
func (c *Core) backOff(a *arm, f Fault, now mono.Instant) mono.Instant {
	from, wait, most := now, failWait, longestWait
	switch f.(type) {
	case TimedOut:
		if a.row.url.Scheme() == tracker.UDP {
			from, wait, most = a.flight.sent, tracker.ResendAfter, tracker.ResendAfter<<tracker.ResendDoublings
		}
	case Refused:
		wait = refusedWait
	case Unreachable, NoHost, Nonsense:
	}
	wait = min(most, wait<<min(a.failures, tracker.ResendDoublings))
	return max(now, from.Add(wait+c.random(wait/waitJitter)))
}

// obey takes over what a refusal says of us, and of when to come again (BEP 31).
func (a *arm) obey(f *tracker.Failure, now mono.Instant) {
	switch f.Kind {
	case tracker.Unregistered, tracker.NotAuthorized, tracker.ClientBanned:
		a.told = toldNothing // it does not list us
		a.former, a.held = notListedBefore, mono.Never
	case tracker.TooOften:
		a.barred = now.Add(max(a.least, usualLeast))
	case tracker.FailureOther, tracker.StaleConnection:
	}
	if f.MinInterval > 0 {
		a.least = min(max(a.least, f.MinInterval), longestDemand)
		a.barred = max(a.barred, now.Add(min(f.MinInterval, longestDemand)))
	}
	switch r := f.Retry.(type) {
	case tracker.RetryAfter:
		a.barred = max(a.barred, now.Add(min(r.Span, longestDemand)))
	case tracker.RetryNever:
		a.row.given = givenUp
	case tracker.RetryUntold, nil:
	}
}

// giveUp ends a row for good.
func (r *row) giveUp(f Fault) {
	for i := range r.arms {
		r.arms[i].told, r.arms[i].former = toldNothing, notListedBefore
		r.arms[i].standing = GivenUp{f}
	}
}

// failRow fails all arms of a row that rest, without a request.
func (c *Core) failRow(r *row, f Fault, now mono.Instant, eff Effects) {
	for i := range r.arms {
		a := &r.arms[i]
		if a.phase != resting {
			continue
		}
		a.asked = notAsked
		a.blocked = c.backOff(a, f, now)
		a.failures++
		a.standing = Failing{Why: f, Failures: a.failures, Next: max(a.blocked, a.barred)}
	}
	eff.Report(r.t.id, r.arms[0].report())
}

// struck counts a failure that may be one of the host. Those that come while it is
// known to be down tell nothing new.
func (c *Core) struck(r *row, now mono.Instant, eff Effects) {
	s := r.service
	if s.failures++; s.failures < downAfter || s.downUntil > now {
		return
	}
	s.wait = min(longestDown, max(downWait, 2*s.wait))
	s.downUntil = now.Add(s.wait)
	c.replanQueue(r.host, now, eff)
}

// recovered notes that a host answered.
func (c *Core) recovered(r *row) {
	r.service.failures, r.service.wait, r.service.downUntil = 0, 0, mono.Never
}
