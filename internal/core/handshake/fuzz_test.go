package handshake_test

import (
	"testing"

	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func seeds(f *testing.F) {
	other := theHash()
	other[0]++
	f.Add(encoded(theirs(), theHash()), []byte{48, 20})
	f.Add(encoded(ours(), theHash()), []byte{1, 1, 68})
	f.Add(encoded(theirs(), other), []byte{19})
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), []byte{})
}

// sizes makes portions of fuzzed bytes.
func sizes(cuts []byte) []int {
	var all []int
	for _, c := range cuts {
		all = append(all, int(c))
	}
	return all
}

func FuzzInitiator(f *testing.F) {
	fuzzseed.Add(f)
	seeds(f)
	f.Fuzz(func(t *testing.T, b, cuts []byte) {
		i := handshake.NewInitiator(theHash(), ours())
		e, left := feedInPortions(i, b, sizes(cuts))
		taken := len(b) - len(left)
		switch e := e.(type) {
		case handshake.Finished:
			if taken != wire.HandshakeBytes || string(e.Remote.Append(nil)) != string(b[:taken]) ||
				e.Remote.InfoHash != theHash() || e.Remote.PeerID == ours().PeerID {
				t.Fatalf("finished with %+v of %d bytes", e, taken)
			}
		case handshake.NeedMore:
			if taken >= wire.HandshakeBytes || len(left) > 0 {
				t.Fatalf("needs more than %d bytes, %d left", taken, len(left))
			}
		case handshake.WrongInfoHash:
			if e.Got == theHash() {
				t.Fatal("the right hash is wrong")
			}
		case handshake.InfoHashKnown:
			t.Fatal("only an acceptor asks")
		case handshake.NotBitTorrent, handshake.SelfConnection:
		}
	})
}

func FuzzAcceptor(f *testing.F) {
	fuzzseed.Add(f)
	seeds(f)
	f.Fuzz(func(t *testing.T, b, cuts []byte) {
		var a handshake.Acceptor
		e, left := feedInPortions(&a, b, sizes(cuts))
		if _, asked := e.(handshake.InfoHashKnown); asked {
			_, e = a.Answer(ours(), nil)
		}
		taken := len(b) - len(left)
		switch e := e.(type) {
		case handshake.Finished:
			if taken != wire.HandshakeBytes || string(e.Remote.Append(nil)) != string(b[:taken]) {
				t.Fatalf("finished with %+v of %d bytes", e, taken)
			}
		case handshake.NeedMore:
			if taken >= wire.HandshakeBytes || len(left) > 0 {
				t.Fatalf("needs more than %d bytes, %d left", taken, len(left))
			}
		case handshake.InfoHashKnown, handshake.WrongInfoHash:
			t.Fatalf("%+v after the answer", e)
		case handshake.NotBitTorrent, handshake.SelfConnection:
		}
	})
}
