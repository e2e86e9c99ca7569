// Package blame finds out who sent the wrong block of a corrupt piece.
//
// Who alone sent the whole piece is convicted at once. When several did, each
// of them is suspected, and the digests of the blocks are kept until a right
// copy of the piece is there: a block that differs from it convicts its sender
// and clears the others.
//
//	trusted ──a corrupt piece had a block of its──▶ suspected
//	suspected ──the piece is right, its blocks were too──▶ trusted
//	any ──proof──▶ convicted
package blame

import (
	"slices"

	"github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Bound is how many blocks are remembered in all; beyond it the oldest corrupt
// piece is forgotten, and those whom it made suspects are cleared of it.
const Bound = 1 << 16

// Effects receives what became of a sender. Its methods only append to a batch.
// A sender that left may be named too.
type Effects interface {
	// Suspect says that a sender had a part in a corrupt piece.
	Suspect(by storage.Sender)
	// Clear says that nothing stands against a sender any more.
	Clear(by storage.Sender)
	// Convict says that it sent wrong bytes. It comes once for a sender.
	Convict(by storage.Sender, p Proof)
}

// Proof is what a sender is convicted by: it sent wrong bytes in Blocks blocks
// of Piece; 0 is unknown, where it alone sent the piece.
type Proof struct {
	Piece  pieceset.Index
	Blocks int
}

// Core remembers the corrupt copies of the pieces that have no right one yet. It
// has one owner and no lock.
type Core struct {
	copies []copyOf // oldest first
	blocks int      // in all of them
	stands map[storage.Sender]int
	guilty map[storage.Sender]struct{}
}

// copyOf is one corrupt copy of a piece.
type copyOf struct {
	piece  pieceset.Index
	blocks []storage.Suspect
}

// New returns a core that suspects nobody.
func New() *Core {
	return &Core{stands: map[storage.Sender]int{}, guilty: map[storage.Sender]struct{}{}}
}

// Corrupt takes the blocks of a corrupt piece; nil where they are not known, and
// nobody is blamed.
func (c *Core) Corrupt(i pieceset.Index, blocks []storage.Suspect, fx Effects) {
	if len(blocks) == 0 {
		return
	}
	sole := blocks[0].Sender
	for _, b := range blocks {
		if b.Sender != sole {
			sole = storage.Nobody
		}
	}
	if sole != storage.Nobody {
		c.convict(sole, Proof{Piece: i}, fx)
		return
	}
	c.keep(copyOf{piece: i, blocks: blocks}, fx)
}

func (c *Core) keep(k copyOf, fx Effects) {
	c.copies = append(c.copies, k)
	c.blocks += len(k.blocks)
	for h := range k.senders() {
		if c.stands[h]++; c.stands[h] == 1 {
			fx.Suspect(h)
		}
	}
	for c.blocks > Bound && len(c.copies) > 1 {
		c.settle(c.copies[0], fx)
		c.copies = slices.Delete(c.copies, 0, 1)
	}
}

// Right takes the digests of a right copy of piece i; nil if it cannot be read,
// which ends what stands because of it.
func (c *Core) Right(i pieceset.Index, digests []storage.Digest, fx Effects) {
	c.copies = slices.DeleteFunc(c.copies, func(k copyOf) bool {
		if k.piece != i {
			return false
		}
		if len(digests) == len(k.blocks) {
			c.compare(k, digests, fx)
		}
		c.settle(k, fx)
		return true
	})
}

// Forget ends every suspicion: right copies will not be told of.
func (c *Core) Forget(fx Effects) {
	for _, k := range c.copies {
		c.settle(k, fx)
	}
	c.copies = nil
}

// compare convicts the sender of each block that differs.
func (c *Core) compare(k copyOf, right []storage.Digest, fx Effects) {
	wrong := map[storage.Sender]int{}
	for n, b := range k.blocks {
		if b.Digest != right[n] {
			wrong[b.Sender]++
		}
	}
	for h := range k.senders() {
		if wrong[h] > 0 {
			c.convict(h, Proof{Piece: k.piece, Blocks: wrong[h]}, fx)
		}
	}
}

// settle ends what stands against holders because of k.
func (c *Core) settle(k copyOf, fx Effects) {
	c.blocks -= len(k.blocks)
	for h := range k.senders() {
		if c.stands[h]--; c.stands[h] > 0 {
			continue
		}
		delete(c.stands, h)
		if _, convicted := c.guilty[h]; !convicted {
			fx.Clear(h)
		}
	}
}

func (c *Core) convict(h storage.Sender, p Proof, fx Effects) {
	if _, before := c.guilty[h]; !before {
		c.guilty[h] = struct{}{}
		fx.Convict(h, p)
	}
}

// senders yields each known sender once, in the order of the blocks.
func (k copyOf) senders() func(func(storage.Sender) bool) {
	return func(yield func(storage.Sender) bool) {
		seen := map[storage.Sender]struct{}{storage.Nobody: {}}
		for _, b := range k.blocks {
			if _, before := seen[b.Sender]; before {
				continue
			}
			seen[b.Sender] = struct{}{}
			if !yield(b.Sender) {
				return
			}
		}
	}
}
