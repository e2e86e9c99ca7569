package choke_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/fuzzseed"
)

// FuzzChoker takes two bytes for each input: what happens, and to whom or how much.
func FuzzChoker(f *testing.F) {
	fuzzseed.Add(f)
	f.Add(uint8(0), []byte{0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 5, 30, 3, 1, 2, 2, 5, 40, 4, 9, 5, 200})
	f.Add(uint8(3), []byte{0, 1, 0, 2, 7, 1, 0, 3, 6, 0, 5, 90, 6, 7, 5, 90, 7, 0, 8, 2, 5, 255})
	f.Fuzz(func(t *testing.T, kind uint8, steps []byte) {
		b := newTable(t, choke.Config{
			Strategy: known(t, serving[int(kind)%len(serving)]), Slots: int(kind / 16), Random: random(uint64(kind)),
		})
		for ; len(steps) >= 2; steps = steps[2:] {
			id := choke.PeerID(steps[1] % 64)
			b.play(steps[0]%9, id, int64(steps[1]))
			waiting := 0
			for _, r := range b.remotes {
				if r.wants != 0 && r.unchoked == 0 {
					waiting++
				}
			}
			if free := b.core.Slots() - len(b.served()); waiting > 0 && free > 0 {
				t.Fatalf("%d wait, %d slots are free", waiting, free)
			}
		}
	})
}

// play carries out one step.
func (b *table) play(what uint8, id choke.PeerID, much int64) {
	var one *remote
	for _, r := range b.remotes {
		if r.id == id {
			one = r
		}
	}
	switch {
	case what == 5:
		b.pass(time.Duration(much) * time.Second)
	case what == 6:
		b.core.SetLimit(b.now, much*much<<10, b)
		b.check()
	case what == 7:
		b.core.SetGoal(choke.Goal(much % 2))
	case one == nil && what == 0:
		b.join(remote{id: id, gives: float64(much * much * 10), takes: float64(much%7) * 1000})
	case one == nil:
		b.core.PeerInterested(b.now, id, b) // of whom nothing counts
		b.core.PeerUninterested(b.now, id, b)
		b.core.PeerLeft(b.now, id, b)
	case what == 1:
		b.leave(one)
	case what == 2:
		b.wantNothing(one)
	case what == 3:
		one.silentFrom = b.now
	case what == 4:
		one.silentFrom = 0
	default:
		b.want(one)
	}
}
