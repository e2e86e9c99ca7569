package disk

import (
	"testing"

	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

func TestBuffersAreKeptUntilNothingCameForAWhile(t *testing.T) {
	reads := slab.NewPool(2)
	x := &process{d: &Disk{o: Options{Reads: reads}, slabs: slab.NewPool(2)}}
	now := mono.Instant(1)
	kept := func() []byte {
		s, _ := reads.TryRent()
		defer s.Release()
		return s.Bytes()
	}
	before := &kept()[0]
	x.free = [][]byte{make([]byte, 1)}
	for range 3 {
		x.lull.end(now)
		due := x.lull.due
		if x.lull.end(now + 1); x.lull.due != due {
			t.Fatal("the alarm is set anew while it is set")
		}
		if now = due; &kept()[0] != before || len(x.free) == 0 {
			t.Fatal("buffers are given back in a transfer")
		}
		x.trim(now - 1)
		x.trim(now)
	}
	now = x.lull.due
	if x.trim(now); &kept()[0] == before || len(x.free) > 0 {
		t.Error("buffers are kept in a lull")
	}
	if x.lull.due != mono.Never {
		t.Error("the alarm is set though nothing is kept")
	}
}
