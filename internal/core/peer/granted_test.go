package peer

import (
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func allowedFast(i pieceset.Index) wire.Message {
	return wire.Message{Kind: wire.AllowedFast, Piece: i}
}

// granted is a connection whose remote has every piece, chokes us, and allows some.
func granted(t *testing.T, pieces ...pieceset.Index) *link {
	l := open(t, config(fast))
	l.hear(wire.Message{Kind: wire.HaveAll})
	l.core.SetInterest(l.now, Interested, l)
	for _, i := range pieces {
		l.hear(allowedFast(i))
	}
	l.lines = nil
	return l
}

func TestPiecesThatAChokingRemoteAllowsAreAskedOfItAFewBlocksAtATime(t *testing.T) {
	l := open(t, config(fast))
	l.hear(wire.Message{Kind: wire.HaveAll})
	l.core.SetInterest(l.now, Interested, l)
	l.take()
	l.hear(allowedFast(0), allowedFast(0))
	l.expect("allowed 0", "credit 8 of what is allowed")
	l.request(0, 9)
	if got := only(l.take(), "send request"); len(got) != grantedWindow {
		t.Errorf("%v", got)
	}
	l.answer(0)
	l.expect("received 0/0", "store 0/0 16384 bytes")
	l.core.Request(l.now, geometry.Run{Piece: 3, Count: 1}, l)
	l.expect("returned 3/0 choked")
}

func TestAnUnchokeOpensTheWholePipelineAndAChokeLeavesWhatIsAllowed(t *testing.T) {
	l := granted(t, 0)
	l.request(0, 2)
	l.take()
	l.signal(wire.Unchoke)
	l.expect("credit 16")
	l.core.Request(l.now, geometry.Run{Piece: 3, Count: 1}, l)
	l.take()
	l.signal(wire.Choke)
	l.expect("credit 8 of what is allowed")
	l.hear(wire.Message{Kind: wire.Reject, Piece: 3, Length: geometry.BlockSize})
	l.expect("returned 3/0 choked")
	l.answer(0)
	l.expect("received 0/0", "store 0/0 16384 bytes")
}

func TestAnAllowedPieceThatIsRejectedIsAllowedNoMoreAndNoOffence(t *testing.T) {
	l := granted(t, 0)
	l.request(0, 3)
	l.take()
	for n := range uint32(3) {
		l.hear(about(wire.Reject, n))
	}
	l.expect("disallowed 0", "returned 0/0 choked", "credit 0", "returned 0/1 choked", "returned 0/2 choked")
	if l.core.floods[floodReject] != 0 {
		t.Error("a reject was counted as an offence")
	}
}

func TestOnlyWhatTheRemoteHasAndWeLackIsOfUse(t *testing.T) {
	cfg := config(fast)
	cfg.Held = pieceset.Of(16, 2)
	l := open(t, cfg)
	l.hear(wire.Message{Kind: wire.HaveNone})
	l.core.SetInterest(l.now, Interested, l)
	l.take()
	l.hear(allowedFast(1), allowedFast(2))
	l.expect("allowed 1")
	l.hear(have(1))
	l.expect("has 1", "credit 8 of what is allowed")
	l.core.Announce(l.now, []pieceset.Index{1}, l)
	l.expect("send have 1", "disallowed 1", "credit 0")
}

func TestARemoteThatDoesNotServeWhatItAllowsIsSnubbed(t *testing.T) {
	l := granted(t, 0)
	l.request(0, 2)
	l.take()
	l.tick()
	l.expect("send cancel 0+16384:16384", "returned 0/0 timed out", "returned 0/1 timed out", "credit 1 of what is allowed")
	l.request(2, 4)
	l.expect("send request 0+32768:16384", "returned 0/3 choked")
}

func TestAllowedPiecesAreBounded(t *testing.T) {
	cfg := config(fast)
	cfg.Geometry = geometry.Geometry{TotalLength: 1000 * geometry.BlockSize, PieceLength: geometry.BlockSize}
	cfg.Held, cfg.Announce = pieceset.New(1000), nil
	l := open(t, cfg)
	for i := range pieceset.Index(900) {
		l.hear(allowedFast(i))
	}
	if got := only(l.take(), "allowed"); len(got) != grantedBound {
		t.Errorf("%d are kept", len(got))
	}
	for range 300 {
		l.hear(allowedFast(1))
	}
	l.expectClosed(HintFlood)
}

func TestWhatWasAllowedBeforeTheMetadataCountsWhenItComes(t *testing.T) {
	for _, tc := range []struct {
		name    string
		allowed pieceset.Index
		want    string
	}{
		{"a piece of the torrent", 3, "credit 8 of what is allowed"},
		{"one that there is not", 16, "close malformed message: the torrent has no piece of this index"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := config(fast)
			cfg.Geometry, cfg.Announce = geometry.Geometry{}, nil
			l := open(t, cfg)
			l.core.SetInterest(l.now, Interested, l)
			l.hear(wire.Message{Kind: wire.HaveAll}, allowedFast(tc.allowed))
			l.core.Learn(l.now, shape(), pieceset.New(16), l)
			if got := l.take(); got[len(got)-1] != tc.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestANewPickerLearnsWhatIsAllowed(t *testing.T) {
	l := granted(t, 0, 5)
	l.request(0, 1)
	l.take()
	l.core.Rejoin(l)
	got := l.take()
	for _, want := range []string{"in flight 0/0", "allowed 0", "allowed 5", "credit 8 of what is allowed"} {
		if len(only(got, want)) != 1 {
			t.Errorf("%v without %s", got, want)
		}
	}
}
