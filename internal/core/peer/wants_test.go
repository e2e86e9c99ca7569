package peer

import (
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func TestTheChokerHearsOfInterestOnlyOfOneThatCouldFetch(t *testing.T) {
	wants, wantsNothing := wire.Message{Kind: wire.Interested}, wire.Message{Kind: wire.NotInterested}
	says := func(u wire.UploadOnly) wire.Message { return handshake(wire.ExtendedHandshake{UploadOnly: u}) }
	for _, c := range []struct {
		name    string
		hears   []wire.Message
		reports []string
	}{
		{"one that fetches", []wire.Message{wants, wantsNothing}, []string{"remote interested", "remote not interested"}},
		{"a seed", []wire.Message{{Kind: wire.HaveAll}, wants, wantsNothing}, nil},
		{"a seed by its bitfield", []wire.Message{bitfield(0xff, 0xff), wants}, nil},
		{"one that becomes a seed", []wire.Message{bitfield(0xff, 0xfe), wants, have(15), wantsNothing}, []string{"remote interested", "remote not interested"}},
		{"one that only uploads", []wire.Message{says(wire.UploadOnlyYes), wants}, nil},
		{"one that comes to only upload", []wire.Message{wants, says(wire.UploadOnlyYes)}, []string{"remote interested", "remote not interested"}},
		{
			"one that fetches again", []wire.Message{says(wire.UploadOnlyYes), wants, says(wire.UploadOnlyUnsaid), says(wire.UploadOnlyNo)},
			[]string{"remote interested"},
		},
		{"one that fetches again and wants nothing", []wire.Message{says(wire.UploadOnlyYes), says(wire.UploadOnlyNo)}, nil},
	} {
		l := open(t, config(fast|extended))
		l.hear(c.hears...)
		if got := only(l.take(), "remote "); !slices.Equal(got, c.reports) {
			t.Errorf("%s: the choker hears %q, want %q", c.name, got, c.reports)
		}
	}
}

func TestAnUnansweredWaitIsCountedFromTheLastBlock(t *testing.T) {
	l := fetching(t, fast)
	waits := func(since mono.Instant) {
		t.Helper()
		if got := l.core.Unanswered(); got != since {
			t.Errorf("unanswered since %v, want %v", got, since)
		}
	}
	waits(mono.Never)
	l.pass(time.Hour)
	begun := l.now
	l.request(0, 3)
	waits(begun)
	l.pass(time.Second)
	l.request(3, 4)
	waits(begun)
	l.answer(0)
	first := l.now
	waits(first)
	for range 3 { // time-outs
		l.tick()
		waits(first)
		l.request(0, 1)
		waits(first)
	}
	l.answer(0)
	waits(mono.Never)
}

func TestWhoChokesUsOrIsNotReadLeavesNothingUnanswered(t *testing.T) {
	l := fetching(t, fast)
	l.request(0, 2)
	l.pass(time.Second)
	l.core.HeldBack(l.now)
	if got := l.core.Unanswered(); got != l.now {
		t.Errorf("unanswered since %v, we read again at %v", got, l.now)
	}
	l.signal(wire.Choke)
	if got := l.core.Unanswered(); got != mono.Never {
		t.Errorf("unanswered since %v, of one that chokes us", got)
	}
	l.pass(time.Second)
	l.signal(wire.Unchoke)
	if got := l.core.Unanswered(); got != l.now {
		t.Errorf("unanswered since %v, it unchoked us at %v", got, l.now)
	}
	for n := range uint32(2) {
		l.core.CancelBlock(l.now, geometry.Block{Number: n}, l)
	}
	if got := l.core.Unanswered(); got != mono.Never {
		t.Errorf("unanswered since %v, with all requests withdrawn", got)
	}
}
