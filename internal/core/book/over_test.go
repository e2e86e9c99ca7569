package book

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/transport"
)

func TestSecondAttemptsTakeTheRoomOfNewEndpoints(t *testing.T) {
	for _, c := range []struct{ beside, room, want int }{
		{0, 100, HalfOpen}, {Attempts - HalfOpen, 200, HalfOpen}, {Attempts - 10, 200, 10}, {Attempts + 1, 200, 0},
		{5, 20, 15}, {20, 20, 0},
	} {
		book := New()
		for n := range uint32(2 * HalfOpen) {
			book.Add(netip.AddrPortFrom(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 198<<24+n))), 6881), atTracker)
		}
		book.Beside(c.beside)
		var d dials
		if book.Next(start, c.room, &d); len(d.to) != c.want {
			t.Errorf("with %d beside and room for %d: %d dialled, want %d", c.beside, c.room, len(d.to), c.want)
		}
	}
}

func TestWhatWorkedIsRememberedAsLongAsTheEndpointIs(t *testing.T) {
	c := New()
	c.Add(public, atTracker)
	next(c, start)
	c.Worked(public, transport.TCP)
	c.Connected(start, public)
	c.Ended(start, public, TradedBlocks)
	over := c.Over(netip.AddrPortFrom(netip.AddrFrom16(public.Addr().As16()), public.Port())) // mapped into IPv6
	if got := over.Order(transport.UTP, transport.TCP); got[0] != transport.TCP {
		t.Errorf("first %v", got[0])
	}
	for range 3 {
		c.Silent(public, transport.TCP)
	}
	over = c.Over(public)
	if got := over.Order(transport.UTP, transport.TCP); got[0] != transport.UTP {
		t.Errorf("after failures first %v", got[0])
	}
	c.Forget(atTracker)
	if c.Over(public) != (transport.Record{}) {
		t.Error("it is remembered of one that left the book")
	}
	c.Worked(public, transport.TCP)
	c.Silent(public, transport.UTP)
	if c.Known() != 0 || c.Over(public) != (transport.Record{}) {
		t.Error("what is not in the book is known")
	}
}
