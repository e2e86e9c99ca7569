package peer

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func TestAnIdleConnectionIsKeptAlive(t *testing.T) {
	l := open(t, config(plain))
	began := l.now
	l.tick()
	l.expect("send keep-alive")
	if l.now.Sub(began) != keepAliveEvery {
		t.Errorf("after %v", l.now.Sub(began))
	}
	l.tick()
	l.expect("send keep-alive")
}

func TestWhatWeWritePutsTheKeepAliveOff(t *testing.T) {
	l := open(t, config(plain))
	l.pass(keepAliveEvery - 1)
	l.core.Wrote(l.now, 0)
	l.pass(keepAliveEvery - 1)
	l.core.Tick(l.now, l)
	l.expect()
	l.pass(1)
	l.core.Tick(l.now, l)
	l.expect("send keep-alive")
}

func TestASilentRemoteIsLeft(t *testing.T) {
	l := open(t, config(plain))
	began := l.now
	for l.core.life == trading {
		l.tick()
	}
	if l.now.Sub(began) != SilenceLimit {
		t.Errorf("after %v", l.now.Sub(began))
	}
	l.expectClosed(Silent)
}

func TestAKeepAliveOfTheRemoteBreaksItsSilence(t *testing.T) {
	l := open(t, config(plain))
	for range 20 {
		l.pass(SilenceLimit - 1)
		l.signal(wire.KeepAlive)
		l.core.Tick(l.now, l)
	}
	if got := only(l.take(), "close"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestAProbeIsAKeepAliveAndGivesTheRemoteItsWholeTime(t *testing.T) {
	l := open(t, config(plain))
	l.pass(SilenceLimit - 1)
	l.core.Probe(l.now, l)
	l.expect("send keep-alive")
	l.pass(SilenceLimit - 1)
	l.core.Tick(l.now, l)
	if got := only(l.take(), "close"); len(got) != 0 {
		t.Errorf("%v", got)
	}
	l.pass(1)
	l.core.Tick(l.now, l)
	l.expectClosed(Silent)
	l.core.Probe(l.now, l)
	l.expect()
}

func TestTwoSidesThatWantNothingPart(t *testing.T) {
	all := wire.Message{Kind: wire.HaveAll}
	only := handshake(wire.ExtendedHandshake{UploadOnly: wire.UploadOnlyYes})
	notOnly := handshake(wire.ExtendedHandshake{UploadOnly: wire.UploadOnlyNo})
	for _, tc := range []struct {
		name  string
		goal  Goal
		heard []wire.Message
		want  life
	}{
		{"seed and seed", UploadOnly, []wire.Message{all}, closed},
		{"seed and a bitfield of all", UploadOnly, []wire.Message{bitfield(0xff, 0xff)}, closed},
		{"seed and partial seed", UploadOnly, []wire.Message{only}, closed},
		{"seed and partial seed that wants again", UploadOnly, []wire.Message{only, notOnly}, trading},
		{"seed and one that told nothing", UploadOnly, nil, trading},
		{"seed and one with most pieces", UploadOnly, []wire.Message{bitfield(0xff, 0xfe)}, trading},
		{"fetching from a seed", Fetching, []wire.Message{all}, trading},
		{"fetching, and a partial seed with nothing that we want", Fetching, []wire.Message{bitfield(0x80, 0), only}, closed},
		{"fetching, and one with nothing that we want that fetches too", Fetching, []wire.Message{bitfield(0x80, 0)}, trading},
		{"super seeding and seed", SuperSeeding, []wire.Message{all}, closed},
		{"super seeding and one that fetches", SuperSeeding, []wire.Message{bitfield(0x80, 0)}, trading},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := config(fast | extended)
			cfg.Goal = tc.goal
			l := open(t, cfg)
			l.hear(tc.heard...)
			l.take()
			l.pass(pointlessAfter - 1)
			l.core.Tick(l.now, l)
			l.expect()
			l.pass(1)
			l.core.Tick(l.now, l)
			if l.core.life != tc.want {
				t.Fatalf("%v", l.lines)
			}
			if tc.want == closed {
				l.expectClosed(NothingToTrade)
			}
		})
	}
}

func TestAPartialSeedIsKeptWhileItHasWhatWeWant(t *testing.T) {
	l := open(t, config(fast|extended))
	l.hear(bitfield(0x80, 0), handshake(wire.ExtendedHandshake{UploadOnly: wire.UploadOnlyYes}))
	l.core.SetInterest(l.now, Interested, l)
	l.pass(time.Minute)
	l.core.Tick(l.now, l)
	if l.core.life == closed {
		t.Fatal("it was left though it has what we want")
	}
	l.core.SetInterest(l.now, NotInterested, l)
	l.tick()
	l.expectClosed(NothingToTrade)
}

func TestTheRemotesLastPieceLetsTwoSeedsPart(t *testing.T) {
	l := seeding(t, plain)
	l.hear(bitfield(0xff, 0xfe))
	l.pass(time.Minute)
	l.hear(have(15))
	l.tick()
	l.expectClosed(NothingToTrade)
}

func TestOurLastPieceLetsTwoSeedsPart(t *testing.T) {
	l := fetching(t, plain)
	l.pass(time.Minute)
	l.core.SetGoal(l.now, UploadOnly, l)
	l.expect()
	l.tick()
	l.expectClosed(NothingToTrade)
}

func TestOurGoalIsToldAndTakenBackByBEP10(t *testing.T) {
	said := func(l *link) wire.UploadOnly {
		l.t.Helper()
		got := l.sent
		l.sent = nil
		if len(got) != 1 || got[0].Kind != wire.Extended {
			l.t.Fatalf("sent %v", got)
		}
		h, ok := wire.ViewExtendedHandshake(got[0].Payload).(wire.ExtendedHandshakeWellFormed)
		if !ok || h.Handshake.Reqq != LocalReqq || h.Handshake.Client != "test" {
			l.t.Fatalf("%+v", h)
		}
		return h.Handshake.UploadOnly
	}
	l := open(t, config(extended))
	if got := said(l); got != wire.UploadOnlyUnsaid {
		t.Errorf("at first: %v", got)
	}
	for g, want := range map[Goal]wire.UploadOnly{UploadOnly: wire.UploadOnlyYes, Fetching: wire.UploadOnlyNo} {
		l.core.local.goal = 1 - g
		l.core.SetGoal(l.now, g, l)
		if got := said(l); got != want {
			t.Errorf("%v: %v", g, got)
		}
		l.core.SetGoal(l.now, g, l)
		if len(l.sent) != 0 {
			t.Errorf("said twice: %v", l.sent)
		}
	}
	for g, want := range map[Goal]wire.UploadOnly{UploadOnly: wire.UploadOnlyYes, SuperSeeding: wire.UploadOnlyUnsaid} {
		cfg := config(extended)
		cfg.Goal, cfg.Announce = g, pieceset.New(16)
		if got := said(open(t, cfg)); got != want {
			t.Errorf("%v at first: %v", g, got)
		}
	}
}

func TestAfterATickNothingIsDueAtOnce(t *testing.T) {
	l := fetching(t, fast)
	l.request(0, 64)
	for range 100 {
		l.tick()
		if d := l.core.NextDeadline(); d != mono.Never && d <= l.now {
			t.Fatalf("due at %v, now %v", d, l.now)
		}
		if l.core.life == trading {
			l.request(0, 64)
		}
	}
	l.expectClosed(Silent)
}

func TestWhileWeDoNotReadNothingIsHeldAgainstTheRemote(t *testing.T) {
	l := fetching(t, plain)
	l.request(0, 2)
	l.take()
	for range 100 {
		l.now = l.core.NextDeadline()
		l.core.HeldBack(l.now)
		l.core.Tick(l.now, l)
	}
	if got := only(l.take(), "returned"); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if got := l.core.NextDeadline().Sub(l.now); got != firstTimeout {
		t.Errorf("due in %v", got)
	}
}

func TestBlocksAreUnderWayWhileARequestOfEitherSideIsOpen(t *testing.T) {
	l := fetching(t, plain)
	if l.core.ViewTraffic() != NoTraffic {
		t.Error("nobody has asked for anything")
	}
	l.request(0, 1)
	if l.core.ViewTraffic() != BlocksUnderWay {
		t.Error("we asked for a block")
	}
	l.answer(0)
	if l.core.ViewTraffic() != NoTraffic {
		t.Error("it came")
	}
	l = seeding(t, plain)
	l.hear(ask(0, 16<<10))
	if l.core.ViewTraffic() != BlocksUnderWay {
		t.Error("the remote asked for a block")
	}
	run := l.core.NextRead(ReadAheadLimit)
	if l.core.ViewTraffic() != BlocksUnderWay {
		t.Error("it is being read")
	}
	l.core.ReadDone(run, l)
	if l.core.ViewTraffic() != NoTraffic {
		t.Error("it was answered")
	}
}
