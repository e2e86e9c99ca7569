package wire_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func TestWhatIsAppendedIsDecoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := limits().Draw(t, "limits")
		want := messages(l).Draw(t, "message")
		b := want.Append([]byte("before"))[len("before"):]
		if len(b) != want.EncodedLen() || len(b) > l.MaxFrame() {
			t.Fatalf("%d bytes, EncodedLen %d, MaxFrame %d", len(b), want.EncodedLen(), l.MaxFrame())
		}
		var got wire.Message
		d := wire.Decode(append(b[:len(b):len(b)], "behind"...), &l, &got)
		if d != (wire.Decoded{Outcome: wire.Complete, Size: len(b)}) {
			t.Fatalf("%+v: %+v", want, d)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// A reader that always waits for as many bytes as Decode asks for gets every
// message, and Decode asks for more at every proper beginning.
func TestEveryBeginningOfAMessageIsIncomplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := limits().Draw(t, "limits")
		m := messages(l).Draw(t, "message")
		b := m.Append(nil)
		cuts := len(b)
		if m.Kind == wire.Piece {
			cuts = min(cuts, 40) // a block is long and its middle is all the same
		}
		for n := range cuts {
			var got wire.Message
			d := wire.Decode(b[:n], &l, &got)
			if d.Outcome != wire.Incomplete || d.Size <= n || d.Size > len(b) {
				t.Fatalf("%v, %d of %d bytes: %+v", m.Kind, n, len(b), d)
			}
		}
	})
}

func TestMessagesHaveTheBytesOfTheBEPs(t *testing.T) {
	for _, c := range []struct {
		m    wire.Message
		want string
	}{
		{wire.Message{}, "00000000"},
		{wire.Message{Kind: wire.Choke}, "0000000100"},
		{wire.Message{Kind: wire.Unchoke}, "0000000101"},
		{wire.Message{Kind: wire.Interested}, "0000000102"},
		{wire.Message{Kind: wire.NotInterested}, "0000000103"},
		{wire.Message{Kind: wire.Have, Piece: 0x01020304}, "000000050401020304"},
		{wire.Message{Kind: wire.Bitfield, Payload: []byte{0xff, 0x80}}, "0000000305ff80"},
		{wire.Message{Kind: wire.Request, Piece: 1, Begin: 0x4000, Length: 0x4000}, "0000000d06000000010000400000004000"},
		{wire.Message{Kind: wire.Piece, Piece: 1, Begin: 0x4000, Payload: []byte{7, 8}}, "0000000b0700000001000040000708"},
		{wire.Message{Kind: wire.Cancel, Piece: 1, Begin: 2, Length: 3}, "0000000d08000000010000000200000003"},
		{wire.Message{Kind: wire.Port, DHTPort: 6881}, "00000003091ae1"},
		{wire.Message{Kind: wire.Suggest, Piece: 5}, "000000050d00000005"},
		{wire.Message{Kind: wire.HaveAll}, "000000010e"},
		{wire.Message{Kind: wire.HaveNone}, "000000010f"},
		{wire.Message{Kind: wire.Reject, Piece: 1, Begin: 2, Length: 3}, "0000000d10000000010000000200000003"},
		{wire.Message{Kind: wire.AllowedFast, Piece: 5}, "000000051100000005"},
		{wire.Message{Kind: wire.Extended, ExtID: 3, Payload: []byte("de")}, "0000000414036465"},
		{wire.Message{Kind: wire.Unknown, ID: 0x15, Payload: []byte{9}}, "000000021509"},
	} {
		if got := hex.EncodeToString(c.m.Append(nil)); got != c.want {
			t.Errorf("%v is %s, want %s", c.m.Kind, got, c.want)
		}
	}
}

func TestAPieceHeaderIsTheBeginningOfThePiece(t *testing.T) {
	block := make([]byte, 100)
	m := wire.Message{Kind: wire.Piece, Piece: 7, Begin: 0x8000, Payload: block}
	got := wire.AppendPieceHeader(nil, m.Piece, m.Begin, uint32(len(block)))
	if len(got) != wire.PieceHeaderBytes || !bytes.Equal(append(got, block...), m.Append(nil)) {
		t.Errorf("header %x", got)
	}
}

func TestEveryKindFaultAndOutcomeHasAName(t *testing.T) {
	names := map[string]bool{}
	count := 0
	add := func(name string) {
		names[name] = true
		count++
	}
	for _, k := range allKinds() {
		add(k.String())
	}
	for f := wire.NoFault; f <= wire.BlockOutOfPiece; f++ {
		add(f.String())
	}
	for o := wire.Complete; o <= wire.Malformed; o++ {
		add(o.String())
	}
	if len(names) != count || names[""] {
		t.Errorf("%d names for %d values: %v", len(names), count, names)
	}
}
