package sup

import (
	"testing"
	"testing/synctest"
)

// A process that watches and links many others, one after the other, must not
// keep any of them.
func TestBondsWithTheDeadAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, into := NewPool(), NewMailbox[Down]()
		refs, bound, watcher := make(chan Ref), make(chan struct{}), make(chan *Process, 1)
		tree, err := Start(t.Context(), "root", Supervisor{Children: []Child{
			{Name: "watcher", Run: func(p *Process) error {
				p.Ready()
				watcher <- p
				for {
					select {
					case r := <-refs:
						p.Monitor(r, into, nil)
						p.Link(r)
						p.Monitor(r, into, nil)()
						bound <- struct{}{}
					case <-p.Stopping():
						return nil
					}
				}
			}},
			{Name: "pool", Supervisor: &Supervisor{Strategy: Dynamic, Pool: pool}},
		}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var dead Ref
		defer func() { _ = tree.Stop(t.Context()) }()
		for range 10 {
			pool.Start(Child{Name: "watched", Restart: Temporary, Run: func(p *Process) error {
				dead = p.Self()
				refs <- dead
				<-bound
				return nil
			}})
			synctest.Wait()
		}
		refs <- dead
		<-bound
		p := <-watcher
		if n := into.Depth(); n != 10+2 {
			t.Fatal(n)
		}
		if len(p.bonds.watching) > 0 || len(p.bonds.links) > 0 || len(p.bonds.monitors) > 0 {
			t.Fatalf("%+v", p.bonds)
		}
	})
}
