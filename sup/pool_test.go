package sup_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/sup"
)

func temporary(name string, b sup.Body) sup.Child {
	return sup.Child{Name: name, Restart: sup.Temporary, Run: b}
}

func TestPoolStartsAndStopsChildren(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pool, into := sup.NewPool(), sup.NewMailbox[sup.Down]()
		pool.StartMonitored(temporary("early", idle), into, "e") // before the supervisor runs
		tree := start(t, sup.Supervisor{Strategy: sup.Dynamic, Pool: pool}, sup.Options{})
		pool.Start(temporary("late", idle))
		pause(0)
		wantAll(t, states(tree.Snapshot().Root), "root running", "root/early running", "root/late running")
		pool.Stop("early")
		pool.Stop("nobody")
		wantAll(t, downs(into), "e root/early stopped")
		wantAll(t, states(tree.Snapshot().Root), "root running", "root/late running")
	})
}

func TestPoolRefusesWhatCannotStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pool, into, r := sup.NewPool(), sup.NewMailbox[sup.Down](), newReports()
		tree := start(t, sup.Supervisor{Strategy: sup.Dynamic, Pool: pool}, r.options())
		pool.Start(temporary("a", idle))
		pool.StartMonitored(temporary("a", idle), into, "twice")
		pool.StartMonitored(sup.Child{Name: "b"}, into, "nothing")
		pool.StartMonitored(temporary("c", func(*sup.Process) error { return errTest }), into, "fails")
		wantAll(t, downs(into),
			"twice root/a start failed: "+sup.ErrNameTaken.Error(),
			"nothing root/b start failed: sup: root/b: neither Run nor Supervisor",
			"fails root/c start failed: test")
		if got := len(r.take()); got != 3 {
			t.Fatal(got)
		}
		_ = stop(tree)
		pool.StartMonitored(temporary("d", idle), into, "late")
		wantAll(t, downs(into), "late root/d start failed: "+sup.ErrPoolClosed.Error())
	})
}

// On hearing of a death one may start the next of the same name.
func TestNameIsFreeWhenItsMonitorHears(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pool, into, r := sup.NewPool(), sup.NewMailbox[sup.Down](), newReports()
		start(t, sup.Supervisor{Strategy: sup.Dynamic, Pool: pool}, r.options())
		for range 100 {
			pool.StartMonitored(temporary("a", func(*sup.Process) error { return nil }), into, nil)
			<-into.Wake()
			wantAll(t, downs(into), "root/a normal")
		}
		wantAll(t, r.exits())
	})
}

func TestDynamicChildrenRestartByType(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pool := sup.NewPool()
		ends := map[sup.Restart]chan func() error{}
		tree := start(t, sup.Supervisor{
			Strategy: sup.Dynamic, Pool: pool, Intensity: sup.Intensity{Restarts: 9, Within: time.Second},
		}, sup.Options{})
		for _, r := range []sup.Restart{sup.Permanent, sup.Transient, sup.Temporary} {
			ends[r] = make(chan func() error)
			pool.Start(sup.Child{Name: r.String(), Restart: r, Run: until(ends[r])})
		}
		for _, end := range []func() error{fail, leave} {
			for _, c := range ends {
				select {
				case c <- end:
				case <-time.After(time.Second):
				}
			}
		}
		pause(0)
		wantAll(t, states(tree.Snapshot().Root), "root running", "root/permanent running")
		if n := node(t, tree, "root/permanent"); n.Restarts != 2 {
			t.Fatal(n.Restarts)
		}
	})
}

// torrents is a dynamic supervisor beside a child whose crash restarts it.
func torrents(pool *sup.Pool, crash <-chan func() error) sup.Supervisor {
	return sup.Supervisor{
		Strategy: sup.RestForOne, Intensity: sup.Intensity{Restarts: 9, Within: time.Second},
		Children: []sup.Child{
			{Name: "roster", Run: until(crash)},
			{Name: "slow", Run: func(p *sup.Process) error {
				select {
				case <-time.After(time.Minute):
				case <-p.Stopping():
				}
				return idle(p)
			}},
			{Name: "pool", Supervisor: &sup.Supervisor{Strategy: sup.Dynamic, Pool: pool}},
		},
	}
}

func TestPoolOutlivesItsSupervisorsRestart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pool, into, crash := sup.NewPool(), sup.NewMailbox[sup.Down](), make(chan func() error)
		tree := start(t, torrents(pool, crash), sup.Options{})
		pool.StartMonitored(temporary("old", idle), into, "1")
		pause(0)
		crash <- fail
		pause(time.Second)
		wantAll(t, downs(into), "1 root/pool/old stopped")
		pool.StartMonitored(temporary("new", idle), into, "2")
		pool.Start(temporary("short", idle))
		pool.Stop("short")
		pause(time.Second)
		wantAll(t, states(node(t, tree, "root/pool")), "root/pool idle")
		pause(time.Minute)
		wantAll(t, states(node(t, tree, "root/pool")), "root/pool running", "root/pool/new running")
		_ = stop(tree)
		wantAll(t, downs(into), "2 root/pool/new stopped")
	})
}

func TestCastsToAClosingSupervisorAreForTheNext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pool, into, crash := sup.NewPool(), sup.NewMailbox[sup.Down](), make(chan func() error)
		start(t, torrents(pool, crash), sup.Options{})
		pool.StartMonitored(temporary("slow", func(p *sup.Process) error {
			_ = idle(p)
			<-time.After(time.Second)
			return nil
		}), into, "1")
		pause(0)
		crash <- fail
		pause(time.Second / 2)
		pool.StartMonitored(temporary("slow", func(*sup.Process) error { return nil }), into, "2")
		pause(time.Hour)
		wantAll(t, downs(into), "1 root/pool/slow stopped", "2 root/pool/slow normal")
	})
}

func TestPoolThatWillNotRunAgainRefusesWhatWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pool, into, crash := sup.NewPool(), sup.NewMailbox[sup.Down](), make(chan func() error)
		tree := start(t, torrents(pool, crash), sup.Options{})
		crash <- fail
		pause(time.Second)
		pool.StartMonitored(temporary("new", idle), into, "2")
		wantAll(t, downs(into))
		_ = stop(tree)
		wantAll(t, downs(into), "2 root/pool/new start failed: "+sup.ErrPoolClosed.Error())
	})
}

func TestPoolOfAChildThatIsGoneIsClosed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		outer, inner, into := sup.NewPool(), sup.NewPool(), sup.NewMailbox[sup.Down]()
		start(t, sup.Supervisor{Strategy: sup.Dynamic, Pool: outer}, sup.Options{})
		torrent := sup.Child{Name: "torrent", Restart: sup.Temporary, Supervisor: &sup.Supervisor{Children: []sup.Child{
			{Name: "peers", Supervisor: &sup.Supervisor{Strategy: sup.Dynamic, Pool: inner}},
		}}}
		outer.StartMonitored(torrent, into, "t")
		inner.StartMonitored(temporary("p", idle), into, "p")
		pause(0)
		outer.Stop("torrent")
		wantAll(t, downs(into), "p root/torrent/peers/p stopped", "t root/torrent stopped")
		inner.StartMonitored(temporary("q", idle), into, "q")
		wantAll(t, downs(into), "q root/torrent/peers/q start failed: "+sup.ErrPoolClosed.Error())
		outer.Start(torrent) // the same description again opens its pool
		pause(0)
		inner.StartMonitored(temporary("r", func(*sup.Process) error { return nil }), into, "r")
		wantAll(t, downs(into), "r root/torrent/peers/r normal")
	})
}

func TestOnePoolServesOneSupervisor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pool, r := sup.NewPool(), newReports()
		start(t, sup.Supervisor{Strategy: sup.Dynamic, Pool: pool}, sup.Options{})
		_, err := sup.Start(t.Context(), "other", sup.Supervisor{Strategy: sup.Dynamic, Pool: pool}, r.options())
		if err == nil {
			t.Fatal("served twice")
		}
		wantAll(t, r.exits(), "other start failed: sup: start other: "+sup.ErrPoolServed.Error())
	})
}

func TestMonitoredStartsOfAFailedTreeAreRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pool, into := sup.NewPool(), sup.NewMailbox[sup.Down]()
		pool.StartMonitored(temporary("a", idle), into, "a")
		_, err := sup.Start(t.Context(), "root", sup.Supervisor{Children: []sup.Child{
			{Name: "fails", Run: func(*sup.Process) error { return errTest }},
			{Name: "pool", Supervisor: &sup.Supervisor{Strategy: sup.Dynamic, Pool: pool}},
		}}, sup.Options{})
		if err == nil {
			t.Fatal("started")
		}
		wantAll(t, downs(into), "a a start failed: "+sup.ErrPoolClosed.Error())
	})
}

func TestWhatAPoolKeepsIsThereInEachIncarnationOfItsSupervisor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pool, crash, r := sup.NewPool(), make(chan func() error), newReports()
		pool.Keep(temporary("early", idle)) // before the supervisor runs
		pool.Keep(temporary("stopped", idle))
		tree := start(t, torrents(pool, crash), r.options())
		pause(time.Minute)
		pool.Keep(temporary("late", idle))
		pool.Start(temporary("started", idle))
		pool.Stop("stopped")
		pause(0)
		wantAll(t, states(node(t, tree, "root/pool")),
			"root/pool running", "root/pool/early running", "root/pool/late running", "root/pool/started running")
		for range 2 {
			crash <- fail
			pause(time.Second)
			pool.Keep(temporary("between", idle))
			pool.Stop("late")
			pause(2 * time.Minute)
			wantAll(t, states(node(t, tree, "root/pool")),
				"root/pool running", "root/pool/early running", "root/pool/between running")
		}
		pool.Keep(temporary("between", idle))
		pause(0)
		if failed := r.exits(); len(failed) != 3 { // two crashes, and a name that is taken
			t.Errorf("%q", failed)
		}
		if err := tree.Kill("root/pool"); err != nil {
			t.Fatal(err)
		}
		pool.Keep(temporary("crossing", idle)) // the supervisor that ends does not take it any more
		pause(time.Minute)
		wantAll(t, states(node(t, tree, "root/pool")),
			"root/pool running", "root/pool/early running", "root/pool/between running", "root/pool/crossing running")
		_ = stop(tree)
		pool.Keep(temporary("d", idle))
	})
}
