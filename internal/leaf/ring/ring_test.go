package ring_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/etorrent/etorrent/internal/leaf/ring"
)

// fill appends so many values, each its own revision.
func fill(r *ring.Ring[ring.Revision], n int) {
	for range n {
		r.Append(func(rev ring.Revision) ring.Revision { return rev })
	}
}

func TestAReaderIsToldHowManyValuesItMissed(t *testing.T) {
	for _, tc := range []struct {
		name     string
		appended int
		from     ring.Revision
		want     []ring.Revision
		missed   uint64
	}{
		{"nothing there", 0, 1, nil, 0},
		{"from the beginning", 3, 1, []ring.Revision{1, 2, 3}, 0},
		{"revision 0 is the beginning", 3, 0, []ring.Revision{1, 2, 3}, 0},
		{"from the middle", 3, 2, []ring.Revision{2, 3}, 0},
		{"nothing new", 3, 4, nil, 0},
		{"from the future", 3, 99, nil, 0},
		{"exactly what is kept", 10, 7, []ring.Revision{7, 8, 9, 10}, 0},
		{"one too late", 10, 6, []ring.Revision{7, 8, 9, 10}, 1},
		{"much too late", 1000, 1, []ring.Revision{997, 998, 999, 1000}, 996},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := ring.New[ring.Revision](4)
			fill(r, tc.appended)
			b := r.Since(tc.from, nil)
			if !slices.Equal(b.Values, tc.want) || b.Missed != tc.missed || int(b.Next) != tc.appended+1 || r.Next() != b.Next {
				t.Errorf("%+v", b)
			}
		})
	}
}

func TestAWaitingReaderIsWokenByTheNextValue(t *testing.T) {
	r := ring.New[ring.Revision](4)
	wake := make(chan struct{}, 1)
	r.Join(wake)
	b := r.Since(1, nil)
	select {
	case <-wake:
		t.Fatal("woken by nothing")
	default:
	}
	fill(r, 1)
	<-wake
	if b = r.Since(b.Next, nil); !slices.Equal(b.Values, []ring.Revision{1}) {
		t.Errorf("%+v", b)
	}
}

func TestABatchDoesNotChangeAfterwards(t *testing.T) {
	r := ring.New[ring.Revision](4)
	fill(r, 4)
	b := r.Since(1, nil)
	fill(r, 4)
	if !slices.Equal(b.Values, []ring.Revision{1, 2, 3, 4}) {
		t.Errorf("%v", b.Values)
	}
}

// Readers of any speed see every value in order, or are told of each that they
// do not see.
func TestConcurrentReadersAccountForEveryValue(t *testing.T) {
	const values = 20_000
	r := ring.New[ring.Revision](64)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			var counted uint64
			wake := make(chan struct{}, 1)
			r.Join(wake)
			defer r.Leave(wake)
			for from := ring.Revision(1); from <= values; {
				b := r.Since(from, nil)
				counted += b.Missed + uint64(len(b.Values))
				for k, v := range b.Values {
					if v != b.Next-ring.Revision(len(b.Values)-k) {
						t.Errorf("revision %d at place %d before %d", v, k, b.Next)
						return
					}
				}
				if from = b.Next; from <= values {
					<-wake
				}
			}
			if counted != values {
				t.Errorf("%d values accounted for", counted)
			}
		})
	}
	all.Go(func() { fill(r, values/2) })
	all.Go(func() { fill(r, values/2) })
	all.Wait()
}

func TestWhoLeavesIsWokenNoMore(t *testing.T) {
	r, wake := ring.New[ring.Revision](4), make(chan struct{}, 1)
	r.Join(wake)
	r.Leave(wake)
	if fill(r, 1); len(wake) != 0 {
		t.Error("woken")
	}
}

func TestAReaderThatKeepsItsRoomAllocatesNothing(t *testing.T) {
	r, wake := ring.New[ring.Revision](64), make(chan struct{}, 1)
	r.Join(wake)
	from, room := ring.Revision(1), make([]ring.Revision, 0, 16)
	n := testing.AllocsPerRun(100, func() {
		fill(r, 10)
		<-wake
		b := r.Since(from, room)
		from, room = b.Next, b.Values
	})
	if n != 0 {
		t.Errorf("%v objects a round", n)
	}
}
