package peer

import (
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func TestTheFirstMessageSaysWhatWeHave(t *testing.T) {
	for _, tc := range []struct {
		name     string
		caps     wire.Capabilities
		announce *pieceset.Set
		want     []string
	}{
		{"nothing", plain, pieceset.New(16), nil},
		{"nothing, said by nobody", plain, nil, nil},
		{"nothing, with FAST", fast, pieceset.New(16), []string{"send have none"}},
		{"everything", plain, pieceset.Full(16), []string{"send bitfield ffff"}},
		{"everything, with FAST", fast, pieceset.Full(16), []string{"send have all"}},
		{"some", plain, pieceset.Of(16, 0, 15), []string{"send bitfield 8001"}},
		{"some, with FAST", fast, pieceset.Of(16, 0, 15), []string{"send bitfield 8001"}},
		{"before the extended handshake", fast | extended, pieceset.New(16), []string{"send have none", "send extended"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := config(tc.caps)
			cfg.Announce = tc.announce
			l := &link{t: t, core: New(cfg), now: 1, journal: &journal{}}
			l.core.Open(l.now, l)
			l.expect(tc.want...)
		})
	}
}

func TestWhatTheRemoteHasGoesToThePicker(t *testing.T) {
	none := wire.Message{Kind: wire.HaveNone}
	all := wire.Message{Kind: wire.HaveAll}
	hello := handshake(wire.ExtendedHandshake{Client: "x"})
	for _, tc := range []struct {
		name  string
		caps  wire.Capabilities
		heard []wire.Message
		want  []string
	}{
		{"a bitfield", plain, []wire.Message{bitfield(0x80, 0x01)}, []string{"has set [0 15]"}},
		{"an empty bitfield says nothing", plain, []wire.Message{bitfield(0, 0)}, nil},
		{"no bitfield means none", plain, []wire.Message{{Kind: wire.Unchoke}}, nil},
		{"haves without a bitfield", plain, []wire.Message{have(3), have(4)}, []string{"has 3", "has 4"}},
		{"haves behind a bitfield", plain, []wire.Message{bitfield(0x80, 0), have(0), have(1)}, []string{"has set [0]", "has 1"}},
		{"a bitfield before the extended handshake", extended, []wire.Message{bitfield(0x80, 0), hello}, []string{"has set [0]", "introduced x"}},
		{"a bitfield behind the extended handshake", extended, []wire.Message{hello, bitfield(0x80, 0)}, []string{"introduced x", "has set [0]"}},
		{"a bitfield behind other messages", plain, []wire.Message{{Kind: wire.Interested}, bitfield(0x80, 0)}, []string{"remote interested", "has set [0]"}},
		{"have all", fast, []wire.Message{all}, []string{"has set [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15]"}},
		{"have none, and haves", fast, []wire.Message{none, have(2)}, []string{"has 2"}},
		{"have all, and haves", fast, []wire.Message{all, have(2)}, []string{"has set [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := open(t, config(tc.caps))
			l.hear(tc.heard...)
			l.expect(tc.want...)
		})
	}
}

func TestABitfieldOutOfPlaceEndsTheConnection(t *testing.T) {
	none := wire.Message{Kind: wire.HaveNone}
	all := wire.Message{Kind: wire.HaveAll}
	for _, tc := range []struct {
		name  string
		caps  wire.Capabilities
		heard []wire.Message
		want  Reason
	}{
		{"too short", plain, []wire.Message{bitfield(0xff)}, BitfieldMalformed},
		{"too long", plain, []wire.Message{bitfield(0xff, 0xff, 0)}, BitfieldMalformed},
		{"have none behind a bitfield", fast, []wire.Message{bitfield(0, 0), none}, BitfieldLate},
		{"have all without FAST", plain, []wire.Message{all}, FastWithoutFast},
		{"have none without FAST", plain, []wire.Message{none}, FastWithoutFast},
		{"reject without FAST", plain, []wire.Message{about(wire.Reject, 0)}, FastWithoutFast},
		{"suggest without FAST", plain, []wire.Message{{Kind: wire.Suggest}}, FastWithoutFast},
		{"allowed fast without FAST", plain, []wire.Message{{Kind: wire.AllowedFast}}, FastWithoutFast},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := open(t, config(tc.caps))
			l.hear(tc.heard...)
			l.expectClosed(tc.want)
		})
	}
}

func TestALaterBitfieldAddsToWhatIsKnown(t *testing.T) {
	for name, heard := range map[string][]wire.Message{
		"twice":            {bitfield(0x80, 0), bitfield(0x10, 0)},
		"repeated":         {bitfield(0x90, 0), bitfield(0, 0)},
		"behind have none": {{Kind: wire.HaveNone}, bitfield(0x90, 0)},
	} {
		l := open(t, config(fast))
		l.hear(heard...)
		if got := l.core.remote.has; !got.Equal(pieceset.Of(16, 0, 3)) {
			t.Errorf("%s: the remote has %d pieces", name, got.Count())
		}
	}
}

func TestABitfieldBehindAHaveAddsToIt(t *testing.T) {
	l := open(t, config(plain))
	l.hear(have(3), bitfield(0x80, 0))
	if got := l.core.remote.has; !got.Equal(pieceset.Of(16, 0, 3)) {
		t.Errorf("the remote has %d pieces", got.Count())
	}
}

func TestSpareBitsEndTheConnection(t *testing.T) {
	cfg := config(plain)
	cfg.Geometry.TotalLength -= cfg.Geometry.PieceLength // 15 pieces
	l := open(t, cfg)
	l.hear(bitfield(0xff, 0xff))
	l.expectClosed(BitfieldMalformed)
}

func TestAPieceCompletedWhileOurBitfieldIsQueuedStillGetsAHave(t *testing.T) {
	cfg := config(plain)
	cfg.Announce = pieceset.Of(16, 1)
	l := open(t, cfg)
	l.core.Announce(l.now, []pieceset.Index{2}, l)
	l.expect("send have 2")
}

func TestASeedIsSparedHavesIfItHearsOfOurGoal(t *testing.T) {
	for _, tc := range []struct {
		caps wire.Capabilities
		has  byte
		want []string
	}{
		{extended, 0xff, nil},
		{plain, 0xff, []string{"send have 0", "send have 1"}},
		{extended, 0x80, []string{"send have 0", "send have 1"}}, // it may super seed, and wait for the word
	} {
		l := open(t, config(tc.caps))
		l.hear(bitfield(tc.has, 0xff))
		l.take()
		l.core.Announce(l.now, []pieceset.Index{0, 1}, l)
		l.expect(tc.want...)
	}
}

// magnet is a connection that does not know its torrent yet.
func magnet(t *testing.T) *link {
	cfg := config(fast | extended)
	cfg.Geometry, cfg.Held, cfg.Announce = geometry.Geometry{}, nil, nil
	return open(t, cfg)
}

func TestClaimsBeforeTheMetadataStaySymbolicAndAreJudgedLater(t *testing.T) {
	for _, tc := range []struct {
		name  string
		heard []wire.Message
		want  []string
	}{
		{"nothing", nil, nil},
		{"have all", []wire.Message{{Kind: wire.HaveAll}}, []string{"has set [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15]"}},
		{"have all and a have", []wire.Message{{Kind: wire.HaveAll}, have(3)}, []string{"has set [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15]"}},
		{"a bitfield and haves", []wire.Message{bitfield(0x80, 0), have(3), have(3)}, []string{"has set [0]", "has 3"}},
		{"haves", []wire.Message{have(15)}, []string{"has 15"}},
		{"a have out of range", []wire.Message{have(16)}, []string{"close malformed message: the torrent has no piece of this index"}},
		{"a bitfield of another size", []wire.Message{bitfield(0x80)}, []string{"close malformed bitfield"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := magnet(t)
			l.hear(tc.heard...)
			l.expect()
			l.core.Learn(l.now, shape(), pieceset.New(16), l)
			l.expect(tc.want...)
		})
	}
}

func TestBeforeTheMetadataNothingIsServedNorBelieved(t *testing.T) {
	l := magnet(t)
	l.core.SetChoke(l.now, Unchoked, l)
	l.take()
	l.hear(about(wire.Request, 0), piece(0), about(wire.Reject, 0), about(wire.Cancel, 0))
	l.expect("send reject 0+0:16384")
	l.core.SetGoal(l.now, UploadOnly, l)
	l.core.Tick(l.now.Add(pointlessAfter), l)
	l.expect("send extended")
}

func TestHavesBeforeTheMetadataAreBounded(t *testing.T) {
	l := magnet(t)
	for i := range pieceset.Index(claimsBound) {
		l.hear(have(i))
	}
	l.expect()
	l.hear(have(0))
	l.expectClosed(HaveFlood)
}

func TestOnlyTheFirstMetadataCounts(t *testing.T) {
	l := magnet(t)
	l.core.Learn(l.now, shape(), pieceset.Full(16), l)
	l.core.Learn(l.now, geometry.Geometry{TotalLength: 1, PieceLength: 1}, pieceset.New(1), l)
	l.core.SetChoke(l.now, Unchoked, l)
	l.take()
	l.hear(about(wire.Request, 99))
	if got := l.core.Waiting(); got != 1 {
		t.Errorf("%d requests wait", got)
	}
}
