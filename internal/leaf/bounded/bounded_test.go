package bounded_test

import (
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/leaf/bounded"
)

const valueCost = 64

func TestWhatFindsNoRoomIsCountedAndTheConsumerHearsOfIt(t *testing.T) {
	q := bounded.New[int](2*valueCost + 10)
	for n, want := range []bounded.Fit{bounded.Fits, bounded.Fits, bounded.Full, bounded.Full} {
		if got := q.Put(n, bounded.Load{Bytes: 5, Count: 3}); got != want {
			t.Errorf("value %d: %v", n, got)
		}
	}
	if q.Depth() != 2 {
		t.Errorf("%d wait", q.Depth())
	}
	<-q.Wake()
	values, missed := q.Take(nil)
	if len(values) != 2 || values[0] != 0 || values[1] != 1 || missed != 6 {
		t.Errorf("took %v, missed %d", values, missed)
	}
	if got := q.Put(4, bounded.Load{Bytes: 100, Count: 1}); got != bounded.Full {
		t.Errorf("a value over the bound: %v", got)
	}
	<-q.Wake() // for what was dropped
	if values, missed = q.Take(values); len(values) != 0 || missed != 1 {
		t.Errorf("took %v, missed %d", values, missed)
	}
	select {
	case <-q.Wake():
		t.Error("it wakes for nothing")
	default:
	}
}

// Whatever is put and taken, the bytes stay in the bound, the order is kept, and
// what did not come out was counted.
func TestEveryValueIsTakenInOrderOrCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.IntRange(0, 2000).Draw(t, "bound")
		q := bounded.New[int](bound)
		next, held, dropped := 0, 0, 0
		var want []int
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				size := rapid.IntRange(0, 300).Draw(t, "bytes")
				fit := q.Put(next, bounded.Load{Bytes: size, Count: 1})
				if (fit == bounded.Fits) != (held+size+valueCost <= bound) {
					t.Fatalf("%d bytes to %d of %d: %v", size, held, bound, fit)
				}
				if fit == bounded.Fits {
					held += size + valueCost
					want = append(want, next)
				} else {
					dropped++
				}
				next++
			},
			"take": func(t *rapid.T) {
				got, missed := q.Take(nil)
				if len(got) != len(want) || missed != dropped {
					t.Fatalf("took %v and missed %d, want %v and %d", got, missed, want, dropped)
				}
				for i := range got {
					if got[i] != want[i] {
						t.Fatalf("took %v, want %v", got, want)
					}
				}
				held, dropped, want = 0, 0, nil
			},
			"": func(t *rapid.T) {
				if q.Depth() != len(want) {
					t.Fatalf("%d wait, want %d", q.Depth(), len(want))
				}
			},
		})
	})
}

func TestConcurrentProducersLoseNothingUncounted(t *testing.T) {
	const producers, each = 4, 5_000
	q := bounded.New[int](100 * valueCost)
	var all sync.WaitGroup
	for range producers {
		all.Go(func() {
			for n := range each {
				q.Put(n, bounded.Load{Count: 1})
			}
		})
	}
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()
	seen, over := 0, false
	for !over {
		select {
		case <-q.Wake():
		case <-done:
			over = true
		}
		values, missed := q.Take(nil)
		seen += len(values) + missed
	}
	if seen != producers*each {
		t.Errorf("%d of %d were taken or counted", seen, producers*each)
	}
}
