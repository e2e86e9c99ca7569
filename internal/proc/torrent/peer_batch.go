package torrent

import (
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// stepBatch is the Effects of one step of a peer: what the core decided, sorted
// by receiver, to be carried out after the step.
type stepBatch struct {
	messages []byte
	uploads  []peer.Request
	slab     slab.Slab  // that is decoded; its owner is the process
	picker   *peerBatch // nil while there is nothing to tell
	interest interestNews
	intro    *wire.ExtendedHandshake
	closing  *peer.Closing
}

// interestNews is a change of the remote's interest, if there was one.
type interestNews uint8

const (
	interestSame interestNews = iota
	interestGained
	interestLost
)

func (b *stepBatch) tell() *peerBatch {
	if b.picker == nil {
		b.picker = &peerBatch{}
	}
	return b.picker
}

// Send encodes a message.
func (b *stepBatch) Send(m wire.Message) { b.messages = m.Append(b.messages) }

// slabBlocks is how many whole blocks a slab has room for: what is told of one has
// its room at once.
const slabBlocks = slab.Size / geometry.BlockSize

// StoreBlock notes a block in the slab, which goes to the disk with it.
func (b *stepBatch) StoreBlock(block geometry.Block, data []byte) {
	b.slab.Note(slab.Block{Piece: block.Piece, Begin: block.Number * geometry.BlockSize, Data: data})
}

// Upload adds a block to send.
func (b *stepBatch) Upload(r peer.Request) { b.uploads = append(b.uploads, r) }

// RemoteHas tells the picker of a piece.
func (b *stepBatch) RemoteHas(i pieceset.Index) {
	b.tell().has = append(b.tell().has, i)
}

// RemoteHasSet tells the picker of all pieces.
func (b *stepBatch) RemoteHasSet(s *pieceset.Set) { b.tell().hasSet = s.Clone() }

// Received tells the picker of a block that the disk gets.
func (b *stepBatch) Received(block geometry.Block) {
	t := b.tell()
	if t.got == nil {
		t.got = make([]geometry.Block, 0, slabBlocks)
	}
	t.got = append(t.got, block)
}

// Returned gives a block back to the picker.
func (b *stepBatch) Returned(block geometry.Block, why peer.Return) {
	b.tell().back = append(b.tell().back, returned{block, why})
}

// Credit tells the picker how much more the pipeline takes.
func (b *stepBatch) Credit(blocks int) {
	t := b.tell()
	t.credit, t.credits = blocks, creditNew
}

// RemoteInterest notes a change for the choker.
func (b *stepBatch) RemoteInterest(i peer.Interest) {
	b.interest = interestLost
	if i == peer.Interested {
		b.interest = interestGained
	}
}

// Introduced notes what the remote said about itself.
func (b *stepBatch) Introduced(h *wire.ExtendedHandshake) { b.intro = h }

// Close notes the end.
func (b *stepBatch) Close(c peer.Closing) { b.closing = &c }

// reset empties the batch and keeps its buffers. What the picker and the disk
// got is theirs.
func (b *stepBatch) reset() {
	*b = stepBatch{messages: b.messages[:0], uploads: b.uploads[:0]}
}
