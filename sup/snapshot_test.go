package sup_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/sup"
)

type depth int

func (d depth) Depth() int { return int(d) }

func TestSnapshotShowsWhatProcessesAreUpTo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		began := time.Now()
		work := make(chan func(*sup.Process))
		tree := start(t, sup.Supervisor{Children: []sup.Child{
			{Name: "worker", Kind: "a kind", Run: doing(work)},
		}}, sup.Options{})
		box := sup.NewMailbox[int]()
		box.Put(1)
		pause(time.Second)
		work <- func(p *sup.Process) {
			p.Watches(box, depth(2))
			p.Receive("hello")
			p.Degraded(errTest)
		}
		pause(0)
		got := tree.Snapshot()
		if want := fmt.Sprint(sup.Snapshot{Taken: time.Now(), Root: sup.Node{
			Name: "root", Kind: "root", Path: "root", State: sup.Running{}, Strategy: "one_for_one", Started: began,
			Children: []sup.Node{{
				Name: "worker", Kind: "a kind", Path: "root/worker", State: sup.Degraded{Err: errTest},
				Started: began, LastMessage: "hello", MailboxDepth: 3, Mailboxes: 2,
			}},
		}}.Root); fmt.Sprint(got.Root) != want || !got.Taken.Equal(time.Now()) {
			t.Fatalf("got  %v\nwant %s", got.Root, want)
		}
		work <- func(p *sup.Process) { p.Healthy() }
		pause(0)
		if n := node(t, tree, "root/worker"); n.State != (sup.Running{}) {
			t.Fatal(n.State)
		}
		work <- func(*sup.Process) { panic("x") }
		pause(0)
		want := "root  running\n  worker  running, restarts 1, last exit panicked: x\n"
		if got := tree.Snapshot().String(); got != want {
			t.Fatalf("got\n%s", got)
		}
	})
}

func TestSnapshotShowsStartsAndStops(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pool := sup.NewPool()
		slowly := func(p *sup.Process) error {
			<-time.After(time.Second)
			_ = idle(p)
			<-time.After(time.Second)
			return nil
		}
		tree := start(t, sup.Supervisor{Strategy: sup.Dynamic, Pool: pool}, sup.Options{})
		pool.Start(sup.Child{Name: "s", Supervisor: &sup.Supervisor{Children: []sup.Child{
			{Name: "a", Run: slowly}, {Name: "b", Run: idle},
		}}})
		pause(0)
		wantAll(t, states(tree.Snapshot().Root),
			"root running", "root/s starting", "root/s/a starting", "root/s/b idle")
		pause(time.Second)
		pool.Stop("s")
		pause(0)
		wantAll(t, states(tree.Snapshot().Root),
			"root running", "root/s stopping", "root/s/a stopping", "root/s/b idle")
		pause(time.Second)
		wantAll(t, states(tree.Snapshot().Root), "root running")
	})
}

// The place of a stuck process whose supervisor is gone is the nearest one that
// is left.
func TestSnapshotKeepsTheStuckOfADeadSupervisor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pool, free := sup.NewPool(), make(chan struct{})
		tree := start(t, sup.Supervisor{Children: []sup.Child{
			{Name: "pool", Supervisor: &sup.Supervisor{Strategy: sup.Dynamic, Pool: pool}},
		}}, sup.Options{})
		pool.Start(sup.Child{Name: "s", Restart: sup.Temporary, Supervisor: &sup.Supervisor{Children: []sup.Child{
			{Name: "a", Run: func(p *sup.Process) error { p.Ready(); <-free; return nil }},
		}}})
		pause(0)
		pool.Stop("s")
		pause(time.Minute)
		wantAll(t, states(tree.Snapshot().Root), "root running", "root/pool running", "root/pool/s/a stuck in body")
		close(free)
		pause(0)
		wantAll(t, states(tree.Snapshot().Root), "root running", "root/pool running")
	})
}

func TestHookFailsTheNthPoint(t *testing.T) {
	for _, at := range []sup.Moment{sup.OnReceive, sup.InStep, sup.BetweenActions} {
		t.Run(at.String(), func(t *testing.T) { hookAt(t, at) })
	}
}

func hookAt(t *testing.T, at sup.Moment) {
	bubble(t, func(t *testing.T) {
		r, seen, work := newReports(), 0, make(chan func(*sup.Process))
		options := r.options()
		options.Hook = func(p sup.Point) {
			if p.Path != "root/a" || p.Kind != "tested" || p.Label != p.At.String() {
				panic(fmt.Sprintf("%+v", p))
			}
			if p.At == at {
				if seen++; seen == 3 {
					panic(errors.New("third"))
				}
			}
		}
		start(t, one(doing(work)), options)
		for range 3 {
			work <- func(p *sup.Process) {
				p.Receive(sup.OnReceive.String())
				p.Step(sup.InStep.String())
				p.Act(sup.BetweenActions.String())
			}
		}
		wantAll(t, r.exits(), "root/a panicked: third")
	})
}

func TestMailbox(t *testing.T) {
	m := sup.NewMailbox[int]()
	for i := range 3000 {
		m.Put(i)
	}
	if m.Depth() != 3000 || len(m.Wake()) != 1 {
		t.Fatal(m.Depth())
	}
	buf := make([]int, 1, 10)
	buf = m.Take(buf)
	for i, v := range buf {
		if i != v {
			t.Fatal(i, v)
		}
	}
	if len(buf) != 3000 || m.Depth() != 0 || len(m.Wake()) != 0 {
		t.Fatal(len(buf), m.Depth())
	}
	if m.Put(1); buf[0] != 0 || len(m.Take(buf)) != 1 {
		t.Fatal("shared memory")
	}
	if len(m.Take(nil)) != 0 {
		t.Fatal("not empty")
	}
}
