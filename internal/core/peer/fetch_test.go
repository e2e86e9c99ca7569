package peer

import (
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func TestABlockThatWasAskedForGoesToThePickerAndThenToTheDisk(t *testing.T) {
	l := fetching(t, plain)
	l.request(0, 2)
	l.expect("send request 0+0:16384", "send request 0+16384:16384")
	l.answer(1)
	l.answer(0)
	l.expect("received 0/1", "store 0/1 16384 bytes", "credit 17", "received 0/0", "store 0/0 16384 bytes", "credit 18")
}

func TestTheLastBlockIsAskedForWithItsOwnLength(t *testing.T) {
	l := fetching(t, plain)
	l.core.Request(l.now, geometry.Run{Piece: 15, First: 99, Count: 1}, l)
	l.expect("send request 15+1622016:15384")
	short := wire.Message{Kind: wire.Piece, Piece: 15, Begin: 99 * geometry.BlockSize, Payload: make([]byte, 15384)}
	l.hear(short)
	l.expect("received 15/99", "store 15/99 15384 bytes", "credit 17")
}

func TestCreditFollowsChokeAndInterest(t *testing.T) {
	l := open(t, config(plain))
	l.signal(wire.Unchoke)
	l.expect()
	l.core.SetInterest(l.now, Interested, l)
	l.expect("send interested", "credit 16")
	l.signal(wire.Choke)
	l.expect("credit 0")
	l.signal(wire.Unchoke)
	l.expect("credit 16")
	l.core.SetInterest(l.now, NotInterested, l)
	l.expect("send not interested", "credit 0")
	l.core.SetInterest(l.now, NotInterested, l)
	l.expect()
}

func TestNothingIsAskedForWhileChoked(t *testing.T) {
	l := fetching(t, plain)
	l.signal(wire.Choke)
	l.take()
	l.request(0, 2)
	l.expect("returned 0/0 choked", "returned 0/1 choked")
}

func TestABlockInFlightIsNotAskedForAgain(t *testing.T) {
	l := fetching(t, plain)
	l.request(0, 1)
	l.take()
	l.request(0, 2)
	l.expect("send request 0+16384:16384")
}

func TestWithoutFASTAChokeReturnsEverythingAndLateBlocksStillCount(t *testing.T) {
	l := fetching(t, plain)
	l.request(0, 3)
	l.take()
	l.signal(wire.Choke)
	l.expect("credit 0", "returned 0/0 choked", "returned 0/1 choked", "returned 0/2 choked")
	l.answer(1)
	l.expect("received 0/1", "store 0/1 16384 bytes")
}

func TestWithFASTAChokeLeavesInFlightWhatIsNotRejected(t *testing.T) {
	l := fetching(t, fast)
	l.request(0, 3)
	l.take()
	l.hear(wire.Message{Kind: wire.Choke}, about(wire.Reject, 0), about(wire.Reject, 2))
	l.expect("credit 0", "returned 0/0 choked", "returned 0/2 choked")
	l.answer(1)
	l.expect("received 0/1", "store 0/1 16384 bytes")
}

func TestWithFASTAChokeWithoutRejectsIsBoundedByTime(t *testing.T) {
	l := fetching(t, fast)
	l.request(0, 2)
	l.signal(wire.Choke)
	l.take()
	asked := l.now
	l.tick()
	l.expect("returned 0/0 choked", "returned 0/1 choked")
	if waited := l.now.Sub(asked); waited != firstTimeout {
		t.Errorf("waited %v", waited)
	}
	l.hear(about(wire.Reject, 0), piece(1))
	l.expect("received 0/1", "store 0/1 16384 bytes")
	l.signal(wire.Unchoke)
	l.expect("credit 17") // the wait is not held against the remote
}

func TestARemoteThatChokesAndUnchokesDoesNotHoldItsBlocksLonger(t *testing.T) {
	l := fetching(t, fast)
	l.request(0, 1)
	until := l.core.NextDeadline()
	for range 10 {
		l.pass(time.Second)
		l.signal(wire.Choke)
		l.signal(wire.Unchoke)
	}
	if got := l.core.NextDeadline(); got != until {
		t.Errorf("the time-out moved by %v", got.Sub(until))
	}
}

func TestARejectedBlockGoesBackAndThePipelineShrinksToWhatIsLeft(t *testing.T) {
	l := fetching(t, fast)
	l.request(0, 10)
	l.take()
	l.hear(about(wire.Reject, 3), about(wire.Reject, 9))
	l.expect("returned 0/3 rejected", "returned 0/9 rejected", "credit 8")
	l.answer(0)
	l.expect("received 0/0", "store 0/0 16384 bytes", "credit 16")
}

func TestARejectOfAnotherRangeRejectsNothing(t *testing.T) {
	l := fetching(t, fast)
	l.request(0, 1)
	l.take()
	l.hear(
		wire.Message{Kind: wire.Reject, Begin: 5, Length: geometry.BlockSize},
		wire.Message{Kind: wire.Reject, Length: 100},
	)
	l.expect()
}

func TestABlockThatCrossesOurCancelIsNoOffence(t *testing.T) {
	for _, caps := range []wire.Capabilities{plain, fast} {
		l := fetching(t, caps)
		for n := range uint32(60) {
			l.request(n, n+1)
			l.take()
			l.core.CancelBlock(l.now, geometry.Block{Number: n}, l)
			l.expect(fmt.Sprintf("send cancel 0+%d:16384", n*geometry.BlockSize))
			l.answer(n)
			if got := only(l.take(), "close"); len(got) > 0 {
				t.Fatalf("block %d: %v", n, got)
			}
		}
	}
}

func TestACancelOfWhatIsNotInFlightMeansNothing(t *testing.T) {
	l := fetching(t, plain)
	l.core.CancelBlock(l.now, geometry.Block{Number: 3}, l)
	l.request(0, 1)
	l.answer(0)
	l.take()
	l.core.CancelBlock(l.now, geometry.Block{Number: 0}, l)
	l.expect()
}

func TestTheRejectOfACancelledRequestIsNotTakenForThatOfTheNextOne(t *testing.T) {
	l := fetching(t, fast)
	l.request(0, 1)
	l.core.CancelBlock(l.now, geometry.Block{}, l)
	l.request(0, 1)
	l.take()
	l.hear(about(wire.Reject, 0))
	l.expect()
	l.answer(0)
	l.expect("received 0/0", "store 0/0 16384 bytes", "credit 17")
}

func TestABlockThatWasAskedForTwiceMayComeTwice(t *testing.T) {
	l := fetching(t, plain)
	for n := range uint32(60) {
		l.request(n, n+1)
		l.core.CancelBlock(l.now, geometry.Block{Number: n}, l)
		l.request(n, n+1)
		l.answer(n)
		l.answer(n)
	}
	if got := only(l.take(), "received"); len(got) != 120 {
		t.Errorf("%d blocks received", len(got))
	}
}

func TestAnAnswerThatMayBeToAnEarlierRequestMeasuresNothing(t *testing.T) {
	l := fetching(t, plain)
	l.request(0, 1)
	l.core.CancelBlock(l.now, geometry.Block{}, l)
	l.pass(time.Second)
	l.request(0, 1)
	l.pass(time.Millisecond)
	l.answer(0)
	if got := l.core.pipe.rtt; got != 0 {
		t.Errorf("round trip %v", got)
	}
}

func TestUnrequestedAndMisalignedBlocksAreCountedAndEndTheConnection(t *testing.T) {
	across := wire.Message{Kind: wire.Piece, Begin: 1, Payload: make([]byte, geometry.BlockSize)}
	short := wire.Message{Kind: wire.Piece, Payload: make([]byte, 100)}
	for name, m := range map[string]wire.Message{"unrequested": piece(7), "misaligned": across, "of another length": short} {
		t.Run(name, func(t *testing.T) {
			l := fetching(t, fast)
			l.request(0, 1)
			l.take()
			for range floodBlock.tolerance().burst {
				l.hear(m)
			}
			l.expect()
			l.hear(m)
			l.expectClosed(UnrequestedBlocks)
		})
	}
}

func TestADealBeyondTheQueueOfTheRemoteGoesBack(t *testing.T) {
	l := fetching(t, extended)
	l.hear(handshake(wire.ExtendedHandshake{Reqq: 2}))
	l.expect("introduced ", "credit 2")
	l.request(0, 4)
	l.expect("send request 0+0:16384", "send request 0+16384:16384", "returned 0/2 choked", "returned 0/3 choked")
}

func TestAConnectionThatEndsReturnsWhatItHasInFlight(t *testing.T) {
	l := fetching(t, plain)
	l.request(0, 2)
	l.take()
	l.core.Malformed(wire.BlockOutOfPiece, l)
	l.expect("returned 0/0 choked", "returned 0/1 choked", "credit 0",
		"close malformed message: the block is not inside its piece")
	l.provoke()
	l.expect()
}

func TestAPickerThatTakesOverLearnsWhatTheRemoteHasAndWhatIsInFlight(t *testing.T) {
	l := fetching(t, fast)
	l.request(0, 4)
	l.answer(1)
	l.core.CancelBlock(l.now, geometry.Block{Number: 2}, l)
	l.hear(about(wire.Reject, 3))
	l.take()
	l.core.Rejoin(l)
	l.expect("told interested", "in flight 0/0", "has set [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15]", "credit 1")
	l.answer(0)
	l.expect("received 0/0", "store 0/0 16384 bytes", "credit 2")
}

func TestAConnectionThatDidNothingRejoinsAsItJoined(t *testing.T) {
	l := open(t, config(plain))
	l.core.Rejoin(l)
	l.expect("told not interested", "credit 0")
}
