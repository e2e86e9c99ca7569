package sup_test

import (
	"testing"

	"github.com/etorrent/etorrent/sup"
)

// refs hands out references: each process that runs sharing puts its own in.
type refs chan sup.Ref

// sharing is until, with a reference given out first.
func (r refs) sharing(end <-chan func() error) sup.Body {
	return func(p *sup.Process) error { r <- p.Self(); return until(end)(p) }
}

// doing gives work to a process, on its goroutine.
func doing(work <-chan func(p *sup.Process)) sup.Body {
	return func(p *sup.Process) error {
		p.Ready()
		for {
			select {
			case <-p.Stopping():
				return nil
			case f := <-work:
				f(p)
			}
		}
	}
}

func TestMonitorHearsOnce(t *testing.T) {
	for want, end := range map[string]func() error{
		"x root/a normal": leave, "x root/a failed: test": fail, "x root/a panicked: boom": boom,
	} {
		bubble(t, func(t *testing.T) {
			r, ends, work := make(refs, 9), make(chan func() error), make(chan func(*sup.Process))
			into := sup.NewMailbox[sup.Down]()
			start(t, sup.Supervisor{Intensity: sup.Intensity{Restarts: 9, Within: 1}, Children: []sup.Child{
				{Name: "a", Run: r.sharing(ends)}, {Name: "b", Run: doing(work)},
			}}, sup.Options{})
			a := <-r
			work <- func(p *sup.Process) { p.Monitor(a, into, "x") }
			wantAll(t, downs(into))
			ends <- end
			wantAll(t, downs(into), want)
			ends <- end // of the next incarnation
			wantAll(t, downs(into))
			work <- func(p *sup.Process) { p.Monitor(a, into, "x") } // of one that is down
			wantAll(t, downs(into), want)
		})
	}
}

func TestMonitorEndsWithItsOwnerOrWhenTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, ends, work := make(refs, 9), make(chan func() error), make(chan func(*sup.Process))
		into := sup.NewMailbox[sup.Down]()
		start(t, sup.Supervisor{Intensity: sup.Intensity{Restarts: 9, Within: 1}, Children: []sup.Child{
			{Name: "a", Run: r.sharing(ends)}, {Name: "b", Run: doing(work)},
		}}, sup.Options{})
		a := <-r
		work <- func(p *sup.Process) {
			p.Monitor(a, into, "told")()
			p.Monitor(a, into, "owner")
			panic("owner")
		}
		work <- func(p *sup.Process) { p.Monitor(a, into, "stays") }
		ends <- leave
		wantAll(t, downs(into), "stays root/a normal")
	})
}

func TestRefsCompare(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, ends := make(refs, 9), make(chan func() error)
		start(t, sup.Supervisor{Children: []sup.Child{{Name: "a", Run: r.sharing(ends)}}}, sup.Options{})
		first := <-r
		ends <- leave
		if second := <-r; first == second || first.Path() != second.Path() {
			t.Fatal(first, second)
		}
	})
}

// pair starts two temporary processes and links b to a.
func pair(t *testing.T, o sup.Options) (a, b chan func() error) {
	t.Helper()
	a, b = make(chan func() error), make(chan func() error)
	r := make(refs, 2)
	start(t, sup.Supervisor{Children: []sup.Child{
		{Name: "a", Restart: sup.Temporary, Run: r.sharing(a)},
		{Name: "b", Restart: sup.Temporary, Run: func(p *sup.Process) error {
			p.Link(<-r)
			return until(b)(p)
		}},
	}}, o)
	return a, b
}

func TestLinkSpreadsAbnormalExitsBothWays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReports()
		a, _ := pair(t, r.options())
		a <- fail
		wantAll(t, r.exits(), "root/a failed: test", "root/b failed: sup: linked to root/a: failed: test")
	})
	bubble(t, func(t *testing.T) {
		r := newReports()
		_, b := pair(t, r.options())
		b <- boom
		wantAll(t, r.exits(), "root/b panicked: boom", "root/a failed: sup: linked to root/b: panicked: boom")
	})
}

func TestLinkDoesNotSpreadNormalExits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newReports()
		a, b := pair(t, r.options())
		a <- leave
		wantAll(t, r.exits())
		b <- fail
		wantAll(t, r.exits(), "root/b failed: test")
	})
}

func TestLinkToADeadProcessActsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, rep := make(refs, 1), newReports()
		ends, work := make(chan func() error), make(chan func(*sup.Process))
		start(t, sup.Supervisor{Children: []sup.Child{
			{Name: "a", Restart: sup.Temporary, Run: r.sharing(ends)},
			{Name: "b", Restart: sup.Temporary, Run: doing(work)},
		}}, rep.options())
		a := <-r
		ends <- fail
		wantAll(t, rep.exits(), "root/a failed: test")
		work <- func(p *sup.Process) { p.Link(p.Self()); p.Link(a) }
		wantAll(t, rep.exits(), "root/b failed: sup: linked to root/a: failed: test")
	})
}
