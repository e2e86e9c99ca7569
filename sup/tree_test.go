package sup_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/sup"
)

func TestTreeStartsInOrderAndStopsInReverse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j := newJournal()
		slow := j.noting(func(p *sup.Process) error {
			<-time.After(time.Second)
			j.note("ready")
			return idle(p)
		})
		tree := start(t, sup.Supervisor{Children: []sup.Child{
			{Name: "a", Run: slow},
			{Name: "b", Supervisor: &sup.Supervisor{Children: []sup.Child{
				{Name: "c", Run: slow}, {Name: "d", Run: j.noting(idle)},
			}}},
			{Name: "e", Run: j.noting(idle)},
		}}, sup.Options{})
		wantLines(t, j.lines(), "+a ready +c ready +d +e")
		if err := stop(tree); err != nil || tree.Err() != nil {
			t.Fatal(err, tree.Err())
		}
		wantLines(t, j.lines(), "-e -d -c -a")
		<-tree.Done()
	})
}

func TestFailedStartStopsWhatWasStarted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, r := newJournal(), newReports()
		_, err := sup.Start(context.Background(), "root", sup.Supervisor{Children: []sup.Child{
			{Name: "a", Run: j.noting(idle)},
			{Name: "b", Supervisor: &sup.Supervisor{Children: []sup.Child{
				{Name: "c", Run: j.noting(idle)},
				{Name: "d", Run: func(*sup.Process) error { return errTest }},
				{Name: "e", Run: j.noting(idle)},
			}}},
			{Name: "f", Run: j.noting(idle)},
		}}, r.options())
		var failed *sup.StartError
		if !errors.As(err, &failed) || failed.Path != "root/b/d" || !errors.Is(err, errTest) {
			t.Fatalf("%v", err)
		}
		wantLines(t, j.lines(), "+a +c -c -a")
		wantAll(t, r.exits(),
			"root/b/d start failed: test",
			"root/b start failed: sup: start root/b/d: test",
			"root start failed: sup: start root/b/d: test")
	})
}

func TestPanicBeforeReadyIsAFailedStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, err := sup.Start(context.Background(), "root", sup.Supervisor{Children: []sup.Child{
			{Name: "a", Run: func(*sup.Process) error { panic("early") }},
		}}, sup.Options{})
		var p *sup.PanicError
		if !errors.As(err, &p) || p.Value != "early" || len(p.Stack) == 0 {
			t.Fatalf("%v", err)
		}
	})
}

func TestContextBoundsTheStartOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j := newJournal()
		hangs := j.noting(func(p *sup.Process) error { <-p.Stopping(); return nil })
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := sup.Start(ctx, "root", sup.Supervisor{Children: []sup.Child{
			{Name: "a", Run: j.noting(idle)}, {Name: "b", Run: hangs},
		}}, sup.Options{})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		wantLines(t, j.lines(), "+a +b -b -a")

		ctx, cancel = context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		tree, err := sup.Start(ctx, "root", sup.Supervisor{}, sup.Options{})
		if err != nil {
			t.Fatal(err)
		}
		pause(time.Minute)
		select {
		case <-tree.Done():
			t.Fatal("ended with the context of its start")
		default:
		}
		_ = stop(tree)
	})
}

func TestStopGoesOnAfterItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		tree := start(t, sup.Supervisor{Children: []sup.Child{
			{Name: "a", Run: func(p *sup.Process) error { _ = idle(p); <-time.After(time.Second); return nil }},
		}}, sup.Options{})
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := tree.Stop(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		<-tree.Done()
	})
}

func TestDescriptionsAreChecked(t *testing.T) {
	ok := sup.Child{Name: "x", Run: idle}
	for fault, s := range map[string]sup.Supervisor{
		"no name":       {Children: []sup.Child{{Run: idle}}},
		"nothing to do": {Children: []sup.Child{{Name: "x"}}},
		"two things":    {Children: []sup.Child{{Name: "x", Run: idle, Supervisor: &sup.Supervisor{}}}},
		"same name":     {Children: []sup.Child{ok, ok}},
		"restart":       {Children: []sup.Child{{Name: "x", Run: idle, Restart: 7}}},
		"strategy":      {Strategy: 9},
		"no pool":       {Strategy: sup.Dynamic},
		"static pool":   {Pool: sup.NewPool()},
		"dynamic child": {Strategy: sup.Dynamic, Pool: sup.NewPool(), Children: []sup.Child{ok}},
		"intensity":     {Intensity: sup.Intensity{Restarts: -1}},
		"below":         {Children: []sup.Child{{Name: "y", Supervisor: &sup.Supervisor{Strategy: 9}}}},
	} {
		var spec *sup.SpecError
		if _, err := sup.Start(context.Background(), "root", s, sup.Options{}); !errors.As(err, &spec) {
			t.Errorf("%s: %v", fault, err)
		}
	}
}

func TestRootThatGivesUpEndsTheTree(t *testing.T) {
	bubble(t, func(t *testing.T) {
		end := make(chan func() error)
		j := newJournal()
		tree := start(t, sup.Supervisor{Children: []sup.Child{
			{Name: "a", Run: j.noting(idle)}, {Name: "b", Run: until(end)},
		}}, sup.Options{})
		end <- fail
		end <- boom
		<-tree.Done()
		var gaveUp *sup.EscalatedError
		if !errors.As(tree.Err(), &gaveUp) || gaveUp.Path != "root" || gaveUp.Child != "root/b" {
			t.Fatalf("%v", tree.Err())
		}
		if p, is := gaveUp.Exit.(sup.Panicked); !is || p.Value != "boom" {
			t.Fatalf("%v", gaveUp.Exit)
		}
		wantLines(t, j.lines(), "+a -a")
		if err := stop(tree); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSupervisorThatGivesUpIsRestartedByItsParent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		end := make(chan func() error)
		j, r := newJournal(), newReports()
		tree := start(t, sup.Supervisor{Strategy: sup.RestForOne, Children: []sup.Child{
			{Name: "a", Run: j.noting(idle)},
			{Name: "b", Supervisor: &sup.Supervisor{
				Intensity: sup.Intensity{Within: time.Second},
				Children:  []sup.Child{{Name: "c", Run: j.noting(idle)}, {Name: "d", Run: j.noting(until(end))}},
			}},
			{Name: "e", Run: j.noting(idle)},
		}}, r.options())
		wantLines(t, j.lines(), "+a +c +d +e")
		end <- fail
		wantLines(t, j.lines(), "-d -c -e +c +d +e")
		wantAll(t, r.exits(),
			"root/b/d failed: test",
			"root/b failed: sup: root/b gave up: root/b/d failed: test")
		if n := node(t, tree, "root/b"); n.Restarts != 1 || n.LastExit == nil {
			t.Fatalf("%+v", n)
		}
	})
}

func TestRestartFollowsTheRestartType(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ends := map[sup.Restart]chan func() error{}
		s := sup.Supervisor{Intensity: sup.Intensity{Restarts: 9, Within: time.Second}}
		for _, r := range []sup.Restart{sup.Permanent, sup.Transient, sup.Temporary} {
			ends[r] = make(chan func() error)
			s.Children = append(s.Children, sup.Child{Name: r.String(), Restart: r, Run: until(ends[r])})
		}
		tree := start(t, s, sup.Options{})
		ends[sup.Transient] <- boom
		ends[sup.Permanent] <- leave
		ends[sup.Permanent] <- fail
		ends[sup.Temporary] <- fail
		ends[sup.Transient] <- leave
		synctest.Wait()
		wantAll(t, states(tree.Snapshot().Root),
			"root running", "root/permanent running", "root/transient idle", "root/temporary idle")
		if n := node(t, tree, "root/permanent"); n.Restarts != 2 || n.LastExit != (sup.Failed{Err: errTest}) {
			t.Fatalf("%+v", n)
		}
		if n := node(t, tree, "root/transient"); n.Restarts != 1 || n.LastExit != (sup.Normal{}) {
			t.Fatalf("%+v", n)
		}
	})
}
