package sup_test

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/sup"
)

func TestWhatIsTakenComesOutInItsOrderAndWhatIsLeftStays(t *testing.T) {
	box, taken := sup.NewMailbox[int](), sup.Taken[int]{}
	box.Put(1)
	box.PutAll([]int{2, 3})
	box.PutAll(nil)
	<-box.Wake()
	taken.Take(box)
	if taken.Next() != 1 || taken.Left() != 2 || box.Depth() != 0 {
		t.Fatalf("%d are left, %d wait", taken.Left(), box.Depth())
	}
	box.Put(4)
	if taken.Take(box); !slices.Equal(taken.Rest(), []int{2, 3, 4}) {
		t.Errorf("%v are left", taken.Rest())
	}
	select {
	case <-box.Wake():
		t.Error("a token of what was taken")
	default:
	}
}

func TestASteadyFlowThroughAMailboxAllocatesNothing(t *testing.T) {
	box, taken := sup.NewMailbox[int](), sup.Taken[int]{}
	all := make([]int, 16)
	flow := func() {
		box.PutAll(all)
		box.Put(17)
		for taken.Take(box); taken.Left() > 0; {
			taken.Next()
		}
	}
	flow()
	if n := testing.AllocsPerRun(100, flow); n != 0 {
		t.Errorf("%v objects a round", n)
	}
}

func TestTheRoomOfABurstIsNotKept(t *testing.T) {
	box, taken := sup.NewMailbox[int](), sup.Taken[int]{}
	box.PutAll(make([]int, 100_000))
	for range 3 {
		for taken.Take(box); taken.Left() > 0; {
			taken.Next()
		}
	}
	if room := cap(taken.Rest()); room > 1024 {
		t.Errorf("room for %d values is kept", room)
	}
	box.Put(1)
	if taken.Take(box); cap(taken.Rest()) > 1024 {
		t.Errorf("room for %d values is kept", cap(taken.Rest()))
	}
}
