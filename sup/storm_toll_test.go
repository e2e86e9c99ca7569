package sup_test

import (
	"errors"
	"testing"

	"github.com/etorrent/etorrent/sup"
)

// toll counts what all storms did: where panics struck, how processes ended, and
// how the storms did.
type toll map[string]int

// due is what the toll of a thousand storms must name, each at least leastToll times.
var due = []string{
	"body on receive", "body in step", "body between actions",
	"helper on receive", "helper in step", "helper between actions", "question in step",
	"panicked", "failed", "failed to start", "late", "stuck", "gave up", "asked in vain",
	"restarted", "escalated", "no start",
}

const (
	leastToll = 50
	// storms is how many must blow; of a fifth of the trees and more the start fails.
	storms, trees = 1000, 1500
)

func (s *storm) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.toll[what]++
}

// observe counts how a process ended while the storm blew.
func (s *storm) observe(r sup.Report) {
	if s.over() == "calm" {
		return
	}
	switch e := r.Exit.(type) {
	case sup.Panicked:
		s.note("panicked")
	case sup.StartFailed:
		s.note("failed to start")
	case sup.Stuck:
		s.note("stuck")
	case sup.Failed:
		var gaveUp *sup.EscalatedError
		switch {
		case errors.Is(e.Err, sup.ErrKilled):
			s.note("late")
		case errors.As(e.Err, &gaveUp):
			s.note("gave up")
		default:
			s.note("failed")
		}
	case sup.Normal, sup.Stopped:
	}
}

// judge fails unless enough came of everything, in one of so many parts of all
// storms.
func (all toll) judge(t *testing.T, part int) {
	t.Helper()
	t.Log(all)
	if blew := all["restarted"] + all["escalated"]; blew < storms/part {
		t.Errorf("only %d storms blew", blew)
	}
	for _, what := range due {
		if all[what] < leastToll/part {
			t.Errorf("in all storms %q came %d times", what, all[what])
		}
	}
}
