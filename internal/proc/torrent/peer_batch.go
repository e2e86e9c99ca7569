package torrent

import (
	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// stepBatch is the Effects of one step of a peer: what the core decided, sorted
// by receiver, to be carried out after the step.
type stepBatch struct {
	holder   assign.HolderID
	messages []byte
	uploads  []peer.Request
	slab     slab.Slab // that is decoded; its owner is the process
	picker   []toAssign
	word     *rareInput // about itself, of a peer that joins anew; nil: it does not
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

// now is the interest after the change.
func (n interestNews) now() peer.Interest {
	if n == interestGained {
		return peer.Interested
	}
	return peer.NotInterested
}

// Send encodes a message.
func (b *stepBatch) Send(m wire.Message) { b.messages = m.Append(b.messages) }

// StoreBlock notes a block in the slab, which goes to the disk with it.
func (b *stepBatch) StoreBlock(block geometry.Block, data []byte) {
	b.slab.Note(slab.Block{Piece: block.Piece, Begin: block.Number * geometry.BlockSize, Data: data})
}

// Upload adds a block to send.
func (b *stepBatch) Upload(r peer.Request) { b.uploads = append(b.uploads, r) }

// tell adds to what the picker is told.
func (b *stepBatch) tell(in toAssign) {
	in.holder = b.holder
	b.picker = append(b.picker, in)
}

// RemoteHas tells the picker of a piece.
func (b *stepBatch) RemoteHas(i pieceset.Index) {
	b.tell(toAssign{kind: inputHas, block: geometry.Block{Piece: i}})
}

// RemoteHasSet tells the picker of all pieces.
func (b *stepBatch) RemoteHasSet(s *pieceset.Set) {
	if b.word != nil {
		b.word.hasSet = s.Clone()
		return
	}
	b.tell(toAssign{kind: inputHasSet, rare: &rareInput{hasSet: s.Clone()}})
}

// Received tells the picker of a block that the disk gets.
func (b *stepBatch) Received(block geometry.Block) {
	b.tell(toAssign{kind: inputReceived, block: block})
}

// Returned gives a block back to the picker.
func (b *stepBatch) Returned(block geometry.Block, why peer.Return) {
	b.tell(toAssign{kind: inputReturned, block: block, why: why})
}

// Credit tells the picker how much more the pipeline takes. Of several in a row the
// last counts.
func (b *stepBatch) Credit(blocks int, of peer.Scope) {
	if last := len(b.picker) - 1; last >= 0 && b.picker[last].kind == inputCredit {
		b.picker = b.picker[:last]
	}
	b.tell(toAssign{kind: inputCredit, credit: uint32(blocks), scope: of})
}

// Allowed tells the picker of a piece that the remote serves while it chokes us.
func (b *stepBatch) Allowed(i pieceset.Index) {
	b.tell(toAssign{kind: inputAllowed, block: geometry.Block{Piece: i}})
}

// Disallowed tells it that it does not.
func (b *stepBatch) Disallowed(i pieceset.Index) {
	b.tell(toAssign{kind: inputDisallowed, block: geometry.Block{Piece: i}})
}

// Told tells a picker that takes over what the remote knows.
func (b *stepBatch) Told(i peer.Interest) { b.word.past.told = i }

// InFlight tells it of a block that was dealt before.
func (b *stepBatch) InFlight(block geometry.Block) {
	b.word.past.fetches = append(b.word.past.fetches, block)
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

// toldKept is how many inputs of the picker room is kept for: a slab has 32 blocks,
// but a remote may say more, such as many haves.
const toldKept = 128

// reset empties the batch and keeps its buffers, but not those of a burst.
func (b *stepBatch) reset() {
	clear(b.picker)
	if cap(b.picker) > toldKept {
		b.picker = nil
	}
	*b = stepBatch{holder: b.holder, messages: b.messages[:0], uploads: b.uploads[:0], picker: b.picker[:0]}
}
