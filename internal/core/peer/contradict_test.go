package peer

import (
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func TestWhoBeginsAgainAndAgainIsAllowedNoMoreWhileChoked(t *testing.T) {
	l := choking(t, fast)
	l.hear(wire.Message{Kind: wire.HaveNone})
	left := l.core.owed.allowed.left
	l.take()
	for range 100 {
		l.hear(bitfield(0, 0))
	}
	if sent := only(l.take(), "send"); len(sent) > 0 || l.core.owed.allowed.left != left || len(l.core.owed.allowed.pieces) != allowedPieces {
		t.Errorf("%d bytes of %d pieces are allowed, %d before; sent %v",
			l.core.owed.allowed.left, len(l.core.owed.allowed.pieces), left, sent)
	}
}

// A bitfield costs the picker a look at every piece: one that adds nothing does
// not reach it, and however little each adds, there is an end.
func TestBitfieldsThatGrowPieceByPieceAreAFlood(t *testing.T) {
	l := open(t, config(plain))
	l.hear(bitfield(0x80, 0))
	l.take()
	for n := 0; l.core.life == trading; n++ {
		if n > floodHave.tolerance().burst+1 {
			t.Fatal("there is no end")
		}
		l.hear(bitfield(0x80, byte(n%2)))
	}
	lines := l.take()
	if learnt := only(lines, "has set"); len(learnt) != 1 || lines[len(lines)-1] != "close flood of haves" {
		t.Errorf("the picker heard %d times, the end is %s", len(learnt), lines[len(lines)-1])
	}
}

// nameless is a connection that does not know its torrent.
func nameless(t *testing.T) *link {
	cfg := config(fast)
	cfg.Geometry, cfg.Announce = geometry.Geometry{}, nil
	return open(t, cfg)
}

func TestClaimsBeforeTheMetadataAddUp(t *testing.T) {
	all := wire.Message{Kind: wire.HaveAll}
	none := wire.Message{Kind: wire.HaveNone}
	const everything = "has set [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15]"
	for _, tc := range []struct {
		name  string
		heard []wire.Message
		want  string
	}{
		{"two bitfields", []wire.Message{bitfield(0x80, 0), bitfield(0, 1)}, "has set [0 15]"},
		{"a bitfield and all", []wire.Message{bitfield(0x80, 0), all}, everything},
		{"all and a bitfield", []wire.Message{all, bitfield(0x80, 0)}, everything},
		{"none and a bitfield", []wire.Message{none, bitfield(0x80, 0)}, "has set [0]"},
		{"an empty bitfield and another", []wire.Message{bitfield(), bitfield()}, "close malformed bitfield"},
		{"bitfields of two lengths", []wire.Message{bitfield(0x80, 0), bitfield(0x80)}, "close malformed bitfield"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := nameless(t)
			l.hear(tc.heard...)
			l.core.Learn(l.now, shape(), config(fast).Held, l)
			l.expect(tc.want)
		})
	}
}

func TestBitfieldsBeforeTheMetadataAreAFloodToo(t *testing.T) {
	l := nameless(t)
	for range floodHave.tolerance().burst + 2 {
		l.hear(bitfield(0x80, 0))
	}
	l.expectClosed(HaveFlood)
}
