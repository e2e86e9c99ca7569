package decide

import (
	"testing"

	"pgregory.net/rapid"
)

// live does one thing at random that the world around a supervisor may do.
func (w *world) live() {
	up := w.up()
	choice := rapid.IntRange(0, 13).Draw(w.t, "what")
	switch {
	case choice == 0 && w.ended == "" && rapid.IntRange(0, 5).Draw(w.t, "stop") == 0:
		w.ended = "asked"
		w.give(Event{What: StopAsked})
	case choice == 1:
		w.now += Instant(rapid.IntRange(1, 40).Draw(w.t, "pause"))
	case choice == 2, choice > 11:
		w.toDeadline()
	case choice <= 5 && w.strategy == Dynamic && w.s.Phase() == Settled:
		w.give(Event{What: Add, Spec: w.newKid()})
	case choice == 6 && w.strategy == Dynamic && len(w.kids) > 0:
		k := rapid.SampledFrom(w.kids).Draw(w.t, "removed")
		if k.doing != "" {
			k.asked = "asked"
		}
		w.give(Event{What: Remove, Child: k.spec.ID})
	case len(up) > 0:
		w.liveOne(rapid.SampledFrom(up).Draw(w.t, "child"), choice)
	}
}

func (w *world) up() (up []*kid) {
	for _, k := range w.kids {
		if k.doing != "" {
			up = append(up, k)
		}
	}
	return up
}

func (w *world) toDeadline() {
	if at := w.s.Deadline(); at != Never {
		w.now = max(w.now, at)
		w.give(Event{What: DeadlinePassed})
	}
}

func (w *world) liveOne(k *kid, choice int) {
	switch {
	case k.doing == "written off":
		w.end(k, Event{What: Exited, Exit: Abnormal})
	case k.doing == "starting" && choice <= 8:
		k.doing = "running"
		w.give(Event{What: Started, Child: k.spec.ID})
	case k.doing == "starting":
		w.end(k, Event{What: StartFailed, Exit: Abnormal})
	case choice == 7 && k.spec.StopWithin != Unbounded && k.doing == "running":
		k.doing = "ending"
		w.give(Event{What: Ending, Child: k.spec.ID})
	case choice == 7 && k.spec.StopWithin != Unbounded && k.doing == "stopping":
		k.doing = "killed"
		w.give(Event{What: Ending, Child: k.spec.ID})
	default:
		w.end(k, Event{What: Exited, Exit: Exit(choice % 2)})
	}
}

// end is the end of an incarnation.
func (w *world) end(k *kid, e Event) {
	k.doing = ""
	if k.asked == "" {
		w.deaths = append(w.deaths, w.now)
	}
	if e.What == StartFailed && k.asked == "" && w.opened == 0 && w.strategy != Dynamic && w.ended == "" {
		w.ended = "start failed"
	}
	if w.s.Phase() == Settled && k.asked == "" && e.What == Exited &&
		(k.spec.Restart == Permanent || k.spec.Restart == Transient && e.Exit == Abnormal) {
		w.counted = append(w.counted, w.now)
	}
	e.Child = k.spec.ID
	w.give(e)
	w.must(w.recent(w.counted) <= w.intensity.Restarts || w.ended != "", "more restarts than allowed")
}

// calm lets everybody do what they should until nothing changes: starts
// succeed, stops are obeyed.
func (w *world) calm() {
	for range 1000 {
		busy := w.busy()
		if busy == nil {
			return
		}
		if busy.doing == "starting" {
			busy.doing = "running"
			w.give(Event{What: Started, Child: busy.spec.ID})
		} else {
			w.end(busy, Event{What: Exited, Exit: Normal})
		}
	}
	w.t.Fatalf("no rest")
}

func (w *world) busy() *kid {
	for _, k := range w.kids {
		if k.doing != "" && k.doing != "running" {
			return k
		}
	}
	return nil
}

// simulations is how often a hundred supervisors are simulated.
const simulations = 50

func TestSimulatedSupervisorsKeepTheirPromises(t *testing.T) {
	seen := &tally{}
	for range simulations {
		simulateSupervisors(t, seen)
	}
	seen.judge(t)
}

// leastSeen is how often each event, action and outcome must come with each
// strategy.
const leastSeen = 10

func (s *tally) judge(t *testing.T) {
	t.Helper()
	least := leastSeen
	if testing.Short() { // a fifth of the simulations
		least = 1
	}
	for k := range s {
		strategy := Strategy(k)
		t.Logf("strategy %d: events %v, actions %v, outcomes %v", strategy, s[k].events, s[k].actions, s[k].outcomes)
		for e, n := range s[k].events {
			if dynamicOnly := What(e) == Add || What(e) == Remove; n < least && (strategy == Dynamic || !dynamicOnly) {
				t.Errorf("strategy %d: event %d came %d times", strategy, e, n)
			}
		}
		for a, n := range s[k].actions {
			if n < least {
				t.Errorf("strategy %d: action %d came %d times", strategy, a, n)
			}
		}
		for o, n := range s[k].outcomes {
			if staticOnly := Outcome(o) == StartHasFailed; n < least && (strategy != Dynamic || !staticOnly) {
				t.Errorf("strategy %d: outcome %d came %d times", strategy, o, n)
			}
		}
	}
}

func simulateSupervisors(t *testing.T, seen *tally) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, seen)
		for range rapid.IntRange(0, 80).Draw(t, "length") {
			if w.closed == "" {
				w.live()
			}
		}
		if w.closed == "" {
			w.calm()
		}
		if w.closed == "" {
			w.must(w.s.Phase() == Settled, "calm, but in phase %d", w.s.Phase())
			if w.ended == "" {
				w.ended = "asked"
			}
			w.give(Event{What: StopAsked})
			w.calm()
		}
		w.must(w.closed != "", "not closed after a stop and calm")
	})
}

// Nobody obeys: deadlines alone must end it, but for supervisors, which are
// waited for.
func TestDeadlinesAloneEndAStop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, &tally{})
		w.calm()
		if w.closed == "" {
			w.ended = "asked"
			w.give(Event{What: StopAsked})
		}
		for range 100 {
			for _, k := range w.up() {
				if k.doing == "written off" || k.spec.StopWithin == Unbounded && k.doing == "stopping" {
					w.end(k, Event{What: Exited, Exit: Abnormal})
				}
			}
			if w.closed != "" {
				return
			}
			w.toDeadline()
		}
		t.Fatalf("not closed")
	})
}
