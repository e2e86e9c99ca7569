package sup_test

import (
	"context"
	"fmt"

	"github.com/etorrent/etorrent/sup"
)

// The counter panics at 13. It comes back with a new sum; its mailbox, made
// outside, was not touched.
func Example() {
	numbers, sums := sup.NewMailbox[int](), make(chan int)
	counter := func(p *sup.Process) error {
		p.Ready()
		for sum := 0; ; {
			sums <- sum
			select {
			case <-p.Stopping():
				return nil
			case <-numbers.Wake():
				p.Receive("numbers")
			}
			for _, n := range numbers.Take(nil) {
				if n == 13 {
					panic("thirteen")
				}
				sum += n
			}
		}
	}
	tree, err := sup.Start(context.Background(), "demo", sup.Supervisor{
		Strategy: sup.OneForOne,
		Children: []sup.Child{{Name: "counter", Run: counter}},
	}, sup.Options{Observe: func(r sup.Report) { fmt.Println(r.Path, r.Exit) }})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("sum", <-sums)
	numbers.Put(12)
	fmt.Println("sum", <-sums)
	numbers.Put(13)
	fmt.Println("sum", <-sums)
	fmt.Println("stopped:", tree.Stop(context.Background()))
	// Output:
	// sum 0
	// sum 12
	// demo/counter panicked: thirteen
	// sum 0
	// stopped: <nil>
}
