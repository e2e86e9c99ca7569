package decide

import (
	"time"

	"pgregory.net/rapid"
)

// world is the owner of a core in a simulation: it runs imagined children and
// holds every action against what a supervisor may do.
type world struct {
	t         *rapid.T
	s         *Supervisor
	strategy  Strategy
	intensity Intensity
	now       Instant
	kids      []*kid    // in order; a dynamic supervisor's stay after their end
	deaths    []Instant // of children that were not asked to stop
	counted   []Instant // those of them that surely need a restart
	ended     string    // why nothing may be started any more: "asked", "gave up", "start failed"
	closed    string    // what AllStopped said
	opened    int       // how often AllStarted came
	seen      *tally
}

// tally counts what the events, actions and outcomes of all simulations were, by
// strategy.
type tally [Dynamic + 1]struct {
	events   [DeadlinePassed + 1]int
	actions  [AllStopped + 1]int
	outcomes [GaveUp + 1]int
}

// kid is one child; doing is what its incarnation is busy with.
type kid struct {
	spec    Spec
	doing   string // "", starting, running, ending, stopping, killed, written off
	asked   string // "asked" once this incarnation was asked to stop
	retired string // "retired" while the supervisor is not to start it
	starts  []Instant
}

func newWorld(t *rapid.T, seen *tally) *world {
	w := &world{
		t: t, now: 1, seen: seen,
		strategy: Strategy(rapid.IntRange(0, 3).Draw(t, "strategy")),
		intensity: Intensity{
			Restarts: rapid.IntRange(0, 4).Draw(t, "restarts"),
			Within:   time.Duration(rapid.IntRange(1, 100).Draw(t, "within")),
		},
	}
	var specs []Spec
	if w.strategy != Dynamic {
		for range rapid.IntRange(0, 5).Draw(t, "children") {
			specs = append(specs, w.newKid())
		}
	}
	w.s = New(w.strategy, w.intensity, specs)
	w.give(Event{What: Begin})
	return w
}

func (w *world) newKid() Spec {
	spec := Spec{
		ID:         ID(len(w.kids) + 1),
		Restart:    Restart(rapid.IntRange(0, 2).Draw(w.t, "type")),
		StopWithin: time.Duration(rapid.IntRange(1, 10).Draw(w.t, "stop within")),
	}
	if rapid.IntRange(0, 4).Draw(w.t, "supervisor") == 0 {
		spec.StopWithin = Unbounded
	}
	w.kids = append(w.kids, &kid{spec: spec})
	return spec
}

// give hands the core an event and obeys what it says.
func (w *world) give(e Event) {
	e.At = w.now
	w.seen[w.strategy].events[e.What]++
	if w.closed != "" {
		w.t.Fatalf("event after AllStopped")
	}
	for _, a := range w.s.Step(e, nil) {
		if w.closed != "" {
			w.t.Fatalf("action after AllStopped")
		}
		w.obey(a)
	}
	w.checkRest()
}

func (w *world) obey(a Action) {
	w.seen[w.strategy].actions[a.Do]++
	switch a.Do {
	case AllStarted:
		w.opened++
		w.must(w.opened == 1, "AllStarted twice")
	case Escalate:
		w.must(w.recentDeaths() > w.intensity.Restarts, "escalation without cause")
		w.ended = "gave up"
	case AllStopped:
		w.checkAllStopped(a)
	case StartChild, StopChild, KillChild, WriteOff, Retire:
		w.obeyFor(w.kids[a.Child-1], a.Do)
	}
}

func (w *world) obeyFor(k *kid, do Do) {
	switch do {
	case StartChild:
		w.checkStart(k)
		k.doing, k.asked, k.retired = "starting", "", ""
		k.starts = append(k.starts, w.now)
		w.checkIntensity()
	case StopChild:
		w.checkStop(k)
		k.doing, k.asked = "stopping", "asked"
	case KillChild:
		w.must(k.doing == "stopping", "kill of a child that is %s", k.doing)
		k.doing = "killed"
	case WriteOff:
		w.must(k.doing == "killed" || k.doing == "ending", "write-off of a child that is %s", k.doing)
		k.doing = "written off"
	case Retire:
		w.must(k.doing == "", "retired while %s", k.doing)
		k.retired = "retired"
	case AllStarted, Escalate, AllStopped:
	}
}

func (w *world) must(holds bool, format string, args ...any) {
	w.t.Helper()
	if !holds {
		w.t.Fatalf(format, args...)
	}
}

// checkStart: one incarnation at a time, none after the end has begun, children
// in order, and in a group none after it is up.
func (w *world) checkStart(k *kid) {
	w.must(k.doing == "", "a second incarnation while the first is %s", k.doing)
	w.must(w.ended == "", "start after the end was %s", w.ended)
	if k.spec.Restart == Temporary {
		w.must(len(k.starts) == 0, "a temporary child restarted")
	}
	if w.strategy == Dynamic || w.strategy == OneForOne && len(k.starts) > 0 {
		return
	}
	for _, other := range w.kids {
		switch {
		case other.spec.ID < k.spec.ID:
			w.must(other.doing == "running" || other.retired != "",
				"child %d started while %d is %q", k.spec.ID, other.spec.ID, other.doing)
		case other.spec.ID > k.spec.ID && w.strategy != OneForOne:
			w.must(other.doing == "", "child %d started while %d is %q", k.spec.ID, other.spec.ID, other.doing)
		}
	}
}

// checkStop: in reverse order, one at a time.
func (w *world) checkStop(k *kid) {
	w.must(k.doing == "starting" || k.doing == "running", "stop of a child that is %q", k.doing)
	if w.strategy == Dynamic {
		return
	}
	w.must(w.ended != "" || w.strategy != OneForOne, "one_for_one stopped a sibling")
	for _, other := range w.kids[k.spec.ID:] {
		w.must(other.doing == "", "child %d stopped while %d is %s", k.spec.ID, other.spec.ID, other.doing)
	}
}

// checkIntensity: where one restart starts one child, the starts can be counted.
func (w *world) checkIntensity() {
	if w.strategy != OneForOne && w.strategy != Dynamic {
		return
	}
	var again []Instant
	for _, k := range w.kids {
		again = append(again, k.starts[min(1, len(k.starts)):]...)
	}
	w.must(w.recent(again) <= w.intensity.Restarts, "more restarts than allowed")
}

func (w *world) recent(when []Instant) (n int) {
	for _, then := range when {
		if time.Duration(w.now-then) <= w.intensity.Within {
			n++
		}
	}
	return n
}

func (w *world) recentDeaths() int { return w.recent(w.deaths) }

func (w *world) checkAllStopped(a Action) {
	for _, k := range w.kids {
		w.must(k.doing == "", "all stopped, but child %d is %s", k.spec.ID, k.doing)
	}
	switch a.Outcome {
	case AsAsked:
		w.must(w.ended == "asked", "stopped, but %q", w.ended)
	case GaveUp:
		w.must(w.ended == "gave up", "gave up, but %q", w.ended)
	case StartHasFailed:
		w.must(w.ended == "start failed", "start failed, but %q", w.ended)
	}
	w.seen[w.strategy].outcomes[a.Outcome]++
	w.closed = outcomes[a.Outcome]
}

// checkRest: a settled supervisor has all its children up.
func (w *world) checkRest() {
	w.must(w.s.Phase() != Settled || w.strategy == Dynamic || w.opened == 1, "settled before AllStarted")
	if w.s.Phase() != Settled || w.strategy == OneForOne || w.strategy == Dynamic {
		return
	}
	for _, k := range w.kids {
		w.must(k.retired != "" || k.doing == "running" || k.doing == "ending" || k.doing == "written off",
			"settled with child %d %q", k.spec.ID, k.doing)
	}
}
