package sup_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/etorrent/etorrent/sup"
)

// BenchmarkIdleProcess reports what one idle child of a pool costs in memory,
// its goroutine's stack included.
func BenchmarkIdleProcess(b *testing.B) {
	pool, into := sup.NewPool(), sup.NewMailbox[sup.Down]()
	tree, err := sup.Start(context.Background(), "root",
		sup.Supervisor{Strategy: sup.Dynamic, Pool: pool}, sup.Options{})
	if err != nil {
		b.Fatal(err)
	}
	ready := make(chan struct{}, 1000)
	body := func(p *sup.Process) error {
		p.Ready()
		ready <- struct{}{}
		<-p.Stopping()
		return nil
	}
	before := memory()
	b.ResetTimer()
	for i := range b.N {
		pool.StartMonitored(sup.Child{Name: fmt.Sprint("peer", i), Kind: "peer", Restart: sup.Temporary, Run: body}, into, i)
	}
	for range b.N {
		<-ready
	}
	b.StopTimer()
	b.ReportMetric(float64(memory()-before)/float64(b.N), "B/process")
	if err := tree.Stop(context.Background()); err != nil || into.Depth() != b.N {
		b.Fatal(err, into.Depth())
	}
}

func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// BenchmarkReceive is the price of the label and of the check for a kill.
func BenchmarkReceive(b *testing.B) {
	tree, err := sup.Start(context.Background(), "root", one(func(p *sup.Process) error {
		for b.Loop() {
			p.Receive("message")
		}
		return nil
	}), sup.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := tree.Stop(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCall is one question and its answer.
func BenchmarkCall(b *testing.B) {
	port := sup.NewPort[int, int]()
	tree, err := sup.Start(context.Background(), "root", server(port), sup.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := sup.Call(context.Background(), row, port, 1); err != nil {
			b.Fatal(err)
		}
	}
	if err := tree.Stop(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCellStep is the price of the guard around one step, whose function has
// captured something.
func BenchmarkCellStep(b *testing.B) {
	sum := 0
	tree, err := sup.Start(context.Background(), "root", one(func(p *sup.Process) error {
		c := p.NewCell("cell")
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if crash := c.Step(func() { sum += i }); crash != nil {
				return errTest
			}
		}
		return nil
	}), sup.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := tree.Stop(context.Background()); err != nil || sum == 0 && b.N > 1 {
		b.Fatal(err, sum)
	}
}

// BenchmarkCellLife is a cell that is made and ended beside ten thousand others.
func BenchmarkCellLife(b *testing.B) {
	tree, err := sup.Start(context.Background(), "root", one(func(p *sup.Process) error {
		for range 10_000 {
			p.NewCell("other")
		}
		b.ReportAllocs()
		for b.Loop() {
			p.NewCell("cell").End()
		}
		return nil
	}), sup.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := tree.Stop(context.Background()); err != nil {
		b.Fatal(err)
	}
}
