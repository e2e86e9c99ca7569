package sup_test

import (
	"errors"
	"testing"
	"time"

	"github.com/etorrent/etorrent/sup"
)

// latch tells of its close.
type latch struct{ closed chan struct{} }

func (c latch) Close() error { close(c.closed); return nil }

func TestAKilledProcessGivesUpWhatItHoldsAndIsStartedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, held := newReports(), latch{make(chan struct{})}
		first := make(chan struct{}, 1)
		first <- struct{}{}
		tree := start(t, sup.Supervisor{Children: []sup.Child{{Name: "a", Run: func(p *sup.Process) error {
			p.Ready()
			select {
			case <-first:
				p.Closes(held)
				<-held.closed // hears nothing but this
				p.Receive("never")
				return nil
			default:
				return idle(p)
			}
		}}}}, r.options())
		pause(time.Second)
		if err := tree.Kill("root/a"); err != nil {
			t.Fatal(err)
		}
		pause(0)
		wantAll(t, r.exits(), "root/a failed: sup: killed by its name")
		n := node(t, tree, "root/a")
		if n.State != (sup.Running{}) || n.RestartsInAll != 1 || !n.Started.Equal(time.Now()) || !errors.Is(n.LastExit.(sup.Failed).Err, sup.ErrKilledByName) {
			t.Errorf("%+v", n)
		}
	})
}

func TestAKilledSupervisorStopsItsChildrenInOrderAndTheyCount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, j := newReports(), newJournal()
		tree := start(t, sup.Supervisor{Children: []sup.Child{{Name: "s", Supervisor: &sup.Supervisor{
			Children: []sup.Child{{Name: "a", Run: j.noting(idle)}, {Name: "b", Run: j.noting(idle)}},
		}}}}, r.options())
		j.lines()
		if err := tree.Kill("root/s"); err != nil {
			t.Fatal(err)
		}
		if got := j.lines(); got != "-b -a +a +b" {
			t.Errorf("%s", got)
		}
		wantAll(t, r.exits(), "root/s failed: sup: killed by its name")
		if n := node(t, tree, "root/s/a"); n.Restarts != 0 || n.RestartsInAll != 1 {
			t.Errorf("restarts %d, in all %d", n.Restarts, n.RestartsInAll)
		}
	})
}

// A name in brackets may hold what looks like a way down.
func TestAProcessIsFoundByItsWholePath(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReports()
		tree := start(t, sup.Supervisor{Children: []sup.Child{
			{Name: "a", Supervisor: &sup.Supervisor{Children: []sup.Child{{Name: "c", Run: idle}}}},
			{Name: "a/b", Run: idle},
		}}, r.options())
		if err := tree.Kill("root/a/b"); err != nil {
			t.Error(err)
		}
		pause(0)
		wantAll(t, r.exits(), "root/a/b failed: sup: killed by its name")
	})
}

func TestWhatDoesNotRunAndTheRootAreNotKilled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		tree := start(t, sup.Supervisor{Children: []sup.Child{
			{Name: "a", Run: idle},
			{Name: "b", Restart: sup.Temporary, Run: func(p *sup.Process) error { p.Ready(); return nil }},
		}}, sup.Options{})
		pause(0)
		for path, why := range map[string]sup.Unkillable{
			"root": sup.IsRoot, "": sup.NotThere, "root/": sup.NotThere, "root/x": sup.NotThere, "root/b": sup.NotThere, "root/a/x": sup.NotThere, "a": sup.NotThere,
		} {
			var unkillable *sup.UnkillableError
			if err := tree.Kill(path); !errors.As(err, &unkillable) || unkillable.Why != why || unkillable.Path != path {
				t.Errorf("%q: %v", path, err)
			}
		}
	})
}
