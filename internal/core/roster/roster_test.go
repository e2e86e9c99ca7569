package roster_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/roster"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// start is an instant some way after the clock's origin.
const start = mono.Instant(time.Hour)

// journal keeps what a roster decides.
type journal struct{ said []string }

func (j *journal) Start(id ident.TorrentID) { j.note("start ", id) }
func (j *journal) Stop(id ident.TorrentID)  { j.note("stop ", id) }
func (j *journal) Gone(id ident.TorrentID)  { j.note("gone ", id) }
func (j *journal) Quarantined(id ident.TorrentID, at mono.Instant) {
	j.note("quarantined ", id, " until ", at.Sub(start))
}

func (j *journal) note(a ...any) { j.said = append(j.said, fmt.Sprint(a...)) }

// world is a roster with a clock.
type world struct {
	*testing.T
	journal
	*roster.Core
	now mono.Instant
}

func newWorld(t *testing.T) *world { return &world{T: t, Core: roster.New(), now: start} }

func (w *world) wake(id ident.TorrentID)  { w.Wake(w.now, id, w) }
func (w *world) crash(id ident.TorrentID) { w.Down(w.now, id, roster.Crashed, w) }
func (w *world) ended(id ident.TorrentID) { w.Down(w.now, id, roster.InOrder, w) }
func (w *world) pass(d time.Duration)     { w.now = w.now.Add(d); w.Tick(w.now, w) }

// expect compares what was decided since the last call.
func (w *world) expect(want ...string) {
	w.Helper()
	if !slices.Equal(w.said, want) {
		w.Errorf("decided %q, want %q", w.said, want)
	}
	w.said = nil
}

func (w *world) is(id ident.TorrentID, want roster.State) {
	w.Helper()
	if got := w.State(id); got != want {
		w.Errorf("torrent %d is %#v, want %#v", id, got, want)
	}
}

func TestATorrentWakesAndRetires(t *testing.T) {
	w := newWorld(t)
	w.Add(1)
	w.is(1, roster.Cold{})
	w.wake(1)
	w.wake(1)
	w.expect("start 1")
	w.is(1, roster.Awake{Since: start})
	w.Retire(1, w)
	w.Retire(1, w)
	w.expect("stop 1")
	w.is(1, roster.Retiring{Then: roster.Rest})
	w.ended(1)
	w.expect()
	w.is(1, roster.Cold{})
}

func TestWhatFollowsARetirementIsTheLastWord(t *testing.T) {
	for _, c := range []struct {
		name string
		say  func(w *world)
		want []string
		then roster.State
	}{
		{"rest", func(*world) {}, nil, roster.Cold{}},
		{"wake", func(w *world) { w.wake(1) }, []string{"start 1"}, roster.Awake{Since: start}},
		{"wake, then rest", func(w *world) { w.wake(1); w.Retire(1, w) }, nil, roster.Cold{}},
		{"wake, then removal", func(w *world) { w.wake(1); w.Remove(1, w) }, []string{"gone 1"}, roster.Cold{}},
		{"removal, then wake", func(w *world) { w.Remove(1, w); w.wake(1) }, []string{"gone 1"}, roster.Cold{}},
		{"removal, then rest and wake", func(w *world) { w.Remove(1, w); w.Retire(1, w); w.wake(1) }, []string{"gone 1"}, roster.Cold{}},
	} {
		for _, how := range []roster.Departure{roster.InOrder, roster.Crashed} {
			t.Run(c.name, func(t *testing.T) {
				w := newWorld(t)
				w.Add(1)
				w.wake(1)
				w.Retire(1, w)
				w.expect("start 1", "stop 1")
				c.say(w)
				w.expect()
				w.Down(w.now, 1, how, w)
				w.expect(c.want...)
				w.is(1, c.then)
			})
		}
	}
}

func TestCrashesAreQuarantinedForLongerAndLonger(t *testing.T) {
	w := newWorld(t)
	w.Add(1)
	w.wake(1)
	w.said = nil
	for _, minutes := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		wait := minutes * time.Minute
		retry := w.now.Add(wait)
		w.crash(1)
		w.expect(fmt.Sprint("quarantined 1 until ", retry.Sub(start)))
		w.is(1, roster.Quarantined{RetryAt: retry})
		if d := w.NextDeadline(); d != retry {
			t.Errorf("the deadline is %v, want %v", d, retry)
		}
		w.pass(wait - 1)
		w.expect()
		w.pass(1)
		w.expect("start 1")
		if d := w.NextDeadline(); d != mono.Never {
			t.Errorf("a deadline %v is left", d)
		}
	}
}

func TestAHealthyPeriodForgetsCrashes(t *testing.T) {
	w := newWorld(t)
	w.Add(1)
	w.wake(1)
	w.crash(1)
	w.pass(time.Minute)
	w.pass(roster.Healthy - 1)
	w.crash(1)
	w.is(1, roster.Quarantined{RetryAt: w.now.Add(2 * time.Minute)})
	w.pass(2 * time.Minute)
	w.pass(roster.Healthy)
	w.crash(1)
	w.is(1, roster.Quarantined{RetryAt: w.now.Add(roster.FirstQuarantine)})
}

func TestAPersonEndsAQuarantineAtOnce(t *testing.T) {
	w := newWorld(t)
	w.Add(1)
	w.wake(1)
	w.crash(1)
	w.said = nil
	w.wake(1)
	w.expect("start 1")
	w.pass(time.Minute)
	w.expect()
	w.crash(1)
	w.is(1, roster.Quarantined{RetryAt: w.now.Add(2 * time.Minute)})
}

func TestAQuarantinedTorrentThatIsRetiredOrRemovedIsNotTriedAgain(t *testing.T) {
	w := newWorld(t)
	for id := range ident.TorrentID(2) {
		w.Add(id)
		w.wake(id)
		w.crash(id)
	}
	w.said = nil
	w.Retire(0, w)
	w.Remove(1, w)
	w.expect("gone 1")
	w.is(0, roster.Cold{})
	w.pass(time.Hour)
	w.expect()
	if d := w.NextDeadline(); d != mono.Never {
		t.Errorf("a deadline %v is left", d)
	}
}

func TestTheEndOfAQuarantineStartsByID(t *testing.T) {
	w := newWorld(t)
	for _, id := range []ident.TorrentID{5, 3, 9, 1} {
		w.Add(id)
		w.wake(id)
		w.crash(id)
	}
	w.said = nil
	w.pass(time.Minute)
	w.expect("start 1", "start 3", "start 5", "start 9")
}

func TestTheLivingAreAdoptedAndNotStartedAgain(t *testing.T) {
	w := newWorld(t)
	w.Add(1)
	w.wake(1)
	w.replace(1)
	w.expect("start 1")
	w.wake(1)
	w.expect()
	w.crash(1)
	w.said = nil
	w.Adopt(1, roster.Past{State: roster.Cold{}}, w)
	w.is(1, roster.Quarantined{RetryAt: start.Add(time.Minute)})
	w.pass(time.Minute)
	w.expect("start 1")
}

// replace puts a new roster in the place of the old one.
func (w *world) replace(ids ...ident.TorrentID) {
	old := w.Core
	w.Core = roster.New()
	w.said = nil
	for _, id := range ids {
		w.Adopt(id, old.Past(id), w)
	}
}

func TestANewRosterGoesOnWithQuarantinesAndRemovals(t *testing.T) {
	w := newWorld(t)
	for id := range ident.TorrentID(3) {
		w.Add(id)
		w.wake(id)
	}
	w.crash(0)
	w.pass(time.Minute)
	w.crash(0)
	w.Remove(1, w)
	w.replace(0, 1, 2)
	w.expect("start 1", "stop 1", "start 2")
	w.is(0, roster.Quarantined{RetryAt: w.now.Add(2 * time.Minute)})
	w.ended(1)
	w.expect("gone 1")
	w.pass(2*time.Minute - 1)
	w.expect()
	w.pass(1)
	w.expect("start 0")
	w.crash(0)
	w.is(0, roster.Quarantined{RetryAt: w.now.Add(4 * time.Minute)})
}

func TestWhatIsUnknownStaysUnknown(t *testing.T) {
	w := newWorld(t)
	w.wake(7)
	w.Retire(7, w)
	w.Remove(7, w)
	w.crash(7)
	w.ended(7)
	w.pass(time.Hour)
	w.expect()
	w.is(7, roster.Cold{})
}

func TestATorrentThatEndsUnaskedIsStartedAgain(t *testing.T) {
	w := newWorld(t)
	w.Add(1)
	w.wake(1)
	w.now = w.now.Add(time.Minute)
	w.ended(1)
	w.expect("start 1", "start 1")
	w.is(1, roster.Awake{Since: start.Add(time.Minute)})
	w.Retire(1, w)
	w.ended(1)
	w.expect("stop 1")
	w.is(1, roster.Cold{})
}
