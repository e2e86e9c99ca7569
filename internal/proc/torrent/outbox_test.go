package torrent

import (
	"testing"

	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/sup"
)

// The blocks of a slab are queued and sent in room that is used again.
func TestAnsweringASlabOfRequestsAllocatesNothing(t *testing.T) {
	pool, o := slab.NewPool(2), &outbox{}
	answer := func() {
		s, _ := pool.TryRent()
		l := o.lend(disk.ReadDone{Slab: s, Data: s.Bytes()}, slab.Size/geometry.BlockSize)
		for at := uint32(0); at < slab.Size; at += geometry.BlockSize {
			o.addAnswer(peer.Request{Begin: at, Length: geometry.BlockSize}, l)
		}
		l.drop()
		o.advance(2 * slab.Size)
	}
	answer()
	if n := testing.AllocsPerRun(100, answer); n != 0 {
		t.Errorf("%v objects a slab", n)
	}
	if pool.Outstanding() != 0 || o.leases != 0 || o.messages != 0 || o.payload != 0 {
		t.Errorf("%d slabs, %d leases", pool.Outstanding(), o.leases)
	}
}

// A peer tells the picker of a slab of blocks, and notes them for the disk, in room
// that is used again.
func TestAStepOfASlabOfBlocksAllocatesNothing(t *testing.T) {
	pool := slab.NewPool(1)
	box, taken := sup.NewMailbox[toAssign](), sup.Taken[toAssign]{}
	var b stepBatch
	step := func() {
		s, _ := pool.TryRent()
		b.slab = s
		for n := range uint32(slab.Size / geometry.BlockSize) {
			block := geometry.Block{Piece: 3, Number: n}
			b.Received(block)
			b.StoreBlock(block, s.Bytes()[n*geometry.BlockSize:][:geometry.BlockSize])
			b.Credit(64, peer.AnyPiece)
		}
		box.PutAll(b.picker)
		for taken.Take(box); taken.Left() > 0; {
			taken.Next()
		}
		b.reset()
		s.Release()
	}
	step()
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("%v objects a slab", n)
	}
}
