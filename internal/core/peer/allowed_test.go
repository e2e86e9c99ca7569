package peer

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func someHash() (h [20]byte) {
	for i := range h {
		h[i] = 0xaa
	}
	return h
}

func TestTheAllowedSetIsThatOfBEP6(t *testing.T) {
	want := []pieceset.Index{1059, 431, 808, 1217, 287, 376, 1188, 353, 508}
	got := allowedSet(someHash(), netip.MustParseAddr("80.4.4.200"), 1313)
	if !slices.Equal(got[:len(want)], want) || len(got) != allowedPieces {
		t.Errorf("%v, want %v and another", got, want)
	}
}

func TestAllowedSetsAreMadeOfV4AddressesOnly(t *testing.T) {
	for to, want := range map[string]int{"192.0.2.1": 10, "::ffff:192.0.2.1": 10, "2001:db8::1": 0} {
		if got := len(allowedSet(someHash(), netip.MustParseAddr(to), 100)); got != want {
			t.Errorf("%s: %d pieces", to, got)
		}
	}
	if got := allowedSet([20]byte{}, netip.MustParseAddr("192.0.2.1"), 100); len(got) != 0 {
		t.Errorf("without an info-hash: %v", got)
	}
	for _, pieces := range []int{0, 1, 9, 10} {
		if got := len(allowedSet(someHash(), netip.MustParseAddr("192.0.2.1"), pieces)); got != pieces {
			t.Errorf("%d of %d pieces", got, pieces)
		}
	}
}

// choking is a connection of a side that holds everything and chokes the remote.
func choking(t *testing.T, caps wire.Capabilities) *link {
	cfg := config(caps)
	cfg.Held, cfg.Announce, cfg.InfoHash = pieceset.Full(16), pieceset.Full(16), someHash()
	return open(t, cfg)
}

func TestOneThatSuperSeedsAllowsNothingWhileItChokes(t *testing.T) {
	cfg := config(fast)
	cfg.Held, cfg.Announce, cfg.InfoHash, cfg.Goal = pieceset.New(16), pieceset.New(16), someHash(), SuperSeeding
	l := open(t, cfg)
	l.hear(wire.Message{Kind: wire.HaveNone})
	if got := only(l.take(), "send allowed fast"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestABeginnerIsToldWhatItMayFetchWhileChoked(t *testing.T) {
	none := wire.Message{Kind: wire.HaveNone}
	for _, tc := range []struct {
		name  string
		caps  wire.Capabilities
		heard wire.Message
		want  int
	}{
		{"that has nothing", fast, none, 10},
		{"that has nine pieces, five of the set among them", fast, bitfield(0xff, 0x80), 5},
		{"that has ten pieces", fast, bitfield(0xff, 0xc0), 0},
		{"that has everything", fast, wire.Message{Kind: wire.HaveAll}, 0},
		{"without FAST", plain, bitfield(0, 0), 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := choking(t, tc.caps)
			l.hear(tc.heard)
			if got := only(l.take(), "send allowed fast"); len(got) != tc.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestAllowedPiecesAreServedWhileChokedAndSurviveAChoke(t *testing.T) {
	l := choking(t, fast)
	l.hear(wire.Message{Kind: wire.HaveNone})
	l.take()
	good := l.core.owed.allowed.pieces[0]
	bad := pieceset.Index(0)
	for slices.Contains(l.core.owed.allowed.pieces, bad) {
		bad++
	}
	at := func(i pieceset.Index) wire.Message {
		return wire.Message{Kind: wire.Request, Piece: i, Length: 100}
	}
	l.hear(at(good), at(bad))
	l.expect(fmt.Sprintf("send reject %d+0:100", bad))
	l.read(1)
	l.expect(fmt.Sprintf("upload %d+0:100", good))

	l.core.SetChoke(l.now, Unchoked, l)
	l.hear(at(good), at(bad))
	l.core.SetChoke(l.now, Choked, l)
	l.expect("send unchoke", "send choke", fmt.Sprintf("send reject %d+0:100", bad))
	l.read(1)
	l.expect(fmt.Sprintf("upload %d+0:100", good))
}

func TestWhatAChokedRemoteMayFetchIsBounded(t *testing.T) {
	l := choking(t, fast)
	l.hear(wire.Message{Kind: wire.HaveNone})
	l.take()
	i := l.core.owed.allowed.pieces[0]
	served := int64(0)
	for n := range uint32(10_000) {
		l.hear(wire.Message{Kind: wire.Request, Piece: i, Begin: n % 2, Length: wire.MaxBlockBytes})
		served += int64(len(only(l.take(), "close")))
		for l.core.Waiting() > 0 {
			l.read(1)
			served += wire.MaxBlockBytes
			l.take()
		}
		if l.core.life == closed {
			break
		}
	}
	if most := allowedTimes * allowedPieces * shape().PieceLength; served > most {
		t.Errorf("served %d bytes", served)
	}
}

func TestARemoteThatHasTenPiecesIsNoBeginnerAnyMore(t *testing.T) {
	l := choking(t, fast)
	l.hear(wire.Message{Kind: wire.HaveNone})
	i := l.core.owed.allowed.pieces[0]
	for n := range pieceset.Index(allowedPieces) {
		l.hear(have(n))
	}
	l.take()
	l.hear(wire.Message{Kind: wire.Request, Piece: i, Length: geometry.BlockSize})
	l.expect(fmt.Sprintf("send reject %d+0:16384", i))
}
