package sup_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/etorrent/etorrent/sup"
)

func TestDownComesWhenAllHaveReturned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		into, pool := sup.NewMailbox[sup.Down](), sup.NewPool()
		start(t, sup.Supervisor{Strategy: sup.Dynamic, Pool: pool}, sup.Options{})
		pool.StartMonitored(sup.Child{Name: "a", Restart: sup.Temporary, Run: func(p *sup.Process) error {
			p.Go("lingers", func() error { <-time.After(3 * time.Second); return nil })
			p.Go("cancelled", func() error { <-p.Stopping(); return nil })
			return nil
		}}, into, "x")
		pause(2 * time.Second)
		wantAll(t, downs(into))
		pause(time.Second)
		wantAll(t, downs(into), "x root/a normal")
	})
}

func TestStuckChildIsWrittenOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, j, free := newReports(), newJournal(), make(chan struct{})
		s := sup.Supervisor{Children: []sup.Child{
			{Name: "a", Run: j.noting(idle)},
			{Name: "b", StopWithin: time.Second, Run: func(p *sup.Process) error {
				p.Ready()
				p.Go("hash", func() error { <-free; return nil })
				<-free
				return nil
			}},
		}}
		tree := start(t, s, r.options())
		go func() { _ = stop(tree) }()
		pause(1999 * time.Millisecond)
		wantAll(t, r.exits())
		wantLines(t, j.lines(), "+a")
		pause(time.Millisecond)
		wantAll(t, r.exits(), "root/b stuck in body, hash")
		wantLines(t, j.lines(), "-a")
		<-tree.Done()
		wantAll(t, states(tree.Snapshot().Root), "root idle", "root/a idle", "root/b stuck in body, hash")
		if err := stop(tree); err == nil || err.Error() != "sup: stuck: root/b" {
			t.Fatal(err)
		}
		free <- struct{}{}
		pause(0)
		if n := node(t, tree, "root/b"); len(n.State.(sup.Stuck).Goroutines) != 1 {
			t.Fatal(n.State)
		}
		close(free)
		pause(0)
		wantAll(t, states(tree.Snapshot().Root), "root idle", "root/a idle", "root/b idle")
		if err := stop(tree); err != nil {
			t.Fatal(err)
		}
	})
}

// A body that crashed is not replaced before what it left behind is gone or
// written off.
func TestNewIncarnationWaitsForTheOldOnesGoroutines(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, free, first := newJournal(), make(chan struct{}), make(chan struct{}, 1)
		first <- struct{}{}
		tree := start(t, sup.Supervisor{Children: []sup.Child{{
			Name: "a", StopWithin: time.Second, Run: j.noting(func(p *sup.Process) error {
				select {
				case <-first:
					p.Ready()
					p.Go("hash", func() error { <-free; return nil })
					return errTest
				default:
					return idle(p)
				}
			}),
		}}}, sup.Options{})
		pause(999 * time.Millisecond)
		wantLines(t, j.lines(), "+a -a")
		wantAll(t, states(tree.Snapshot().Root), "root running", "root/a stopping")
		pause(time.Millisecond)
		wantLines(t, j.lines(), "+a")
		wantAll(t, states(tree.Snapshot().Root), "root running", "root/a running", "root/a stuck in hash")
		close(free)
		pause(0)
		wantAll(t, states(tree.Snapshot().Root), "root running", "root/a running")
	})
}

type closing struct {
	j    journal
	name string
	wake chan struct{}
}

func (c closing) Close() error {
	c.j.note("close " + c.name)
	if c.wake != nil {
		close(c.wake)
	}
	return errTest
}

func TestLateChildIsKilled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, r := newJournal(), newReports()
		tree := start(t, one(func(p *sup.Process) error {
			wake := make(chan struct{})
			p.Closes(closing{j, "first", nil})
			p.Closes(closing{j, "forgotten", nil})()
			p.Closes(closing{j, "second", wake})
			p.Ready()
			defer j.note("unwound")
			for {
				<-wake
				p.Receive("after the kill")
				j.note("never")
			}
		}), r.options())
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
		defer cancel()
		_ = tree.Stop(ctx)
		wantLines(t, j.lines(), "")
		_ = stop(tree)
		wantAll(t, r.exits(), "root/a failed: sup: killed at its deadline")
		got := j.lines()
		if got != "close second close first unwound" && got != "close second unwound close first" {
			t.Fatal(got)
		}
	})
}

func TestWhatAProcessHoldsIsClosedAtItsEnd(t *testing.T) {
	for _, end := range []func() error{leave, fail, boom} {
		bubble(t, func(t *testing.T) {
			j, wake := newJournal(), make(chan struct{})
			start(t, one(func(p *sup.Process) error {
				p.Closes(closing{j, "it", wake})
				p.Go("reader", func() error { <-wake; j.note("woken"); return io.EOF })
				p.Ready()
				return end()
			}), sup.Options{})
			wantLines(t, j.lines(), "close it woken")
		})
	}
}

type slow struct{ free chan struct{} }

func (s slow) Close() error { <-s.free; return nil }

func TestProcessBlockedInItsOwnCloseIsWrittenOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, free := newReports(), make(chan struct{})
		defer close(free)
		start(t, one(func(p *sup.Process) error {
			p.Closes(slow{free})
			p.Ready()
			return nil
		}), r.options())
		pause(time.Minute)
		wantAll(t, r.exits(), "root/a stuck in body")
	})
}

// Close runs beside a supervisor that kills, not in it.
func TestSupervisorDoesNotWaitForAClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, free, forever := newReports(), make(chan struct{}), make(chan struct{})
		tree := start(t, one(func(p *sup.Process) error {
			p.Closes(slow{free})
			p.Ready()
			<-forever
			return nil
		}), r.options())
		_ = stop(tree)
		wantAll(t, r.exits(), "root/a stuck in body, close")
		close(forever)
		close(free)
	})
}

type bad struct{}

func (bad) Close() error { panic("bad close") }

func TestPanicOfACloseIsTheProcesss(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, r := newJournal(), newReports()
		start(t, one(func(p *sup.Process) error {
			p.Closes(closing{j, "other", nil})
			p.Closes(bad{})
			p.Ready()
			return nil
		}), r.options())
		wantAll(t, r.exits(), "root/a panicked: bad close")
		wantLines(t, j.lines(), "close other")
	})
}

func TestKilledProcessGetsNoFurther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, r := newJournal(), newReports()
		start(t, one(func(p *sup.Process) error {
			p.Ready()
			p.Go("receives", func() error { <-p.Stopping(); p.Receive("x"); j.note("never"); return nil })
			p.Go("goes", func() error { <-p.Stopping(); p.Go("y", leave); j.note("never"); return nil })
			p.Go("holds", func() error { <-p.Stopping(); p.Closes(closing{j, "late", nil})(); return nil })
			return errTest
		}), r.options())
		wantAll(t, r.exits(), "root/a failed: test")
		wantLines(t, j.lines(), "close late")
	})
}

func TestPanicWhileEndingIsNotHidden(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReports()
		start(t, one(func(p *sup.Process) error {
			p.Ready()
			p.Go("clumsy", func() error { <-p.Stopping(); return boom() })
			return nil
		}), r.options())
		wantAll(t, r.exits(), "root/a panicked: boom")
	})
}
