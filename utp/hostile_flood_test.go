package utp_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/utp"
)

// floodRate is how many forged packets come in a second.
const floodRate = 10_000

// besieged is a socket with a connection, on a host that is tapped.
func besieged(b *bubble, o ...utp.Option) (h *tap, to *utp.Socket, dialled, accepted *utp.Conn) {
	b.t.Helper()
	h = b.tap(right)
	to = listen(b.t, "udp4", ":6881", append([]utp.Option{utp.OnNetwork(h), utp.Linger(time.Second)}, o...)...)
	dialled, accepted = connect(b.t, b.socket(left), to, right+":6881")
	return h, to, dialled, accepted
}

// syn is one by which nobody else asks.
func syn(n int) utpwire.Header {
	return utpwire.Header{Kind: utpwire.Syn, ID: utpwire.ConnID(n), Seq: serial.Number(n * 7), Window: 1 << 20}
}

// Each SYN is of another address, none of which ever says more.
func TestAFloodOfSynsHarmsNoTransferAndKeepsNobodyOut(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		size := shorter(24 << 20)
		h, to, dialled, accepted := besieged(b)
		f := b.forger(right)
		data := stream(8 << 20)
		alone, atItsRate := transfer(t, dialled, accepted, size), paced(t, dialled, accepted, data)
		before := heap()
		var under, atItsRateUnder time.Duration
		syns := during(t, floodRate, func(n int) { f.sendPacket(stranger(n), syn(n), "") }, func() {
			time.Sleep(time.Second) // until the door is full
			if n := cells(to); n != 1 {
				t.Errorf("there are %d connections", n)
			}
			holds(t, before, 4<<20, "a flood")
			began := time.Now()
			b.serves(to, "10.0.0.3")
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("an honest connection had all after %v", took)
			}
			under, atItsRateUnder = transfer(t, dialled, accepted, size), paced(t, dialled, accepted, data)
		})
		// Of 256 datagrams that the network has on their way at most a hundred are SYNs then, which
		// may cost one that fills it 256/156.
		if under > alone*3/2 {
			t.Errorf("a transfer that takes all that there is took %v, and %v under the flood", alone, under)
		}
		if atItsRateUnder > atItsRate*21/20 {
			t.Errorf("one for which there is enough took %v, and %v under the flood", atItsRate, atItsRateUnder)
		}
		synctest.Wait()
		time.Sleep(time.Second)
		all, most := h.toOthers(left, "10.0.0.3")
		t.Logf("%d SYNs, %d answers; %v and %v alone, %v and %v under the flood", syns, all.datagrams, alone, atItsRate, under, atItsRateUnder)
		if all.datagrams > syns || all.datagrams < syns*8/10 || most.datagrams != 1 || all.largest != 20 {
			t.Errorf("%d SYNs had %+v for answers, one of them %+v", syns, all, most)
		}
	})
}

// Whoever forges the address of somebody else has no more sent to it than came from it.
func TestAnAddressThatIsNotShownGetsNoMoreThanWasSentInItsName(t *testing.T) {
	victim := netip.MustParseAddrPort("172.16.0.1:80")
	for _, c := range []struct {
		name       string
		send       func(f *forger, n int)
		sent, most int // answers at the most
	}{
		{"one SYN", func(f *forger, _ int) { f.sendPacket(victim, syn(1), "") }, 1, 1},
		{"a SYN again and again", func(f *forger, _ int) { f.sendPacket(victim, syn(1), "") }, 1000, 8},
		{"SYNs of the same id", func(f *forger, n int) { h := syn(1); h.Seq = serial.Number(n); f.sendPacket(victim, h, "") }, 1000, 1},
		{"SYNs with much behind them", func(f *forger, n int) { f.sendPacket(victim, syn(n), string(make([]byte, 1400))) }, 1000, 1000},
		{"data", func(f *forger, n int) { f.sendPacket(victim, utpwire.Header{ID: utpwire.ConnID(n)}, "data") }, 1000, 155},
		{"ends", func(f *forger, n int) {
			f.sendPacket(victim, utpwire.Header{Kind: utpwire.Fin, ID: utpwire.ConnID(n)}, "")
		}, 1000, 155},
		{"resets", func(f *forger, n int) {
			f.sendPacket(victim, utpwire.Header{Kind: utpwire.Reset, ID: utpwire.ConnID(n)}, "")
		}, 1000, 0},
		{"a SYN, and data that guesses the answer", func(f *forger, n int) {
			if n == 0 {
				f.sendPacket(victim, syn(1), "")
				time.Sleep(time.Second) // until it is answered
				return
			}
			f.sendPacket(victim, utpwire.Header{ID: 2, Seq: 8, Ack: f.saw.seen().Seq.Add(n)}, "data") // none is right by chance
		}, 1000, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				h, to, _, _ := besieged(b)
				f := b.forger(right)
				h.lose = f.saw.see
				for n := range c.sent {
					c.send(f, n)
					time.Sleep(time.Millisecond)
				}
				time.Sleep(time.Minute) // nothing is sent again
				got := h.to(victim)
				if got.datagrams > c.most || got.datagrams == 0 && c.most > 0 || got.bytes != 20*got.datagrams {
					t.Errorf("%d packets had %+v for answers", c.sent, got)
				}
				if n := cells(to); n != 1 {
					t.Errorf("there are %d connections", n)
				}
			})
		})
	}
}

// A packet in the name of another socket, or of the socket itself, is answered once and not
// for ever.
func TestForgedPacketsBetweenSocketsEchoNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		h, to, _, _ := besieged(b)
		f := b.forger(right)
		for _, from := range []string{right + ":6881", left + ":6881"} {
			before := h.to(netip.MustParseAddrPort(from)).datagrams
			for n, kind := range []utpwire.Kind{utpwire.Data, utpwire.Fin, utpwire.State, utpwire.Reset, utpwire.Syn} {
				f.sendPacket(netip.MustParseAddrPort(from), utpwire.Header{Kind: kind, ID: utpwire.ConnID(1000 * n), Seq: 1, Ack: 1}, "")
			}
			time.Sleep(20 * time.Second)
			if n := h.to(netip.MustParseAddrPort(from)).datagrams - before; n == 0 || n > 9 {
				t.Errorf("five packets of %s had %d answers", from, n)
			}
		}
		b.serves(to, "10.0.0.3")
	})
}

// Somebody who knows both addresses, and sees nothing, tries ids and numbers.
func TestForgedPacketsOfOneWhoSeesNothingChangeNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		size := shorter(12 << 20)
		h, _, dialled, accepted := besieged(b)
		f, name := b.forger(right), netip.MustParseAddrPort(left+":6881")
		h.lose = f.saw.see
		transfer(t, accepted, dialled, 1)
		real := f.saw.seen().ID
		alone, under := transfer(t, dialled, accepted, size), time.Duration(0)
		during(t, floodRate, func(n int) {
			id := utpwire.ConnID(n * 40_503)
			if id == real || id == real.Next() {
				return // who has guessed it is another
			}
			f.sendPacket(name, utpwire.Header{
				Kind: utpwire.Kind(n % 4), ID: id, Seq: serial.Number(n * 31), Ack: serial.Number(n * 17), Window: uint32(n),
			}, "forged")
		}, func() { under = transfer(t, dialled, accepted, size) })
		if under > 2*alone {
			t.Errorf("a transfer took %v, and %v beside forgeries", alone, under)
		}
		if s := accepted.Status(); s.Received != uint64(2*size) || s.Phase != "connected" {
			t.Errorf("it is %+v", s)
		}
		if all, _ := h.toOthers(left); all.datagrams != 0 {
			t.Errorf("others got %+v", all)
		}
	})
}

// Errors of one remote, as ICMP tells of them, are those of no other.
func TestErrorsOfTheSocketEndNoConnection(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		size := shorter(4 << 20)
		_, to, dialled, accepted := besieged(b)
		f := b.forger(right)
		during(t, 1000, func(n int) { f.send(stranger(n), []byte(errorOfARemote)) }, func() {
			transfer(t, dialled, accepted, size)
			transfer(t, accepted, dialled, size)
			b.serves(to, "10.0.0.3")
		})
	})
}

// What is no packet of uTP is not answered, and disturbs nothing: nor does what is one and
// was cut off.
func TestDatagramsThatAreNoPacketsAreNotAnswered(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		h, to, dialled, accepted := besieged(b)
		f, name := b.forger(right), netip.MustParseAddrPort("172.16.0.1:80")
		state := utpwire.Header{Kind: utpwire.State, ID: 7, Seq: 1, Ack: 1}
		others := [][]byte{
			{}, {0x41}, make([]byte, 19), make([]byte, 65_501), // of UDP's most six bytes say who sent it
			[]byte("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"), // DHT
			append([]byte{0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80}, make([]byte, 8)...),
			{0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2}, // a tracker's answer
			[]byte("GET / HTTP/1.1\r\nHost: example\r\n\r\n"),
			{0xb1, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},                  // no kind
			{0x42, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},                  // no version
			append([]byte{0x21, 1}, append(state.Append(nil, nil)[2:], 0, 255)...),           // a mask that is cut off
			append([]byte{0x21, 2}, append(state.Append(nil, nil)[2:], 3, 0, 3)...),          // and no end of the extensions
			append([]byte{0x21, 3}, append(state.Append(nil, nil)[2:], chain(20, 0)...)...),  // too many of them
			append([]byte{0x41, 3}, append(state.Append(nil, nil)[2:], chain(9, 200)...)...), // and long
			append(syn4096(), 0), // longer than any path carries
		}
		during(t, 1000, func(n int) { f.send(name, others[n%len(others)]) }, func() {
			transfer(t, dialled, accepted, shorter(4<<20))
			time.Sleep(time.Second)
		})
		if got := h.to(name); got.datagrams != 0 {
			t.Errorf("nonsense was answered: %+v", got)
		}
		b.serves(to, "10.0.0.3")
	})
}

// chain are so many extensions of a length, of which none is the last.
func chain(extensions, length int) []byte {
	var out []byte
	for range extensions {
		out = append(append(out, 3, byte(length)), make([]byte, length)...)
	}
	return out
}

// syn4096 is a SYN with a payload that no path carries.
func syn4096() []byte {
	h := syn(4096)
	return append(h.Append(nil, nil), make([]byte, 4096)...)
}

// The time of a garbage datagram does not grow with the connections: no connection is
// stepped for it.
func TestGarbageIsNoWorkForTheConnectionsThatThereAre(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		const connections, garbage = 200, 5000
		var steps counter
		h := b.tap(right)
		to := listen(t, "udp4", ":6881", utp.OnNetwork(h), utp.Linger(time.Second), utp.Hook(steps.hook))
		from := b.socket(left)
		for range connections {
			connect(t, from, to, right+":6881")
		}
		f, name := b.forger(right), netip.MustParseAddrPort(left+":6881")
		time.Sleep(time.Second)
		before := steps.count()
		ctx, stop := context.WithTimeout(t.Context(), garbage*time.Second/floodRate)
		defer stop()
		flood(ctx, floodRate, func(n int) {
			switch n % 4 {
			case 0:
				f.send(name, []byte("garbage that is longer than a header"))
			case 1:
				f.sendPacket(stranger(n), utpwire.Header{ID: utpwire.ConnID(n)}, "stray")
			case 2:
				f.sendPacket(stranger(n), syn(n), "")
			default:
				f.sendPacket(stranger(n), utpwire.Header{Kind: utpwire.Reset, ID: utpwire.ConnID(n)}, "")
			}
		})
		time.Sleep(time.Second)
		if n := steps.count() - before; n > connections {
			t.Errorf("%d datagrams were %d steps of connections", garbage, n)
		}
	})
}
