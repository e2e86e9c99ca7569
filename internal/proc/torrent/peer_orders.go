package torrent

import (
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

// peerOrder is what control and the picker tell a peer. Orders are bounded: by
// the credit and the blocks in flight, and by one change at a time of the rest, for
// each assign process that begins.
type peerOrder struct {
	kind orderKind
	run  geometry.Run
	join joinNumber // of the picker's: the peer's join that it answers
}

type orderKind uint8

const (
	orderRequest orderKind = iota
	orderCancel
	orderInterested
	orderNotInterested
	orderUnchoke
	orderChoke
	orderAdmit
	orderUploadOnly
	orderFetching
	orderSuperSeeding
	orderRejoin // a fresh assign process has begun
	orderLeave
	orderShed  // leave, unless a block is under way
	orderProbe // find out whether the remote is still there
)

// join has the picker know of this peer.
func (x *peerProc) join() *rareInput {
	x.joins++
	word := &rareInput{line: line{orders: x.c.orders, join: x.joins, shown: x.c.shown, meter: x.c.meter}}
	x.batch.tell(toAssign{kind: inputJoined, rare: word})
	return word
}

// rejoin has a picker that takes over know of this peer, and of what it does.
func (x *peerProc) rejoin() {
	word := x.join()
	word.past = &past{}
	x.batch.word = word
	x.core.Rejoin(&x.batch)
	x.batch.word = nil
}

// obey carries out one order.
func (x *peerProc) obey(o peerOrder) string {
	x.p.Step("obey")
	if o.join != 0 && o.join != x.joins {
		return "" // it crossed what we said of ourselves since
	}
	now := x.now()
	switch o.kind {
	case orderRequest:
		x.core.Request(now, o.run, &x.batch)
	case orderCancel:
		x.core.CancelBlock(now, geometry.Block{Piece: o.run.Piece, Number: o.run.First}, &x.batch)
	case orderInterested:
		x.core.SetInterest(now, peer.Interested, &x.batch)
	case orderNotInterested:
		x.core.SetInterest(now, peer.NotInterested, &x.batch)
	case orderUnchoke:
		x.core.SetChoke(now, peer.Unchoked, &x.batch)
	case orderChoke:
		x.core.SetChoke(now, peer.Choked, &x.batch)
	case orderUploadOnly:
		x.core.SetGoal(now, peer.UploadOnly, &x.batch)
	case orderFetching:
		x.core.SetGoal(now, peer.Fetching, &x.batch)
	case orderSuperSeeding:
		x.core.SetGoal(now, peer.SuperSeeding, &x.batch)
	case orderRejoin:
		x.rejoin()
	case orderLeave:
		return "told to leave"
	case orderShed:
		if x.core.ViewTraffic() == peer.NoTraffic && x.out.isSent() {
			return reasonShed
		}
	case orderProbe:
		x.core.Probe(now, &x.batch)
	case orderAdmit:
	}
	return ""
}
