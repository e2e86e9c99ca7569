package handshake_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func hello(c wire.Capabilities, id string) handshake.Hello {
	h := handshake.Hello{Capabilities: c}
	copy(h.PeerID[:], id)
	return h
}

func theHash() (h [20]byte) {
	copy(h[:], "the torrent's hash..")
	return h
}

func theirs() handshake.Hello { return hello(wire.FastExtension, "-XX0001-their-peer-id") }

func ours() handshake.Hello { return hello(wire.ExtensionProtocol, "-ET0100-our-peer-id..") }

// encoded is the handshake that a side sends.
func encoded(h handshake.Hello, infoHash [20]byte) []byte {
	return handshake.NewInitiator(infoHash, h).Hello(nil)
}

type machine interface {
	Feed(b []byte) (handshake.Evidence, int)
}

// feedInPortions gives b to m cut at the given sizes, without what m does not
// take, until all is given. It returns the last evidence and what is left.
func feedInPortions(m machine, b []byte, sizes []int) (e handshake.Evidence, left []byte) {
	e = handshake.NeedMore{}
	for _, size := range append(sizes, len(b)) {
		portion := b[:min(size, len(b))]
		var taken int
		e, taken = m.Feed(portion)
		b = b[taken:]
		if taken < len(portion) {
			break
		}
	}
	return e, b
}

func portions() *rapid.Generator[[]int] { return rapid.SliceOfN(rapid.IntRange(0, 90), 0, 80) }

func TestBothSidesFinishHoweverTheirBytesAreCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dialler := handshake.NewInitiator(theHash(), ours())
		var listener handshake.Acceptor

		sent := append(dialler.Hello(nil), "messages"...)
		_, left := feedInPortions(&listener, sent, portions().Draw(t, "to the acceptor"))
		reply, e := listener.Answer(theirs(), nil)
		if f, ok := e.(handshake.Finished); !ok || f.Remote.PeerID != ours().PeerID || string(left) != "messages" {
			t.Fatalf("acceptor: %+v, left %q", e, left)
		}

		e, left = feedInPortions(dialler, append(reply, "replies"...), portions().Draw(t, "to the initiator"))
		if f, ok := e.(handshake.Finished); !ok || f.Remote.PeerID != theirs().PeerID || string(left) != "replies" {
			t.Fatalf("initiator: %+v, left %q", e, left)
		}
	})
}

func TestAnInitiatorSpeaksAtOnce(t *testing.T) {
	i := handshake.NewInitiator(theHash(), ours())
	want := wire.Handshake{Reserved: wire.ExtensionProtocol.Reserved(), InfoHash: theHash(), PeerID: ours().PeerID}
	if got := i.Hello(nil); string(got) != string(want.Append(nil)) {
		t.Errorf("hello is %q", got)
	}
}

func TestAnInitiatorJudgesTheInfoHashBeforeThePeerID(t *testing.T) {
	other := theHash()
	other[19]++
	b := encoded(theirs(), other)
	i := handshake.NewInitiator(theHash(), ours())
	for n := range b {
		e, taken := i.Feed(b[n : n+1])
		var want handshake.Evidence = handshake.NeedMore{}
		if n+1 >= wire.HandshakeInfoHashBytes {
			want = handshake.WrongInfoHash{Got: other}
		}
		if e != want || taken != 1 {
			t.Fatalf("byte %d: %+v, took %d", n, e, taken)
		}
	}
}

func TestAnAcceptorKnowsTheTorrentAtTheInfoHash(t *testing.T) {
	b := encoded(theirs(), theHash())
	var a handshake.Acceptor
	for n := range b {
		e, _ := a.Feed(b[n : n+1])
		var want handshake.Evidence = handshake.NeedMore{}
		if n+1 >= wire.HandshakeInfoHashBytes {
			want = handshake.InfoHashKnown{InfoHash: theHash(), Capabilities: wire.FastExtension}
		}
		if e != want {
			t.Fatalf("byte %d: %+v", n, e)
		}
	}
}

func TestAnAcceptorAnswersBeforeItKnowsThePeerID(t *testing.T) {
	b := encoded(theirs(), theHash())
	var a handshake.Acceptor
	a.Feed(b[:wire.HandshakeInfoHashBytes])
	reply, e := a.Answer(ours(), []byte("before"))
	if want := "before" + string(encoded(ours(), theHash())); string(reply) != want || e != (handshake.NeedMore{}) {
		t.Fatalf("reply %q, %+v", reply, e)
	}
	e, taken := a.Feed(b[wire.HandshakeInfoHashBytes:])
	if f, ok := e.(handshake.Finished); !ok || taken != 20 || string(f.Remote.Append(nil)) != string(b) {
		t.Errorf("%+v, took %d", e, taken)
	}
	if again, taken := a.Feed([]byte("message")); again != e || taken != 0 {
		t.Errorf("afterwards: %+v, took %d", again, taken)
	}
}

func TestReachingOurselvesIsSeenOnBothSides(t *testing.T) {
	i := handshake.NewInitiator(theHash(), ours())
	var a handshake.Acceptor
	a.Feed(i.Hello(nil))
	reply, e := a.Answer(ours(), nil)
	if e != (handshake.SelfConnection{}) {
		t.Errorf("acceptor: %+v", e)
	}
	if e, _ := i.Feed(reply); e != (handshake.SelfConnection{}) {
		t.Errorf("initiator: %+v", e)
	}
}

func TestAnotherProtocolIsSeenAtItsFirstByte(t *testing.T) {
	for _, m := range []machine{handshake.NewInitiator(theHash(), ours()), &handshake.Acceptor{}} {
		if e, _ := m.Feed(nil); e != (handshake.NeedMore{}) {
			t.Errorf("%T, nothing: %+v", m, e)
		}
		for _, b := range []string{"G", "ET / HTTP/1.1\r\n\r\n", string(encoded(theirs(), theHash()))} {
			if e, _ := m.Feed([]byte(b)); e != (handshake.NotBitTorrent{}) {
				t.Errorf("%T, %q: %+v", m, b, e)
			}
		}
	}
}

func TestAnAnswerWhereNoneIsDuePanics(t *testing.T) {
	b := encoded(theirs(), theHash())
	for name, prepare := range map[string]func(*handshake.Acceptor){
		"before the info-hash": func(a *handshake.Acceptor) { a.Feed(b[:wire.HandshakeInfoHashBytes-1]) },
		"twice":                func(a *handshake.Acceptor) { a.Feed(b); a.Answer(ours(), nil) },
		"to another protocol":  func(a *handshake.Acceptor) { a.Feed([]byte("GET")) },
	} {
		t.Run(name, func(t *testing.T) {
			var a handshake.Acceptor
			prepare(&a)
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			a.Answer(ours(), nil)
		})
	}
}
