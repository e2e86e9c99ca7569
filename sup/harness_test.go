package sup_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/sup"
)

// bubble runs a test in fake time; a goroutine that is left fails it.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// start starts a tree that is stopped at the end of the test.
func start(t *testing.T, s sup.Supervisor, o sup.Options) *sup.Tree {
	t.Helper()
	tree, err := sup.Start(context.Background(), "root", s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop(tree) })
	return tree
}

func stop(tree *sup.Tree) error { return tree.Stop(context.Background()) }

// pause lets fake time pass, and everything happen that happens meanwhile.
func pause(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// idle runs until it is asked to stop.
func idle(p *sup.Process) error {
	p.Ready()
	<-p.Stopping()
	return nil
}

// until runs until it is asked to stop or c says how to end.
func until(c <-chan func() error) sup.Body {
	return func(p *sup.Process) error {
		p.Ready()
		select {
		case <-p.Stopping():
			return nil
		case end := <-c:
			p.Receive("end")
			return end()
		}
	}
}

var errTest = errors.New("test")

func fail() error  { return errTest }
func boom() error  { panic("boom") }
func leave() error { return nil }

// journal is a list that any goroutine may write.
type journal struct{ box *sup.Mailbox[string] }

func newJournal() journal { return journal{sup.NewMailbox[string]()} }

func (j journal) note(s string) { j.box.Put(s) }

// lines returns what was noted since the last call.
func (j journal) lines() string {
	synctest.Wait()
	return strings.Join(j.box.Take(nil), " ")
}

// noting wraps a body: "+name" when it starts, "-name" when it ends.
func (j journal) noting(b sup.Body) sup.Body {
	return func(p *sup.Process) error {
		name := p.Path()[strings.LastIndexByte(p.Path(), '/')+1:]
		j.note("+" + name)
		defer j.note("-" + name)
		return b(p)
	}
}

// reports collects what is observed.
type reports struct{ box *sup.Mailbox[sup.Report] }

func newReports() reports { return reports{sup.NewMailbox[sup.Report]()} }

func (r reports) options() sup.Options { return sup.Options{Observe: r.box.Put} }

// take returns the reports since the last call.
func (r reports) take() []sup.Report {
	synctest.Wait()
	return r.box.Take(nil)
}

// exits returns path and exit of each report since the last call.
func (r reports) exits() []string {
	var all []string
	for _, one := range r.take() {
		all = append(all, one.Path+" "+one.Exit.String())
	}
	return all
}

func wantLines(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

func wantAll(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

// downs returns tag, path and exit of what a monitor's mailbox holds.
func downs(m *sup.Mailbox[sup.Down]) []string {
	synctest.Wait()
	var all []string
	for _, d := range m.Take(nil) {
		tag, _ := d.Tag.(string)
		all = append(all, strings.TrimSpace(tag+" "+d.Path+" "+d.Exit.String()))
	}
	return all
}

// node finds a path in a snapshot, the first of those that have it.
func node(t *testing.T, tree *sup.Tree, path string) sup.Node {
	t.Helper()
	if n := find(tree.Snapshot().Root, path); n != nil {
		return *n
	}
	t.Fatalf("no %s in\n%v", path, tree.Snapshot())
	return sup.Node{}
}

func find(n sup.Node, path string) *sup.Node {
	if n.Path == path {
		return &n
	}
	for _, c := range n.Children {
		if f := find(c, path); f != nil {
			return f
		}
	}
	return nil
}

func states(n sup.Node) []string {
	all := []string{n.Path + " " + n.State.String()}
	for _, c := range n.Children {
		all = append(all, states(c)...)
	}
	return all
}
