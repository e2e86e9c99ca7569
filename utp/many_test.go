package utp_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// jain is Jain's index: 1 where all have the same, one by their number where one has all.
func jain(shares []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, s := range shares {
		sum += s
		squares += s * s
	}
	return sum * sum / (float64(len(shares)) * squares)
}

// arrivals are what of many streams has come.
type arrivals struct {
	had  []atomic.Int64
	all  atomic.Int64
	once sync.Once
	half []float64 // what each had when half of all had come
}

// add notes bytes of one.
func (a *arrivals) add(k, bytes, half int) {
	a.had[k].Add(int64(bytes))
	if a.all.Add(int64(bytes)) < int64(half) {
		return
	}
	a.once.Do(func() {
		for k := range a.had {
			a.half[k] = float64(a.had[k].Load())
		}
	})
}

// Of many connections between two sockets, on a link that has some five packets of each, all get
// on alike: they have the same when half of all has come, and are done at the same time.
func TestManyConnectionsAreServedAlike(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		const connections, size = 50, 256 << 10
		from, to := b.socket(left), b.socket(right)
		got := &arrivals{had: make([]atomic.Int64, connections), half: make([]float64, connections)}
		rates, data, begin := make([]float64, connections), stream(size), make(chan struct{})
		var began time.Time
		var ends sync.WaitGroup
		for k := range connections {
			dialled, accepted := connect(t, from, to, right+":6881")
			ends.Go(func() {
				<-begin
				writes(t, dialled, data)
			})
			ends.Go(func() {
				buf := make([]byte, 2<<10)
				for got.had[k].Load() < size {
					n, err := accepted.Read(buf)
					if err != nil {
						t.Error(err)
						return
					}
					got.add(k, n, connections*size/2)
				}
				rates[k] = 1 / time.Since(began).Seconds()
			})
		}
		began = time.Now()
		close(begin)
		ends.Wait()
		if half, all := jain(got.half), jain(rates); half < 0.9 || all < 0.9 {
			t.Errorf("Jain's index is %.3f of what had come at half time, and %.3f of the rates", half, all)
		}
	})
}
