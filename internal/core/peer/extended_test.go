package peer

import (
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func TestAnExtendedMessageNeedsTheBitOfBothSides(t *testing.T) {
	l := open(t, config(fast))
	l.hear(handshake(wire.ExtendedHandshake{}))
	l.expectClosed(ExtensionUnnegotiated)
}

func TestAnExtendedHandshakeThatDoesNotParseEndsTheConnection(t *testing.T) {
	for _, body := range []string{"", "x", "le", "d1:mi1ee"} {
		l := open(t, config(extended))
		l.hear(wire.Message{Kind: wire.Extended, Payload: []byte(body)})
		l.expectClosed(ExtensionMalformed)
	}
}

func TestUnknownExtensionsAndKeysAreIgnored(t *testing.T) {
	l := open(t, config(extended))
	l.hear(
		wire.Message{Kind: wire.Extended, ExtID: 9, Payload: []byte("garbage")},
		wire.Message{Kind: wire.Extended, Payload: []byte("d1:md6:ut_pexi0ee6:yourip3:abc1:zi7ee")},
	)
	l.expect("introduced ")
}

func TestASecondExtendedHandshakeIsTakenToo(t *testing.T) {
	l := open(t, config(extended))
	l.hear(handshake(wire.ExtendedHandshake{Client: "a"}), handshake(wire.ExtendedHandshake{Client: "b"}))
	l.expect("introduced a", "introduced b")
}

func TestAMessageSaysThatARemoteOnlyUploads(t *testing.T) {
	says := func(b ...byte) wire.Message {
		return wire.Message{Kind: wire.Extended, ExtID: uploadOnlyID, Payload: b}
	}
	l := open(t, config(extended))
	l.hear(wire.Message{Kind: wire.Interested}, says(1), says(1), says(0))
	l.expect("remote interested", "remote not interested", "remote interested")
	for _, wrong := range []wire.Message{says(), says(1, 0)} {
		l := open(t, config(extended))
		l.hear(wrong)
		l.expectClosed(ExtensionMalformed)
	}
}

func TestChangesOfInterestAreReportedOnce(t *testing.T) {
	l := open(t, config(plain))
	l.hear(wire.Message{Kind: wire.NotInterested}, wire.Message{Kind: wire.Interested},
		wire.Message{Kind: wire.Interested}, wire.Message{Kind: wire.NotInterested})
	l.expect("remote interested", "remote not interested")
}

func TestSuggestionsAreIgnored(t *testing.T) {
	l := open(t, config(fast))
	l.hear(wire.Message{Kind: wire.Suggest})
	l.expect()
}

func TestMessagesThatMeanNothingAreIgnored(t *testing.T) {
	l := open(t, config(plain))
	l.hear(wire.Message{Kind: wire.Port}, wire.Message{Kind: wire.Unknown, ID: 99}, wire.Message{})
	l.expect()
}
