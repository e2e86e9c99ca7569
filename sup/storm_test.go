package sup_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/sup"
)

// storm is one run: a small tree whose processes panic, fail, leave and get
// stuck for a while at random, by seed.
type storm struct {
	t      *testing.T
	pool   *sup.Pool
	into   *sup.Mailbox[sup.Down]
	port   *intPort
	casts  int
	downed int

	mu    sync.Mutex
	rng   *rand.Rand
	calm  string // "calm" once the storm is over
	alive map[string]int
	toll  toll
}

func newStorm(t *testing.T, seed uint64, all toll) *storm {
	return &storm{
		t: t, pool: sup.NewPool(), into: sup.NewMailbox[sup.Down](), port: sup.NewPort[int, int](),
		rng: rand.New(rand.NewPCG(seed, 1)), alive: map[string]int{}, toll: all,
	}
}

// strike panics now and then; it is the hook.
func (s *storm) strike(p sup.Point) {
	s.mu.Lock()
	hit := s.calm == "" && s.rng.IntN(30) == 0
	s.mu.Unlock()
	if hit {
		s.note(fmt.Sprint(p.Label, " ", p.At))
		panic(fmt.Sprintf("%s at %s %v", p.Path, p.Label, p.At))
	}
}

// over is "calm" once the storm is over.
func (s *storm) over() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calm
}

// dice is below n, and n-1 when the storm is over.
func (s *storm) dice(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calm != "" {
		return n - 1
	}
	return s.rng.IntN(n)
}

// enter counts the incarnations of a path by their bodies, which never get
// stuck: there is never a second one.
func (s *storm) enter(path string) (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alive[path]++; s.alive[path] > 1 {
		s.t.Errorf("two incarnations of %s", path)
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.alive[path]--
	}
}

// body works every millisecond, in the body and in a linked goroutine.
func (s *storm) body(p *sup.Process) error {
	defer s.enter(p.Path())()
	if s.dice(20) == 0 {
		return errors.New("no start")
	}
	p.Ready()
	p.Go("helper", func() error { return s.work(p, "helper") })
	return s.work(p, "body")
}

func (s *storm) work(p *sup.Process, who string) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if s.over() == "calm" {
			tick.Stop()
		}
		select {
		case <-p.Stopping():
			s.linger(p, who)
			return nil
		case <-tick.C:
			p.Receive(who)
		}
		p.Step(who)
		p.Act(who)
		switch s.dice(60) {
		case 0:
			return errTest
		case 1:
			return nil
		}
	}
}

// linger makes a goroutine slow to return: a body at times so slow that it is
// killed where it receives, a helper so slow that its process is written off.
func (s *storm) linger(p *sup.Process, who string) {
	switch s.dice(20) {
	case 0:
		<-time.After(20 * time.Millisecond)
	case 1:
		if who == "helper" {
			<-time.After(150 * time.Millisecond)
			return
		}
		for range 8 {
			<-time.After(10 * time.Millisecond)
			p.Receive(who)
		}
	}
}

func (s *storm) child(name string, r sup.Restart) sup.Child {
	return sup.Child{Name: name, Restart: r, StopWithin: 50 * time.Millisecond, Run: s.body}
}

func (s *storm) tree() sup.Supervisor {
	often := sup.Intensity{Restarts: 4, Within: 10 * time.Millisecond}
	return sup.Supervisor{
		Strategy: sup.OneForOne, Intensity: sup.Intensity{Restarts: 4, Within: 50 * time.Millisecond},
		Children: []sup.Child{
			{Name: "rest", Supervisor: &sup.Supervisor{Strategy: sup.RestForOne, Intensity: often, Children: []sup.Child{
				s.child("1", sup.Permanent), s.child("2", sup.Transient), s.child("3", sup.Permanent),
			}}},
			{Name: "all", Supervisor: &sup.Supervisor{Strategy: sup.OneForAll, Intensity: often, Children: []sup.Child{
				s.child("1", sup.Permanent), s.child("2", sup.Permanent),
				{Name: "server", Run: serving(s.port)},
			}}},
			{Name: "pool", Supervisor: &sup.Supervisor{Strategy: sup.Dynamic, Intensity: often, Pool: s.pool}},
		},
	}
}

func (s *storm) cast(i int) {
	name := fmt.Sprint("peer", i%4)
	if i%5 == 0 {
		s.pool.Stop(name)
		return
	}
	s.casts++
	s.pool.StartMonitored(s.child(name, sup.Restart(i%3)), s.into, i)
}

func (s *storm) run() (outcome string) {
	tree, err := sup.Start(s.t.Context(), "root", s.tree(), sup.Options{Hook: s.strike, Observe: s.observe})
	if err != nil {
		pause(time.Second / 2)
		s.countDowns()
		return "no start"
	}
	for i := range 20 {
		s.cast(i)
		if _, err := sup.Call(s.t.Context(), row, s.port, i); err != nil {
			s.note("asked in vain")
			continue
		}
		pause(time.Millisecond)
	}
	s.mu.Lock()
	s.calm = "calm"
	s.mu.Unlock()
	pause(time.Second / 2)
	outcome = s.judge(tree)
	if err := stop(tree); err != nil {
		s.t.Error(err)
	}
	s.countDowns()
	return outcome
}

// judge: all is up again, or the root has given up.
func (s *storm) judge(tree *sup.Tree) (outcome string) {
	select {
	case <-tree.Done():
		var gaveUp *sup.EscalatedError
		if !errors.As(tree.Err(), &gaveUp) {
			s.t.Errorf("ended with %v", tree.Err())
		}
		return "escalated"
	default:
	}
	for _, path := range []string{"root/rest/1", "root/rest/3", "root/all/1", "root/all/2", "root/all/server", "root/pool"} {
		if n := node(s.t, tree, path); n.State != (sup.Running{}) {
			s.t.Errorf("%s is %v after the storm", path, n.State)
		}
	}
	return "restarted"
}

// countDowns: every monitor hears once.
func (s *storm) countDowns() {
	heard := map[any]int{}
	for _, d := range s.into.Take(nil) {
		heard[d.Tag]++
		s.downed++
	}
	if len(heard) != s.casts || s.downed != s.casts {
		s.t.Errorf("%d monitors, %d heard, %d times", s.casts, len(heard), s.downed)
	}
}

func TestPanicStormEndsRestartedOrEscalated(t *testing.T) {
	all, part := toll{}, 1
	if testing.Short() {
		part = 5
	}
	for seed := range uint64(trees / part) {
		bubble(t, func(t *testing.T) { all[newStorm(t, seed, all).run()]++ })
		if t.Failed() {
			t.Fatalf("run %d", seed)
		}
	}
	all.judge(t, part)
}
