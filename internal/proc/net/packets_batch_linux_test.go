package net_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"syscall"
	"testing"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// numbered are datagrams to an endpoint, each with its number and of another size.
func numbered(n int, to netip.AddrPort) []pnet.Datagram {
	out := make([]pnet.Datagram, n)
	for i := range out {
		out[i] = pnet.Datagram{Remote: to, Payload: binary.BigEndian.AppendUint32(make([]byte, 0, 4+i), uint32(i))[:4+i]}
	}
	return out
}

// drain reads so many datagrams, some at a time, and sees that they are those.
func drain(t *testing.T, p pnet.Packets, atOnce int, want []pnet.Datagram) {
	t.Helper()
	into := datagrams(atOnce, 1500)
	for got := 0; got < len(want); {
		n, err := p.Read(into)
		if n == 0 || err != nil {
			t.Fatalf("read %d after %d, %v", n, got, err)
		}
		for _, d := range into[:n] {
			if len(d.Payload) != len(want[got].Payload) || binary.BigEndian.Uint32(d.Payload) != binary.BigEndian.Uint32(want[got].Payload) {
				t.Fatalf("datagram %d is %d with %d bytes", got, binary.BigEndian.Uint32(d.Payload), len(d.Payload))
			}
			got++
		}
	}
}

func TestBatchesOfAnySizeArriveWholeAndInOrder(t *testing.T) {
	eachWay(t, direct, func(t *testing.T, w way) {
		for f, at := range map[pnet.Family]string{pnet.V4: "127.0.0.1:0", pnet.V6: "[::1]:0"} {
			if f == pnet.V6 && !hasIPv6() {
				continue
			}
			from, to := w.open(t, nil, f, at), w.open(t, nil, f, at)
			for _, size := range []int{1, 2, 16, 63, 64, 65, 200} {
				for _, atOnce := range []int{1, 7, 64, 65, 300} {
					out := numbered(size, to.LocalAddr())
					for i := range out {
						out[i].Fragmentation = pnet.Fragmentation(i / 3 % 3)
					}
					if n, state, err := from.Write(out); n != size || state != pnet.WriteOpen || err != nil {
						t.Fatalf("wrote %d of %d, %v, %v", n, size, state, err)
					}
					drain(t, to, atOnce, out)
				}
			}
		}
	})
}

func hasIPv6() bool {
	fd, err := syscall.Socket(syscall.AF_INET6, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return false
	}
	defer syscall.Close(fd)
	return syscall.Bind(fd, &syscall.SockaddrInet6{Addr: netip.IPv6Loopback().As16()}) == nil
}

func TestEachDatagramOfABatchHasItsOwnAddresses(t *testing.T) {
	eachWay(t, direct, func(t *testing.T, w way) {
		us := w.open(t, nil, pnet.V4, "0.0.0.0:0")
		them := []pnet.Packets{w.open(t, nil, pnet.V4, "127.0.0.1:0"), w.open(t, nil, pnet.V4, "127.0.0.3:0")}
		locals := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}
		for i := range 12 {
			to := netip.AddrPortFrom(locals[i%3], us.LocalAddr().Port())
			if _, _, err := them[i%2].Write(numbered(1, to)); err != nil {
				t.Fatal(err)
			}
		}
		into, n := datagrams(20, 100), 0
		for n < 12 { // at once, but for a host that is late
			more, err := us.Read(into[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += more
		}
		for i := range into[:n] {
			d := &into[i]
			if d.Local != locals[i%3] || d.Remote != them[i%2].LocalAddr() {
				t.Errorf("%d came from %v to %v", i, d.Remote, d.Local)
			}
		}
		into[4].Local = netip.Addr{} // from wherever, amid the others
		if n, _, err := us.Write(into[:n]); n != 12 || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
		for i := range 12 {
			if n, err := them[i%2].Read(into[:1]); n != 1 || err != nil {
				t.Fatal(err)
			}
			if want := netip.AddrPortFrom(locals[i%3], us.LocalAddr().Port()); i != 4 && into[0].Remote != want {
				t.Errorf("%d came back from %v, want %v", i, into[0].Remote, want)
			}
		}
	})
}

func TestADatagramThatIsLongerThanItsRoomFillsIt(t *testing.T) {
	eachWay(t, ways, func(t *testing.T, w way) {
		from, to := w.open(t, nil, pnet.V4, "127.0.0.1:0"), w.open(t, nil, pnet.V4, "127.0.0.1:0")
		sizes := []int{99, 5000, 100, 101, 0, 102, 1}
		for _, size := range sizes {
			if _, _, err := from.Write([]pnet.Datagram{{Remote: to.LocalAddr(), Payload: make([]byte, size)}}); err != nil {
				t.Fatal(err)
			}
		}
		into := datagrams(len(sizes), 101)
		for got := 0; got < len(sizes); {
			n, err := to.Read(into)
			if n == 0 || err != nil {
				t.Fatal(n, err)
			}
			for _, d := range into[:n] {
				if len(d.Payload) != min(sizes[got], 101) {
					t.Errorf("of %d bytes %d were read", sizes[got], len(d.Payload))
				}
				got++
			}
		}
	})
}

// Whatever is wrong with one, and wherever it stands, those before it were sent, and
// those behind it are when they are tried.
func TestOneThatCannotBeSentKeepsNoOtherBack(t *testing.T) {
	bad := map[string]struct {
		spoil func(d *pnet.Datagram)
		want  error
	}{
		"too long":     {func(d *pnet.Datagram) { d.Payload = make([]byte, 70_000) }, syscall.EMSGSIZE},
		"from a group": {func(d *pnet.Datagram) { d.Local = netip.MustParseAddr("224.0.0.1") }, syscall.EINVAL},
		"without port": {func(d *pnet.Datagram) { d.Remote = netip.AddrPortFrom(d.Remote.Addr(), 0) }, syscall.EINVAL},
		"of IPv6":      {func(d *pnet.Datagram) { d.Remote = netip.MustParseAddrPort("[::1]:9") }, syscall.EAFNOSUPPORT},
		"to nowhere":   {func(d *pnet.Datagram) { d.Remote = netip.AddrPort{} }, syscall.EAFNOSUPPORT},
		"whole, too long": {func(d *pnet.Datagram) {
			d.Fragmentation, d.Payload = pnet.FragmentNever, make([]byte, 65_508)
		}, syscall.EMSGSIZE},
	}
	eachWay(t, direct, func(t *testing.T, w way) {
		for name, b := range bad {
			from, to := w.open(t, nil, pnet.V4, "127.0.0.1:0"), w.open(t, nil, pnet.V4, "127.0.0.1:0")
			for _, at := range []int{0, 1, 31, 63, 64, 99} {
				out := numbered(100, to.LocalAddr())
				good := append(append([]pnet.Datagram(nil), out[:at]...), out[at+1:]...)
				b.spoil(&out[at])
				n, state, err := from.Write(out)
				if n != at || state != pnet.WriteOpen || !errors.Is(err, b.want) || pnet.ViewPacketFault(err) != pnet.OfThis {
					t.Fatalf("%s at %d: wrote %d, %v, %v", name, at, n, state, err)
				}
				if n, _, err := from.Write(out[at+1:]); n != 99-at || err != nil {
					t.Fatalf("%s at %d: wrote %d behind it, %v", name, at, n, err)
				}
				drain(t, to, 64, good)
			}
		}
	})
}

func TestWhereCallsOfManyAreRefusedDatagramsGoOneByOne(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSYS, syscall.EPERM, syscall.EINVAL} {
		from, to := open(t, nil, pnet.V4, "127.0.0.1:0"), open(t, nil, pnet.V4, "127.0.0.1:0")
		asked := map[pnet.Packets]int{}
		for _, p := range []pnet.Packets{from, to} {
			pnet.Refuse(p, func() syscall.Errno { asked[p]++; return errno })
		}
		for range 10 {
			out := numbered(100, to.LocalAddr())
			if n, _, err := from.Write(out); n != len(out) || err != nil {
				t.Fatalf("%v: wrote %d, %v", errno, n, err)
			}
			drain(t, to, 100, out)
		}
		if asked[from] != 3 || asked[to] != 3 {
			t.Errorf("%v: asked %d and %d times", errno, asked[from], asked[to])
		}
	}
}

func TestARefusalOfADatagramIsNoneOfTheCall(t *testing.T) {
	from, to := open(t, nil, pnet.V4, "127.0.0.1:0"), open(t, nil, pnet.V4, "127.0.0.1:0")
	asked, refuse := 0, syscall.Errno(0)
	pnet.Refuse(from, func() syscall.Errno { asked++; return refuse })
	for i := range 20 {
		bad := pnet.Datagram{Remote: netip.AddrPortFrom(to.LocalAddr().Addr(), 0)}
		if _, _, err := from.Write([]pnet.Datagram{bad}); !errors.Is(err, syscall.EINVAL) {
			t.Fatal(err)
		}
		if i%3 == 0 { // a firewall that drops some
			refuse = syscall.EPERM
		}
		out := numbered(3, to.LocalAddr())
		if n, _, err := from.Write(out); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		drain(t, to, 3, out)
		refuse = 0
	}
	if asked != 40 {
		t.Errorf("calls of many were tried %d times of 40", asked)
	}
}

func TestASocketAsksNothingOfTheCollector(t *testing.T) {
	eachWay(t, direct, func(t *testing.T, w way) {
		for f, at := range map[pnet.Family]string{pnet.V4: "127.0.0.1:0", pnet.V6: "[::1]:0"} {
			if f == pnet.V6 && !hasIPv6() {
				continue
			}
			from, to := w.open(t, nil, f, at), w.open(t, nil, f, at)
			out, into := numbered(100, to.LocalAddr()), datagrams(100, 1500)
			for i := range out {
				out[i].Local, out[i].Fragmentation = from.LocalAddr().Addr(), pnet.Fragmentation(i/40)
			}
			allocations := testing.AllocsPerRun(20, func() {
				if n, _, err := from.Write(out); n != len(out) || err != nil {
					panic(fmt.Sprint(n, err))
				}
				for got := 0; got < len(out); {
					n, err := to.Read(into)
					if err != nil {
						panic(err)
					}
					got += n
				}
			})
			if allocations != 0 {
				t.Errorf("%v: %v allocations", f, allocations)
			}
		}
	})
}
