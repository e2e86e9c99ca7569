package sup_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/sup"
)

var row = &sup.CallRow{Name: "double", From: "test", To: "server"}

type intPort = sup.Port[int, int]

// serving answers with the double; 0 is never answered, 13 is a panic.
func serving(port *intPort) sup.Body {
	return func(p *sup.Process) error {
		port.Serve(p)
		p.Watches(port)
		p.Ready()
		var kept []*sup.Request[int, int]
		for {
			select {
			case <-p.Stopping():
				return nil
			case <-port.Wake():
			}
			for _, r := range port.Take(nil) {
				p.Step("question")
				switch r.Q {
				case 0:
					kept = append(kept, r)
				case 13:
					panic(len(kept))
				default:
					r.Reply(2 * r.Q)
					r.Reply(3 * r.Q) // does not count
				}
			}
		}
	}
}

type result struct {
	r   int
	err error
}

// call calls from a goroutine of the test.
func call(ctx context.Context, port *intPort, q int) <-chan result {
	c := make(chan result, 1)
	go func() {
		r, err := sup.Call(ctx, row, port, q)
		c <- result{r, err}
	}()
	synctest.Wait()
	return c
}

func server(port *intPort) sup.Supervisor {
	return sup.Supervisor{
		Intensity: sup.Intensity{Restarts: 9, Within: time.Second},
		Children:  []sup.Child{{Name: "server", Run: serving(port)}},
	}
}

func wantDown(t *testing.T, err error, path string) {
	t.Helper()
	var down *sup.DownError
	if !errors.As(err, &down) || down.Path != path || down.Call != "double" {
		t.Fatalf("%v", err)
	}
}

func TestCallIsAnswered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		port := sup.NewPort[int, int]()
		early := call(t.Context(), port, 1) // nobody serves yet
		start(t, server(port), sup.Options{})
		if got := <-early; got != (result{r: 2}) {
			t.Fatal(got)
		}
		if got := <-call(t.Context(), port, 21); got != (result{r: 42}) {
			t.Fatal(got)
		}
	})
}

func TestCallFailsWithTheServerThatShouldAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		port := sup.NewPort[int, int]()
		start(t, server(port), sup.Options{})
		kept := call(t.Context(), port, 0)
		crash := call(t.Context(), port, 13)
		got := <-kept
		wantDown(t, got.err, "root/server")
		var p *sup.PanicError
		if !errors.As(got.err, &p) || p.Value != 1 {
			t.Fatal(got.err)
		}
		wantDown(t, (<-crash).err, "root/server")
		if got := <-call(t.Context(), port, 4); got.r != 8 {
			t.Fatal("the next incarnation does not answer", got)
		}
	})
}

func TestCallWaitsForTheNextIncarnation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		port, j := sup.NewPort[int, int](), newJournal()
		start(t, sup.Supervisor{Children: []sup.Child{{Name: "server", Run: j.noting(func(p *sup.Process) error {
			<-time.After(time.Second)
			return serving(port)(p)
		})}}}, sup.Options{})
		<-call(t.Context(), port, 13)
		waiting := call(t.Context(), port, 5)
		select {
		case got := <-waiting:
			t.Fatal(got)
		default:
		}
		if got := <-waiting; got.r != 10 {
			t.Fatal(got)
		}
	})
}

func TestCallEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		port := sup.NewPort[int, int]()
		ctx, cancel := context.WithCancel(t.Context())
		unserved := call(ctx, port, 1)
		if port.Depth() != 1 {
			t.Fatal(port.Depth())
		}
		cancel()
		if got := <-unserved; !errors.Is(got.err, context.Canceled) || port.Depth() != 0 {
			t.Fatal(got, port.Depth())
		}
		start(t, server(port), sup.Options{})
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := <-call(ctx, port, 0); !errors.Is(got.err, context.DeadlineExceeded) {
			t.Fatal(got)
		}
	})
}

func TestCallWithAnEndedContextAsksNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		port := sup.NewPort[int, int]()
		start(t, server(port), sup.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 100 { // an answer would win the race now and then
			if got := <-call(ctx, port, 1); !errors.Is(got.err, context.Canceled) {
				t.Fatal(got)
			}
		}
	})
}

func TestCallFailsWhenNoServerIsToCome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		port := sup.NewPort[int, int]()
		tree := start(t, server(port), sup.Options{})
		kept := call(t.Context(), port, 0)
		_ = stop(tree)
		wantDown(t, (<-kept).err, "root/server")
		wantDown(t, (<-call(t.Context(), port, 1)).err, "root/server")
		start(t, server(port), sup.Options{}) // another tree may serve it
		if got := <-call(t.Context(), port, 1); got.r != 2 {
			t.Fatal(got)
		}
	})
}

func TestCallFailsWithAStuckServer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		port, free := sup.NewPort[int, int](), make(chan struct{})
		tree := start(t, one(func(p *sup.Process) error {
			port.Serve(p)
			p.Ready()
			<-free
			port.Serve(p) // too late, and without effect
			return nil
		}), sup.Options{})
		c := call(t.Context(), port, 1)
		_ = stop(tree)
		wantDown(t, (<-c).err, "root/a")
		close(free)
		pause(0)
		wantDown(t, (<-call(t.Context(), port, 1)).err, "root/a")
	})
}

func TestCallBeforeReadyPanics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		port := sup.NewPort[int, int]()
		_, err := sup.Start(t.Context(), "root", one(func(p *sup.Process) error {
			ctx, cancel := context.WithTimeout(p.Context(), time.Second)
			defer cancel()
			_, err := sup.Call(ctx, row, port, 1)
			return err
		}), sup.Options{})
		if err == nil || err.Error() != "sup: start root/a: panic: sup: call double by root/a before its Ready" {
			t.Fatal(err)
		}
	})
}

func TestCallOfAStoppingProcessEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		port, j := sup.NewPort[int, int](), newJournal()
		tree := start(t, one(func(p *sup.Process) error {
			p.Ready()
			_, err := sup.Call(p.Context(), row, port, 1)
			j.note(err.Error())
			return err
		}), sup.Options{})
		_ = stop(tree)
		wantLines(t, j.lines(), "context canceled")
	})
}

func TestTwoLivingServersAreABug(t *testing.T) {
	bubble(t, func(t *testing.T) {
		port, r := sup.NewPort[int, int](), newReports()
		s := server(port)
		s.Children = append(s.Children, sup.Child{Name: "other", Run: serving(port)})
		if _, err := sup.Start(t.Context(), "root", s, r.options()); err == nil {
			t.Fatal("served twice")
		}
	})
}

// The server ran in one incarnation of its supervisor and never came up in the
// next, which did not start.
func TestCallFailsWhenTheServersSupervisorComesBackWithoutIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		port, crash, starts := sup.NewPort[int, int](), make(chan func() error), 0
		never := sup.Intensity{Within: time.Second}
		start(t, sup.Supervisor{Children: []sup.Child{{Name: "s", Supervisor: &sup.Supervisor{
			Strategy: sup.OneForAll, Intensity: never, Children: []sup.Child{
				{Name: "first", Run: func(p *sup.Process) error {
					if starts++; starts > 1 {
						return errTest
					}
					return until(crash)(p)
				}},
				{Name: "server", Run: serving(port)},
			},
		}}}}, sup.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		crash <- fail
		pause(0)
		wantDown(t, (<-call(ctx, port, 1)).err, "root/s/server")
	})
}
