package utp

import (
	"context"
	"net/netip"
	"testing"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// What is promised where datagrams come together is there when all of it waits in a socket
// with the buffer that systems give to everybody, and twice as much is not.
func TestASocketOfTheKernelHoldsWhatIsPromised(t *testing.T) {
	const usual, many = 104 << 10, 46
	e := pnet.NewEgress(nil)
	open := func() pnet.Packets {
		p, err := e.ListenPacket(context.Background(), pnet.V4, netip.MustParseAddrPort("127.0.0.1:0"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		return p
	}
	holds := func(bytes int) (sent, held int) {
		from, to := open(), open()
		receive, _, err := to.Buffers(usual)
		if err != nil || receive != 2*usual {
			t.Skipf("the system gives a buffer of %d bytes, %v", receive, err)
		}
		lender := pnet.NewLender(to, packetRoom)
		out := make([]pnet.Datagram, bytes/fullPacket)
		for i := range out {
			out[i] = pnet.Datagram{Remote: to.LocalAddr(), Payload: make([]byte, fullPacket)}
		}
		for at := 0; at < len(out); at += many {
			if n, _, err := from.Write(out[at:min(len(out), at+many)]); err != nil {
				t.Fatal(n, err)
			}
		}
		last := pnet.Datagram{Remote: to.LocalAddr(), Payload: []byte{1}}
		for {
			r, err := lender.Lend()
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range r.Datagrams {
				if len(d.Payload) == 1 {
					return len(out), held
				}
				held++
			}
			if _, _, err := from.Write([]pnet.Datagram{last}); err != nil { // there is room again
				t.Fatal(err)
			}
		}
	}
	pack, room := packing{each: many * packingUnit}, 2*usual/fullCost*fullPacket
	if sent, held := holds(pack.of(room)); held != sent {
		t.Errorf("%d of %d datagrams were held", held, sent)
	}
	if sent, held := holds(2 * pack.of(room)); held == sent {
		t.Errorf("all of %d datagrams were held: nothing is shown", sent)
	}
}
