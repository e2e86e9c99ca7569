package storage

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// viewBlock says what a block means, but for the memory it would take.
func (t *Torrent) viewBlock(b Block) BlockEvidence {
	if int64(b.Piece) >= int64(len(t.pieces)) {
		return BlockOutOfRange
	}
	number := b.Begin / geometry.BlockSize
	if b.Begin%geometry.BlockSize != 0 || number >= t.geometry.Blocks(b.Piece) {
		return BlockMisaligned
	}
	if _, length := t.geometry.BlockBytes(geometry.Block{Piece: b.Piece, Number: number}); length != b.Length {
		return BlockMisaligned
	}
	if _, running := t.phase.(Running); !running {
		return BlockRefused
	}
	switch t.pieces[b.Piece].stage {
	case Absent:
		return BlockStored
	case Partial:
		if t.partials[b.Piece].Has(number) {
			return BlockDuplicate
		}
		return BlockStored
	case Assembling:
		if t.active[b.Piece].present.Has(number) {
			return BlockDuplicate
		}
		return BlockStored
	case Hashing:
		return BlockDuplicate
	case Verified, Written, Recalled, Syncing, Durable:
		return BlockOfHeldPiece
	case Checking, Falling, Revoking:
		return BlockNotNow
	}
	panic("storage: unknown stage")
}

// StoreBlock takes a block. After BlockStored the owner copies its bytes into
// the piece's memory before it carries out the batch.
func (t *Torrent) StoreBlock(now mono.Instant, b Block, fx Effects) BlockEvidence {
	e := t.viewBlock(b)
	if e != BlockStored {
		return e
	}
	number := b.Begin / geometry.BlockSize
	a := t.active[b.Piece]
	if a == nil || !a.chunks.Has(number/t.chunk) {
		if t.reserve(now, b.Piece, number/t.chunk, fx) == RoomNone {
			return BlockNoRoom
		}
		a = t.active[b.Piece]
	}
	a.present.add(number)
	a.memory.add(number)
	a.count++
	a.senders[number] = b.Sender
	if a.since == mono.Never {
		t.age(a, now)
	}
	if a.isComplete() {
		t.completed(a)
	}
	t.came(now)
	t.advance(now, a, fx)
	return BlockStored
}

// completed: every block is here. What the piece takes will be free soon.
func (t *Torrent) completed(a *assembly) {
	t.move(a.piece, Hashing)
	for c := range t.chunksOf(a) {
		t.leave(a, c)
	}
}

// age puts an assembly at the end of the order of age.
func (t *Torrent) age(a *assembly, now mono.Instant) {
	a.since = now
	if len(t.ages) > 64 && len(t.ages) > 4*len(t.active) {
		t.ages = slices.DeleteFunc(t.ages, func(p aged) bool { return t.agedAt(p) == nil })
	}
	t.ages = append(t.ages, aged{a.piece, now})
}

// oldest is the assembly whose unwritten block is the oldest, nil if there is
// none. Places that no longer stand for one are dropped.
func (t *Torrent) oldest() *assembly {
	for n, p := range t.ages {
		if a := t.agedAt(p); a != nil {
			t.ages = slices.Delete(t.ages, 0, n)
			return a
		}
	}
	t.ages = t.ages[:0]
	return nil
}

// agedAt is the assembly at a place in the order of age, nil if it has left it.
func (t *Torrent) agedAt(p aged) *assembly {
	a := t.active[p.piece]
	if a == nil || a.since != p.since || t.pieces[a.piece].stage != Assembling {
		return nil
	}
	return a
}
