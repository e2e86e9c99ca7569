//go:build linux

package relay

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// befallen are the fates of datagrams of 1,000 bytes that come at an instant each.
func befallen(p Path, seed uint64, at ...time.Duration) (out [][]time.Duration, c Counts) {
	w, zero := newWay(p, seed, loopback4), time.Unix(0, 0)
	for _, d := range at {
		var dues []time.Duration
		for _, due := range w.befalls(zero.Add(d), make([]byte, 1000-utpwire.HeadersOfIPv4)) {
			dues = append(dues, due.Sub(zero))
		}
		out = append(out, dues)
	}
	return out, w.counts
}

func TestARateSpreadsDatagramsAndItsQueueHasAnEnd(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	got, c := befallen(Path{Rate: 8_000_000, Queue: 2 * ms, Delay: 10 * ms}, 1, 0, 0, 0, 0, 0, 20*ms)
	want := [][]time.Duration{{11 * ms}, {12 * ms}, {13 * ms}, nil, nil, {31 * ms}}
	if !slices.EqualFunc(got, want, slices.Equal) || c.Overflowed != 2 {
		t.Errorf("%v, %+v; want %v", got, c, want)
	}
}

func TestChancesAreAsOftenAsTheyAreToBeAndTheSameAgain(t *testing.T) {
	t.Parallel()
	p := Path{Loss: 0.01, Repeat: 0.02, Corrupt: 0.01, Held: 0.1, Hold: 5 * time.Millisecond}
	at := make([]time.Duration, 100_000)
	first, c := befallen(p, 7, at...)
	again, _ := befallen(p, 7, at...)
	other, _ := befallen(p, 8, at...)
	if !slices.EqualFunc(first, again, slices.Equal) || slices.EqualFunc(first, other, slices.Equal) {
		t.Error("the seed is not what makes the fates")
	}
	for what, n := range map[string][2]int{
		"lost": {c.Lost, 1000}, "twice": {c.Repeated, 2000}, "corrupt": {c.Corrupted, 1000}, "late": {c.Held, 10_000},
	} {
		if n[0] < n[1]*8/10 || n[0] > n[1]*12/10 {
			t.Errorf("%d are %s, want some %d", n[0], what, n[1])
		}
	}
}

func TestCorruptionTurnsOneBitOfTheHeader(t *testing.T) {
	t.Parallel()
	for pick := range uint32(1 << 16) {
		b := make([]byte, 30)
		corrupt(b, pick*2654435761)
		bits := 0
		for i, x := range b {
			for ; x != 0; x &= x - 1 {
				bits++
			}
			if b[i] != 0 && i >= 20 {
				t.Fatalf("the payload is other: %x", b)
			}
		}
		if bits != 1 {
			t.Fatalf("%d bits are other: %x", bits, b)
		}
	}
}

func TestARelayIsAPortForEachClientAndAnotherAfterABinding(t *testing.T) {
	t.Parallel()
	server, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback4, 0)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	r, err := StartRelay(RelayConfig{To: server.LocalAddr().(*net.UDPAddr).AddrPort(), RebindAfter: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var ports []uint16
	buf := make([]byte, 10)
	for range 2 {
		client, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(r.At()))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		for range 4 {
			if _, err := client.Write([]byte("ask")); err != nil {
				t.Fatal(err)
			}
			_, from, err := server.ReadFromUDPAddrPort(buf)
			if err != nil {
				t.Fatal(err)
			}
			ports = append(ports, from.Port())
			if _, err := server.WriteToUDPAddrPort([]byte("answer"), from); err != nil {
				t.Fatal(err)
			}
			if n, err := client.Read(buf); err != nil || string(buf[:n]) != "answer" {
				t.Fatalf("%q, %v", buf[:n], err)
			}
		}
	}
	a, b, c, d := ports[0], ports[2], ports[4], ports[6]
	if want := []uint16{a, a, b, b, c, c, d, d}; !slices.Equal(ports, want) || len(slices.Compact(slices.Sorted(slices.Values([]uint16{a, b, c, d})))) != 4 {
		t.Errorf("the ports are %d", ports)
	}
}
