package board_test

import (
	"sync"
	"testing"

	"github.com/etorrent/etorrent/internal/leaf/board"
)

func TestABoardShowsTheLatestValue(t *testing.T) {
	b := board.New(1)
	if v, _ := b.Read(); v != 1 {
		t.Errorf("%d", v)
	}
	b.Post(2)
	b.Post(3)
	if v, _ := b.Read(); v != 3 {
		t.Errorf("%d", v)
	}
}

func TestAReaderWaitsForTheNextValueOnly(t *testing.T) {
	b := board.New("old")
	_, changed := b.Read()
	select {
	case <-changed:
		t.Fatal("changed by nothing")
	default:
	}
	b.Post("new")
	<-changed
	if _, again := b.Read(); again == changed {
		t.Error("the same channel for two values")
	}
}

// A reader that waits for each change sees values grow and the last one in the
// end, however many it skips.
func TestConcurrentReadersReachTheLastValue(t *testing.T) {
	const last = 10_000
	b := board.New(0)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for seen := -1; seen < last; {
				v, changed := b.Read()
				if v < seen {
					t.Errorf("%d behind %d", v, seen)
					return
				}
				if seen = v; seen < last {
					<-changed
				}
			}
		})
	}
	all.Go(func() {
		for v := range last + 1 {
			b.Post(v)
		}
	})
	all.Wait()
}
