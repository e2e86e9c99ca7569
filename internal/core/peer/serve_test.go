package peer

import (
	"fmt"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// ask is a request for length bytes from begin on in piece 0.
func ask(begin, length uint32) wire.Message {
	return wire.Message{Kind: wire.Request, Begin: begin, Length: length}
}

// read takes the next run and finishes it at once.
func (l *link) read(limit uint32) ReadRun {
	run := l.core.NextRead(limit)
	l.core.ReadDone(run, l)
	return run
}

func TestARequestIsReadAndUploaded(t *testing.T) {
	l := seeding(t, plain)
	l.hear(ask(0, geometry.BlockSize))
	l.expect()
	run := l.core.NextRead(ReadAheadLimit)
	if run != (ReadRun{Length: geometry.BlockSize}) || l.core.Waiting() != 0 {
		t.Fatalf("read %v, %d wait", run, l.core.Waiting())
	}
	l.expect()
	l.core.ReadDone(run, l)
	l.expect("upload 0+0:16384")
	l.core.ReadDone(run, l)
	l.expect()
}

func TestBlocksOfEverySizeUpTo128KiBAreServed(t *testing.T) {
	l := seeding(t, plain)
	for _, length := range []uint32{1, 16 << 10, 32 << 10, 128 << 10} {
		l.hear(ask(5, length))
		l.read(ReadAheadLimit)
		l.expect(fmt.Sprintf("upload 0+5:%d", length))
	}
}

func TestConsecutiveRequestsAreReadAsOneRunWithinTheLimit(t *testing.T) {
	l := seeding(t, plain)
	const size = geometry.BlockSize
	l.hear(ask(0, size), ask(size, size), ask(2*size, size), ask(5*size, size), ask(0, size),
		wire.Message{Kind: wire.Request, Piece: 1, Begin: size, Length: size})
	for _, want := range []ReadRun{
		{Length: 2 * size},
		{Begin: 2 * size, Length: size},
		{Begin: 5 * size, Length: size},
		{Length: size},
		{Piece: 1, Begin: size, Length: size},
		{},
	} {
		if got := l.core.NextRead(2 * size); got != want {
			t.Errorf("read %v, want %v", got, want)
		}
	}
}

func TestARequestAboveTheLimitIsReadAlone(t *testing.T) {
	l := seeding(t, plain)
	l.hear(ask(0, 100), ask(100, 100))
	if got := l.core.NextRead(1); got != (ReadRun{Length: 100}) {
		t.Errorf("read %v", got)
	}
}

func TestWhatMayNotBeServedIsRejectedWithFASTAndDroppedWithoutIt(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(*testing.T, wire.Capabilities) *link
		ask  []wire.Message
	}{
		{"while we choke", func(t *testing.T, caps wire.Capabilities) *link {
			cfg := config(caps)
			cfg.Held = pieceset.Full(16)
			return open(t, cfg)
		}, []wire.Message{ask(0, 100)}},
		{"not held", func(t *testing.T, caps wire.Capabilities) *link {
			l := open(t, config(caps))
			l.core.SetChoke(l.now, Unchoked, l)
			l.take()
			return l
		}, []wire.Message{ask(0, 100)}},
		{"twice in a row", func(t *testing.T, caps wire.Capabilities) *link {
			l := seeding(t, caps)
			l.hear(ask(0, 100))
			return l
		}, []wire.Message{ask(0, 100)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := tc.make(t, plain)
			before := l.core.Waiting()
			l.hear(tc.ask...)
			l.expect()
			if l.core.Waiting() != before {
				t.Errorf("queued")
			}
			l = tc.make(t, fast)
			l.hear(tc.ask...)
			l.expect("send reject 0+0:100")
		})
	}
}

func TestRequestsOverOurLimitAreRejectedWithFASTElseDroppedAndThenEndTheConnection(t *testing.T) {
	for _, caps := range []wire.Capabilities{plain, fast} {
		l := seeding(t, caps)
		for n := range uint32(LocalReqq) {
			l.hear(ask(n, 1))
		}
		l.expect()
		if l.core.Waiting() != LocalReqq {
			t.Fatalf("%d requests wait", l.core.Waiting())
		}
		l.hear(ask(0, 2))
		if got := len(l.take()); got != int(caps&fast)/int(fast) {
			t.Errorf("%v: %d answers", caps, got)
		}
		for range floodRequest.tolerance().burst - 1 {
			l.hear(ask(0, 2))
		}
		if got := only(l.take(), "close"); len(got) != 0 || l.core.Waiting() != LocalReqq {
			t.Fatalf("%v, %d wait", got, l.core.Waiting())
		}
		l.hear(ask(0, 2))
		l.expectClosed(RequestFlood)
		if l.core.Waiting() != 0 {
			t.Errorf("%d requests wait behind the end", l.core.Waiting())
		}
	}
}

func TestReadingCountsAgainstTheLimit(t *testing.T) {
	l := seeding(t, fast)
	for n := range uint32(LocalReqq) {
		l.hear(ask(n, 1))
	}
	run := l.core.NextRead(10)
	l.hear(ask(0, 2))
	l.expect("send reject 0+0:2")
	l.core.ReadDone(run, l)
	l.take()
	l.hear(ask(0, 2))
	l.expect()
}

func TestAChokeRejectsTheWholeQueueWithFAST(t *testing.T) {
	l := seeding(t, fast)
	l.hear(ask(0, 1), ask(10, 1), ask(20, 1))
	run := l.core.NextRead(1)
	l.core.SetChoke(l.now, Choked, l)
	l.expect("send choke", "send reject 0+0:1", "send reject 0+10:1", "send reject 0+20:1")
	l.core.ReadDone(run, l)
	l.expect()
	l.core.SetChoke(l.now, Choked, l)
	l.expect()
}

func TestAChokeDropsTheQueueSilentlyWithoutFAST(t *testing.T) {
	l := seeding(t, plain)
	l.hear(ask(0, 1), ask(10, 1))
	run := l.core.NextRead(1)
	l.core.SetChoke(l.now, Choked, l)
	l.expect("send choke")
	l.core.SetChoke(l.now, Unchoked, l)
	l.expect("send unchoke")
	l.core.ReadDone(run, l)
	l.expect()
}

func TestACancelledRequestIsNotUploaded(t *testing.T) {
	for _, caps := range []wire.Capabilities{plain, fast} {
		l := seeding(t, caps)
		l.hear(ask(0, 1), ask(1, 1), ask(2, 1))
		run := l.core.NextRead(2)
		cancel := func(begin uint32) wire.Message {
			return wire.Message{Kind: wire.Cancel, Begin: begin, Length: 1}
		}
		l.hear(cancel(1), cancel(2), cancel(77))
		if caps == fast {
			l.expect("send reject 0+1:1", "send reject 0+2:1")
		}
		l.core.ReadDone(run, l)
		l.expect("upload 0+0:1")
		if l.core.Waiting() != 0 {
			t.Errorf("%d requests wait", l.core.Waiting())
		}
	}
}

func TestACancelInTheMiddleOfTheQueueKeepsTheOrderOfTheRest(t *testing.T) {
	l := seeding(t, plain)
	l.hear(ask(0, 1), ask(10, 1), ask(20, 1), ask(30, 1))
	l.hear(wire.Message{Kind: wire.Cancel, Begin: 20, Length: 1})
	for l.core.Waiting() > 0 {
		l.read(1)
	}
	l.expect("upload 0+0:1", "upload 0+10:1", "upload 0+30:1")
}

func TestAFailedReadIsRejectedWithFASTAndDroppedWithoutIt(t *testing.T) {
	for _, caps := range []wire.Capabilities{plain, fast} {
		l := seeding(t, caps)
		l.hear(ask(0, 1), ask(1, 1))
		l.core.ReadFailed(l.core.NextRead(2), l)
		if caps == fast {
			l.expect("send reject 0+0:1", "send reject 0+1:1")
		}
		l.expect()
	}
}

func TestAPieceThatWasWrittenSinceIsServed(t *testing.T) {
	cfg := config(fast)
	held := pieceset.New(16)
	cfg.Held = held
	l := open(t, cfg)
	l.core.SetChoke(l.now, Unchoked, l)
	l.take()
	l.hear(ask(0, 1))
	l.expect("send reject 0+0:1")
	held.Add(0)
	l.hear(ask(0, 1))
	l.read(1)
	l.expect("upload 0+0:1")
}

func TestTheQueueUsesItsRoomAgain(t *testing.T) {
	l := seeding(t, plain)
	for n := range uint32(100_000) {
		l.hear(ask(n, 1), ask(n+1_000_000, 1))
		for l.core.Waiting() > 10 {
			l.read(1)
		}
		l.take()
	}
	if got := cap(l.core.owed.waiting.requests); got > 100 {
		t.Errorf("room for %d requests", got)
	}
}
