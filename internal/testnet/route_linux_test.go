package testnet

import (
	"sync/atomic"
	"testing"
	"time"
)

func TestARouteQueuesWhatItsLineDoesNotTake(t *testing.T) {
	a, b := newHost(t), newHost(t)
	r, err := NewRoute(a, b, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	const rate, queue = 500_000, 100_000
	r.Line.SetPath(Path{Delay: 20 * time.Millisecond}, Path{Delay: 20 * time.Millisecond})
	if err := r.Line.SetRate(Rate{Bytes: rate, Burst: 4 << 10, Queue: queue}, Rate{}); err != nil {
		t.Fatal(err)
	}
	var most atomic.Int64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range 15 {
			if n, err := r.Line.Waiting(); err == nil {
				most.Store(max(most.Load(), n))
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	_, second := r.Addrs()
	bytes, took := pour(t, a, b, second, 2*time.Second)
	<-ended
	if share := float64(bytes) / took.Seconds() / rate; share < 0.8 || share > 1.1 {
		t.Errorf("%.2f of the rate", share)
	}
	if n := most.Load(); n < queue/4 || n > queue+4<<10 {
		t.Errorf("%d bytes waited at most", n)
	}
	if there, back := r.Line.Counts(); there.Sent == 0 || back.Sent == 0 {
		t.Errorf("what came did not come by the line: %+v, %+v", there, back)
	}
}
