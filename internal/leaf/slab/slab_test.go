package slab_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/internal/leaf/slab"
)

func rent(t *testing.T, p *slab.Pool) slab.Slab {
	t.Helper()
	s, err := p.Rent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASlabIsAWholeBuffer(t *testing.T) {
	p := slab.NewPool(2)
	s := rent(t, p)
	if len(s.Bytes()) != slab.Size || p.Outstanding() != 1 {
		t.Errorf("%d bytes, %d outstanding", len(s.Bytes()), p.Outstanding())
	}
	s.Release()
	if p.Outstanding() != 0 {
		t.Errorf("%d outstanding", p.Outstanding())
	}
}

func TestABufferIsLentAgain(t *testing.T) {
	p := slab.NewPool(2)
	first := rent(t, p)
	buffer := &first.Bytes()[0]
	first.Release()
	if second := rent(t, p); &second.Bytes()[0] != buffer {
		t.Error("another buffer")
	}
}

func mustPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	f()
}

func TestReleasingTwicePanicsWhoeverHasTheBufferNow(t *testing.T) {
	t.Run("nobody", func(t *testing.T) {
		s := rent(t, slab.NewPool(1))
		s.Release()
		mustPanic(t, s.Release)
	})
	t.Run("another owner", func(t *testing.T) {
		p := slab.NewPool(1)
		first := rent(t, p)
		first.Release()
		second := rent(t, p)
		mustPanic(t, first.Release)
		if p.Outstanding() != 1 || first.Bytes() != nil || second.Bytes() == nil {
			t.Error("the second owner lost the buffer")
		}
		second.Release()
	})
	t.Run("one who waited", func(t *testing.T) {
		p := slab.NewPool(1)
		first := rent(t, p)
		_, wait := p.TryRent()
		first.Release()
		second := <-wait
		mustPanic(t, first.Release)
		second.Release()
	})
	t.Run("and the pool goes on", func(t *testing.T) {
		p := slab.NewPool(1)
		s := rent(t, p)
		s.Release()
		mustPanic(t, s.Release)
		rent(t, p).Release()
	})
}

func TestThoseWhoWaitAreServedInTheirOrder(t *testing.T) {
	p := slab.NewPool(1)
	s := rent(t, p)
	var waits [3]<-chan slab.Slab
	for n := range waits {
		var above slab.Slab
		if above, waits[n] = p.TryRent(); !above.IsNone() {
			t.Fatal("rented a slab above the bound")
		}
	}
	for n := range waits {
		s.Release()
		for later := range waits {
			if got := len(waits[later]); got != 0 && later != n {
				t.Fatalf("%d was served before %d", later, n)
			}
		}
		s = <-waits[n]
		if p.Outstanding() != 1 {
			t.Errorf("%d outstanding", p.Outstanding())
		}
	}
	s.Release()
	if p.Outstanding() != 0 {
		t.Errorf("%d outstanding", p.Outstanding())
	}
}

func TestWhoForgoesIsPassedOver(t *testing.T) {
	p := slab.NewPool(1)
	s := rent(t, p)
	_, first := p.TryRent()
	_, second := p.TryRent()
	p.Forgo(first)
	s.Release()
	if len(first) != 0 || len(second) != 1 {
		t.Errorf("%d and %d slabs", len(first), len(second))
	}
	(<-second).Release()
}

func TestASlabThatCameBeforeItWasForgoneGoesOn(t *testing.T) {
	p := slab.NewPool(1)
	s := rent(t, p)
	_, first := p.TryRent()
	_, second := p.TryRent()
	s.Release()
	p.Forgo(first)
	p.Forgo(first)
	s = <-second
	s.Release()
	if p.Outstanding() != 0 {
		t.Errorf("%d outstanding", p.Outstanding())
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := slab.NewPool(1)
		s := rent(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		var err error
		done := make(chan struct{})
		go func() {
			_, err = p.Rent(ctx)
			close(done)
		}()
		synctest.Wait()
		cancel()
		<-done
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		s.Release()
		if p.Outstanding() != 0 {
			t.Errorf("%d outstanding", p.Outstanding())
		}
	})
}

// Each owner writes its mark into the slab and finds it there afterwards, and no
// more slabs are out than may be.
func TestNoSlabHasTwoOwners(t *testing.T) {
	const owners, rounds, bound = 16, 300, 3
	p := slab.NewPool(bound)
	var all sync.WaitGroup
	for n := range owners {
		all.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			for round := range rounds {
				if round == rounds/2 && n%4 == 0 {
					cancel()
				}
				s, err := p.Rent(ctx)
				if err != nil {
					return
				}
				s.Bytes()[0] = byte(n)
				if out := p.Outstanding(); out > bound {
					t.Errorf("%d outstanding", out)
				}
				if s.Bytes()[0] != byte(n) {
					t.Errorf("another owner wrote into the slab of %d", n)
				}
				s.Release()
			}
		})
	}
	all.Wait()
	if p.Outstanding() != 0 {
		t.Errorf("%d outstanding", p.Outstanding())
	}
}

func TestWaitingForASlabByAChannelOfOnesOwnAllocatesNothing(t *testing.T) {
	p, own := slab.NewPool(1), make(chan slab.Slab, 1)
	held := rent(t, p)
	allocations := testing.AllocsPerRun(100, func() {
		_, wait := p.TryRentBy(own)
		held.Release()
		held = <-wait
	})
	_, wait := p.TryRentBy(own)
	p.Forgo(wait)
	if held.Release(); allocations != 0 || p.Outstanding() != 0 {
		t.Errorf("%v allocations, and %d slabs lent in the end", allocations, p.Outstanding())
	}
}

func TestNoMoreSlabsAreLentThanThePoolHas(t *testing.T) {
	p := slab.NewPool(3)
	var lent []slab.Slab
	for range 10 {
		if s, wait := p.TryRent(); wait == nil {
			lent = append(lent, s)
		}
	}
	if len(lent) != 3 || p.Outstanding() != 3 {
		t.Errorf("%d are lent, %d by its own count", len(lent), p.Outstanding())
	}
}

func TestWhatIsNotedOfASlabEndsWithItsLoan(t *testing.T) {
	p := slab.NewPool(1)
	first := rent(t, p)
	for n := range 3 {
		first.Note(slab.Block{Begin: uint32(n), Data: first.Bytes()[n : n+1]})
	}
	first.Drop(1)
	if got := first.Blocks(); len(got) != 2 || got[0].Begin != 1 || &got[1].Data[0] != &first.Bytes()[2] {
		t.Fatalf("blocks %v", got)
	}
	first.Release()
	second := rent(t, p)
	if len(first.Blocks()) != 0 || len(second.Blocks()) != 0 {
		t.Error("blocks of an earlier loan")
	}
}

func TestLendingASlabAgainAllocatesNothing(t *testing.T) {
	p := slab.NewPool(2)
	lend := func() {
		s, _ := p.TryRent()
		for n := range 16 {
			s.Note(slab.Block{Begin: uint32(n), Data: s.Bytes()[n : n+1]})
		}
		s.Release()
	}
	lend()
	if n := testing.AllocsPerRun(100, lend); n != 0 {
		t.Errorf("%v objects a loan", n)
	}
}

func TestNoSlabCannotBeReleased(t *testing.T) {
	var none slab.Slab
	if !none.IsNone() || none.Bytes() != nil || none.Blocks() != nil {
		t.Error("none is a slab")
	}
	mustPanic(t, none.Release)
}

func TestAnotherSlabIsLentInThePlaceOfOneThatGaveItsUp(t *testing.T) {
	p := slab.NewPool(1)
	kept := rent(t, p)
	_, wait := p.TryRent()
	kept.GiveUpPlace()
	if len(wait) != 1 || p.Outstanding() != 2 {
		t.Fatalf("%d slabs came, %d are lent", len(wait), p.Outstanding())
	}
	mustPanic(t, kept.GiveUpPlace)
	other := <-wait
	if _, wait = p.TryRent(); wait == nil {
		t.Fatal("the place was given up twice")
	}
	kept.Release()
	if len(wait) != 0 {
		t.Error("one without a place left one")
	}
	other.Release()
	(<-wait).Release()
	if p.Outstanding() != 0 {
		t.Errorf("%d outstanding", p.Outstanding())
	}
	if again := rent(t, p); p.Outstanding() != 1 {
		t.Error("a buffer that is lent again has no place")
	} else {
		again.Release()
	}
}

func TestAForfeitedBufferIsNotLentAgain(t *testing.T) {
	p := slab.NewPool(1)
	s := rent(t, p)
	buffer := &s.Bytes()[0]
	_, wait := p.TryRent()
	s.Forfeit()
	next := <-wait
	if &next.Bytes()[0] == buffer {
		t.Error("it was lent again")
	}
	mustPanic(t, s.Release)
	next.Release()
	if p.Outstanding() != 0 {
		t.Errorf("%d outstanding", p.Outstanding())
	}
}
