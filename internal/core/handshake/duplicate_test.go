package handshake_test

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/vocab/transport"
)

func id(name string) (peerID [20]byte) {
	copy(peerID[:], name)
	return peerID
}

func connection(remote, endpoint string, d handshake.Direction) handshake.Connection {
	return handshake.Connection{
		Local: id("m"), Remote: id(remote), Endpoint: netip.MustParseAddrPort(endpoint), Direction: d,
	}
}

// overUTP is a connection over the other transport.
func overUTP(c handshake.Connection) handshake.Connection {
	c.Transport = transport.UTP
	return c
}

func TestDuplicatesAreJudgedByPeerIDAndAddress(t *testing.T) {
	const dialled, accepted = handshake.Dialled, handshake.Accepted
	keep, replace, none := handshake.KeepExisting{}, handshake.ReplaceExisting{}, handshake.NoDuplicate{}
	theirs := handshake.DiallerChooses{}
	for _, c := range []struct {
		name               string
		existing, incoming handshake.Connection
		want               handshake.DuplicateEvidence
	}{
		{"two peers behind one address", connection("a", "192.0.2.1:5000", dialled), connection("b", "192.0.2.1:6000", accepted), none},
		{"two peers at one endpoint", connection("a", "192.0.2.1:5000", dialled), connection("b", "192.0.2.1:5000", dialled), none},
		{"both dialled, ours is the greater id", connection("a", "192.0.2.1:5000", dialled), connection("a", "192.0.2.1:40000", accepted), keep},
		{"both dialled, theirs is the greater id", connection("z", "192.0.2.1:5000", dialled), connection("z", "192.0.2.1:40000", accepted), replace},
		{"both dialled, ours finishes last and is the greater", connection("a", "192.0.2.1:40000", accepted), connection("a", "192.0.2.1:5000", dialled), replace},
		{"both dialled, ours finishes last and is the lesser", connection("z", "192.0.2.1:40000", accepted), connection("z", "192.0.2.1:5000", dialled), keep},
		{"dialled twice by them", connection("z", "192.0.2.1:40000", accepted), connection("z", "192.0.2.1:40001", accepted), keep},
		{"dialled twice by us", connection("a", "192.0.2.1:5000", dialled), connection("a", "192.0.2.1:5001", dialled), keep},
		{"dialled by them over two transports", connection("z", "192.0.2.1:40000", accepted), overUTP(connection("z", "192.0.2.1:5000", accepted)), theirs},
		{"dialled by them over uTP twice", overUTP(connection("z", "192.0.2.1:5000", accepted)), overUTP(connection("z", "192.0.2.1:5000", accepted)), keep},
		{"dialled by us over two transports", overUTP(connection("a", "192.0.2.1:5000", dialled)), connection("a", "192.0.2.1:5000", dialled), keep},
		{"both dialled over two transports, theirs is the greater id", overUTP(connection("z", "192.0.2.1:5000", dialled)), connection("z", "192.0.2.1:40000", accepted), replace},
		{"a stranger with another's id over the other transport", connection("z", "192.0.2.1:5000", accepted), overUTP(connection("z", "198.51.100.7:40000", accepted)), keep},
		{"a stranger with another's id", connection("z", "192.0.2.1:5000", dialled), connection("z", "198.51.100.7:40000", accepted), keep},
		{"one peer over both families", connection("z", "192.0.2.1:5000", dialled), connection("z", "[2001:db8::1]:40000", accepted), keep},
		{"one address written in two ways", connection("z", "192.0.2.1:5000", dialled), connection("z", "[::ffff:192.0.2.1]:40000", accepted), replace},
	} {
		if got := handshake.ViewDuplicate(c.existing, c.incoming); got != c.want {
			t.Errorf("%s: got %T, want %T", c.name, got, c.want)
		}
	}
}

// survivor is which of two connections one side keeps: 0 or 1, or -1 if both.
func survivor(first, second handshake.Connection, secondIs int) int {
	switch handshake.ViewDuplicate(first, second).(type) {
	case handshake.KeepExisting:
		return 1 - secondIs
	case handshake.ReplaceExisting:
		return secondIs
	case handshake.NoDuplicate, handshake.DiallerChooses:
	}
	return -1
}

// Two sides dial each other at once; each sees the two connections come up in
// an order of its own.
func TestBothSidesOfSimultaneousDialsKeepTheSameConnection(t *testing.T) {
	ids := rapid.SliceOfN(rapid.Byte(), 20, 20)
	ports := rapid.Uint16Range(1, 65535)
	rapid.Check(t, func(t *rapid.T) {
		a, b := [20]byte(ids.Draw(t, "a")), [20]byte(ids.Draw(t, "b"))
		if a == b {
			t.Skip("a side that reached itself")
		}
		see := func(local, remote [20]byte, address byte, d handshake.Direction) handshake.Connection {
			ip := netip.AddrFrom4([4]byte{192, 0, 2, address})
			port := ports.Draw(t, "port")
			return handshake.Connection{Local: local, Remote: remote, Endpoint: netip.AddrPortFrom(ip, port), Direction: d}
		}
		// Connection 0 is dialled by a, connection 1 by b.
		atA := []handshake.Connection{see(a, b, 2, handshake.Dialled), see(a, b, 2, handshake.Accepted)}
		atB := []handshake.Connection{see(b, a, 1, handshake.Accepted), see(b, a, 1, handshake.Dialled)}
		lastA, lastB := rapid.IntRange(0, 1).Draw(t, "last at a"), rapid.IntRange(0, 1).Draw(t, "last at b")
		keptA := survivor(atA[1-lastA], atA[lastA], lastA)
		keptB := survivor(atB[1-lastB], atB[lastB], lastB)
		if keptA != keptB || keptA < 0 {
			t.Fatalf("a keeps %d, b keeps %d", keptA, keptB)
		}
	})
}

func TestNobodyIsDisplacedFromAnotherAddress(t *testing.T) {
	ids := rapid.SampledFrom([]string{"a", "z"})
	addresses := rapid.SampledFrom([]string{"192.0.2.1:5000", "192.0.2.1:6000", "198.51.100.7:5000", "[2001:db8::1]:5000"})
	directions := rapid.SampledFrom([]handshake.Direction{handshake.Dialled, handshake.Accepted})
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) handshake.Connection {
			return connection(ids.Draw(t, label), addresses.Draw(t, label), directions.Draw(t, label))
		}
		existing, incoming := draw("existing"), draw("incoming")
		if rapid.Bool().Draw(t, "over uTP") {
			incoming = overUTP(incoming)
		}
		e := handshake.ViewDuplicate(existing, incoming)
		if e == (handshake.ReplaceExisting{}) && existing.Endpoint.Addr() != incoming.Endpoint.Addr() {
			t.Fatalf("%+v displaces %+v", incoming, existing)
		}
		if e == (handshake.DiallerChooses{}) && (existing.Endpoint.Addr() != incoming.Endpoint.Addr() || incoming.Direction == handshake.Dialled) {
			t.Fatalf("%+v stays beside %+v", incoming, existing)
		}
		if (e == handshake.NoDuplicate{}) != (existing.Remote != incoming.Remote) {
			t.Fatalf("%+v and %+v: %T", existing, incoming, e)
		}
	})
}
