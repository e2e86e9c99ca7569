package sup_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/sup"
)

// one is a supervisor with one child "a" that is never restarted.
func one(b sup.Body) sup.Supervisor {
	return sup.Supervisor{Children: []sup.Child{{Name: "a", Kind: "tested", Restart: sup.Temporary, Run: b}}}
}

func TestPanicIsReportedWithItsStackAndLastMessage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReports()
		start(t, one(func(p *sup.Process) error {
			p.Ready()
			p.Receive("first")
			<-time.After(time.Second)
			p.Receive("second")
			return boom()
		}), r.options())
		pause(2 * time.Second)
		got := r.take()
		if len(got) != 1 {
			t.Fatal(got)
		}
		p, is := got[0].Exit.(sup.Panicked)
		if !is || p.Value != "boom" || !bytes.Contains(p.Stack, []byte("sup_test.boom")) {
			t.Fatalf("%v\n%s", got[0].Exit, p.Stack)
		}
		got[0].Exit = nil
		if want := (sup.Report{Path: "root/a", Kind: "tested", LastMessage: "second", Age: time.Second}); got[0] != want {
			t.Fatalf("%+v", got[0])
		}
	})
}

func TestStackIsBounded(t *testing.T) {
	var deep func(n int) error
	deep = func(n int) error {
		if n == 0 {
			panic("deep")
		}
		return deep(n - 1)
	}
	bubble(t, func(t *testing.T) {
		r := newReports()
		start(t, one(func(p *sup.Process) error { p.Ready(); return deep(1000) }), r.options())
		if p, is := r.take()[0].Exit.(sup.Panicked); !is || len(p.Stack) == 0 || len(p.Stack) > 16<<10 {
			t.Fatal(len(p.Stack))
		}
	})
}

func TestGoexitIsAFailure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReports()
		start(t, one(func(p *sup.Process) error { p.Ready(); runtime.Goexit(); return nil }), r.options())
		wantAll(t, r.exits(), "root/a failed: "+sup.ErrGoexit.Error())
	})
}

// linked is a body with a linked goroutine that ends at once as told; the body
// itself waits for the end.
func linked(f func() error) sup.Body {
	return func(p *sup.Process) error {
		p.Ready()
		p.Go("helper", f)
		<-p.Context().Done()
		return nil
	}
}

func TestLinkedGoroutineEndsTheProcess(t *testing.T) {
	for want, f := range map[string]func() error{
		"root/a panicked: boom": boom, "root/a failed: test": fail,
	} {
		bubble(t, func(t *testing.T) {
			r := newReports()
			start(t, one(linked(f)), r.options())
			wantAll(t, r.exits(), want)
		})
	}
}

func TestLinkedGoroutineMayLeave(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReports()
		tree := start(t, one(linked(leave)), r.options())
		wantAll(t, r.exits())
		if n := node(t, tree, "root/a"); n.State != (sup.Running{}) {
			t.Fatal(n.State)
		}
	})
}

func TestLinkedErrorAfterTheStopIsNoFailure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReports()
		tree := start(t, one(func(p *sup.Process) error {
			p.Ready()
			p.Go("reader", func() error { <-p.Stopping(); return io.EOF })
			<-p.Stopping()
			<-time.After(time.Second)
			return nil
		}), r.options())
		_ = stop(tree)
		wantAll(t, r.exits())
		if n := node(t, tree, "root/a"); n.LastExit != (sup.Stopped{}) {
			t.Fatal(n.LastExit)
		}
	})
}

func TestErrorAtTheStopIsAFailureUnlessItIsTheCancellation(t *testing.T) {
	for want, b := range map[sup.Exit]sup.Body{
		sup.Stopped{}:            func(p *sup.Process) error { _ = idle(p); return fmt.Errorf("x: %w", p.Context().Err()) },
		sup.Failed{Err: errTest}: func(p *sup.Process) error { _ = idle(p); return errTest },
		sup.Failed{Err: io.EOF}:  func(p *sup.Process) error { p.Ready(); return io.EOF },
		sup.Normal{}:             func(p *sup.Process) error { p.Ready(); return nil },
	} {
		bubble(t, func(t *testing.T) {
			tree := start(t, one(b), sup.Options{})
			pause(0)
			_ = stop(tree)
			if n := node(t, tree, "root/a"); n.LastExit != want {
				t.Fatal(n.LastExit, want)
			}
		})
	}
}

func TestAPauseEndsInItsTimeOrWhenTheProcessIsAskedToStop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var ends []sup.PauseEnd
		tree, err := sup.Start(t.Context(), "test", sup.Supervisor{Children: []sup.Child{{
			Name: "pauses", Run: func(p *sup.Process) error {
				p.Ready()
				for range 2 {
					ends = append(ends, p.Pause(time.Hour))
				}
				return nil
			},
		}}}, sup.Options{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(90 * time.Minute)
		if err := tree.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(ends, []sup.PauseEnd{sup.PauseOver, sup.StopAsked}) {
			t.Errorf("the pauses ended in %v", ends)
		}
	})
}
