package goals_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/goals"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const start mono.Instant = 1e9

func TestTheGoalThatIsMetFirstCounts(t *testing.T) {
	for _, c := range []struct {
		goals    goals.Goals
		uploaded int64
		after    time.Duration
		want     goals.State
	}{
		{goals.Goals{}, 1000, time.Hour, goals.None},
		{goals.Goals{Ratio: 2}, 199, time.Hour, goals.Ahead},
		{goals.Goals{Ratio: 2}, 200, 0, goals.RatioMet},
		{goals.Goals{SeedTime: time.Hour}, 1000, time.Hour - 1, goals.Ahead},
		{goals.Goals{SeedTime: time.Hour}, 0, time.Hour, goals.SeedTimeMet},
		{goals.Goals{Ratio: 2, SeedTime: time.Hour}, 199, time.Hour, goals.SeedTimeMet},
		{goals.Goals{Ratio: 2, SeedTime: time.Hour}, 200, time.Minute, goals.RatioMet},
	} {
		var x goals.Core
		x.Set(c.goals)
		x.Share(start)
		if got := x.View(start.Add(c.after), goals.Amounts{Uploaded: c.uploaded, Stored: 100}); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestNothingIsMetBeforeTheTorrentIsSharedAndOfNothing(t *testing.T) {
	var x goals.Core
	x.Set(goals.Goals{Ratio: 1, SeedTime: time.Hour})
	if got := x.View(start, goals.Amounts{Uploaded: 100, Stored: 10}); got != goals.Ahead {
		t.Errorf("it is fetched: %d", got)
	}
	x.Share(start)
	if got := x.View(start, goals.Amounts{}); got != goals.Ahead {
		t.Errorf("nothing is stored: %d", got)
	}
}

func TestWhatWasMetStaysSoUntilTheGoalsAreOthers(t *testing.T) {
	var x goals.Core
	g := goals.Goals{Ratio: 1}
	x.Set(g)
	x.Share(start)
	x.View(start, goals.Amounts{Uploaded: 10, Stored: 10})
	x.Rest(start)
	x.Set(g)
	if got := x.View(start, goals.Amounts{Uploaded: 10, Stored: 100}); got != goals.RatioMet {
		t.Errorf("more is wanted: %d", got)
	}
	x.Share(start)
	x.Set(goals.Goals{Ratio: 3})
	if got := x.View(start, goals.Amounts{Uploaded: 20, Stored: 10}); got != goals.Ahead {
		t.Errorf("the goal is higher: %d", got)
	}
	x.Set(goals.Goals{})
	if got := x.View(start, goals.Amounts{Uploaded: 20, Stored: 10}); got != goals.None {
		t.Errorf("there is none any more: %d", got)
	}
}

// Whatever happens: the time is met at its deadline and not before, and counts only
// while the torrent is shared.
func TestTheTimeIsMetAtItsDeadline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x goals.Core
		goal := time.Duration(rapid.IntRange(1, 1000).Draw(t, "goal"))
		x.Set(goals.Goals{SeedTime: goal})
		now, shared, sharing := start, time.Duration(0), false
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "shares") {
				x.Share(now)
				sharing = true
			} else {
				x.Rest(now)
				sharing = false
			}
			d := time.Duration(rapid.IntRange(0, 100).Draw(t, "span"))
			due := x.Deadline()
			now = now.Add(d)
			if sharing {
				shared += d
			}
			met := x.View(now, goals.Amounts{}).IsMet()
			if got := x.Shared(now); got != shared {
				t.Fatalf("shared for %v, want %v", got, shared)
			}
			if sharing && due != mono.Never && met != (now >= due) {
				t.Fatalf("met %t at %d, due at %d", met, now, due)
			}
			if met != (shared >= goal && (sharing || met)) {
				t.Fatalf("met %t after %v of %v", met, shared, goal)
			}
			if met {
				return
			}
		}
	})
}

func TestADeadlineDoesNotOverflow(t *testing.T) {
	var x goals.Core
	x.Set(goals.Goals{SeedTime: math.MaxInt64})
	x.Share(start)
	if got := x.Deadline(); got <= start {
		t.Errorf("it is due at %d", got)
	}
}

func TestGoalsThatAreNoneAreRefused(t *testing.T) {
	for g, want := range map[goals.Goals]error{
		{}:                             nil,
		{Ratio: 1.5, SeedTime: 1}:      nil,
		{Ratio: -1}:                    goals.ErrRatio,
		{Ratio: math.Inf(1)}:           goals.ErrRatio,
		{SeedTime: -1}:                 goals.ErrSeedTime,
		{Ratio: -0.1, SeedTime: -1}:    goals.ErrRatio,
		{Ratio: 0, SeedTime: 1 << 62}:  nil,
		{Ratio: 1e300, SeedTime: 1000}: nil,
	} {
		if got := g.Check(); !errors.Is(got, want) {
			t.Errorf("%+v: %v", g, got)
		}
	}
	if got := (goals.Goals{Ratio: math.NaN()}).Check(); !errors.Is(got, goals.ErrRatio) {
		t.Errorf("no number: %v", got)
	}
}
