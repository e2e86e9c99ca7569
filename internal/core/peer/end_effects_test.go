package peer

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// Send puts a message on the way.
func (x *end) Send(m wire.Message) {
	x.auditor.Send(m)
	x.put(m)
}

// Upload sends a block.
func (x *end) Upload(r Request) {
	x.auditor.Upload(r)
	m := wire.Message{Kind: wire.Piece, Piece: r.Piece, Begin: r.Begin, Length: r.Length, Payload: x.w.block[:r.Length]}
	x.travel(m, int(r.Length)+wire.PieceHeaderBytes)
}

// RemoteHas tells the picker.
func (x *end) RemoteHas(i pieceset.Index) {
	x.auditor.RemoteHas(i)
	x.remote.Add(i)
}

// RemoteHasSet tells the picker.
func (x *end) RemoteHasSet(s *pieceset.Set) {
	x.auditor.RemoteHasSet(s)
	x.remote = s.Clone()
}

// Received tells the picker.
func (x *end) Received(b geometry.Block) {
	x.auditor.Received(b)
	delete(x.planned, b)
	if x.held.Has(b.Piece) || x.got[b] != 0 {
		x.doubled++
		return
	}
	x.got[b] = 1
	x.finish(b.Piece)
}

// Returned tells the picker.
func (x *end) Returned(b geometry.Block, why Return) {
	x.auditor.Returned(b, why)
	delete(x.planned, b)
}

// Credit tells the picker.
func (x *end) Credit(blocks int, of Scope) {
	x.auditor.Credit(blocks, of)
	x.room = blocks
}

// Told tells a new picker.
func (x *end) Told(i Interest) {
	x.auditor.Told(i)
	x.told = i
}

// InFlight tells a new picker.
func (x *end) InFlight(b geometry.Block) {
	x.auditor.InFlight(b)
	x.planned[b] = 1
}

// Close keeps the reason.
func (x *end) Close(c Closing) {
	x.auditor.Close(c)
	if c.Reason != NothingToTrade {
		x.t.Fatalf("closed: %v", c)
	}
	if !x.held.IsFull() || !x.other.held.IsFull() {
		x.t.Fatalf("nothing to trade with %d and %d of %d pieces", x.held.Count(), x.other.held.Count(), x.held.Size())
	}
}
