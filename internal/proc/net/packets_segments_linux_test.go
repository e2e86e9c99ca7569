package net_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"testing"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/testnet"
)

// sized are datagrams to an endpoint of so many bytes each, with their numbers.
func sized(to netip.AddrPort, sizes ...int) []pnet.Datagram {
	out := make([]pnet.Datagram, len(sizes))
	for i, size := range sizes {
		payload := make([]byte, max(4, size))
		binary.BigEndian.PutUint32(payload, uint32(i))
		out[i] = pnet.Datagram{Remote: to, Payload: payload[:size]}
	}
	return out
}

// alike are n datagrams of one size.
func alike(n, size int, to netip.AddrPort) []pnet.Datagram {
	return sized(to, slices.Repeat([]int{size}, n)...)
}

// eachFamily runs a test for the families that the host has, with its loopback address.
func eachFamily(t *testing.T, test func(t *testing.T, f pnet.Family, at string)) {
	t.Helper()
	for f, at := range map[pnet.Family]string{pnet.V4: "127.0.0.1:0", pnet.V6: "[::1]:0"} {
		if f == pnet.V4 || hasIPv6() {
			t.Run(f.String(), func(t *testing.T) { test(t, f, at) })
		}
	}
}

func TestDatagramsAlikeLeaveAsOneMessage(t *testing.T) {
	ten := func(n int) []int { return slices.Repeat([]int{10}, n) }
	cases := map[string]struct {
		sizes []int
		spoil func(all []pnet.Datagram)
		want  []int
	}{
		"one":                  {ten(1), nil, []int{1}},
		"no more than 64":      {ten(130), nil, []int{64, 64, 2}},
		"no more than 65000":   {slices.Repeat([]int{1402}, 60), nil, []int{46, 14}},
		"65000 exactly":        {slices.Repeat([]int{6500}, 11), nil, []int{10, 1}},
		"the last is shorter":  {[]int{10, 10, 10, 5, 10, 10}, nil, []int{4, 2}},
		"the shorter one fits": {append(slices.Repeat([]int{6500}, 9), 6499, 6500), nil, []int{10, 1}},
		"a longer one":         {[]int{5, 10, 10, 11, 11, 4}, nil, []int{1, 2, 3}},
		"ever shorter":         {[]int{14, 13, 12, 11, 10}, nil, []int{2, 2, 1}},
		"some alone":           {ten(7), func(all []pnet.Datagram) { all[0].Company, all[3].Company = pnet.Alone, pnet.Alone }, []int{1, 2, 1, 3}},
		"empty ones":           {[]int{10, 10, 0, 0, 10, 10}, nil, []int{2, 1, 1, 2}},
		"from another address": {ten(6), func(all []pnet.Datagram) { all[2].Local = all[2].Remote.Addr() }, []int{2, 1, 3}},
		"may be cut on their way": {ten(6), func(all []pnet.Datagram) {
			all[1].Fragmentation, all[2].Fragmentation = pnet.FragmentFreely, pnet.FragmentFreely
		}, []int{1, 1, 1, 3}},
		"must not be cut": {ten(6), func(all []pnet.Datagram) {
			all[1].Fragmentation, all[2].Fragmentation = pnet.FragmentNever, pnet.FragmentNever
		}, []int{1, 2, 3}},
	}
	eachFamily(t, func(t *testing.T, f pnet.Family, at string) {
		for name, c := range cases {
			from, plain, lent := open(t, nil, f, at), open(t, nil, f, at), pnet.Segmented(open(t, nil, f, at))
			for _, to := range []pnet.Packets{plain, lent} {
				var got []int
				pnet.Messages(from, &got)
				out := sized(to.LocalAddr(), c.sizes...)
				if c.spoil != nil {
					c.spoil(out)
				}
				if n, state, err := from.Write(out); n != len(out) || state != pnet.WriteOpen || err != nil {
					t.Fatalf("%s: wrote %d, %v, %v", name, n, state, err)
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("%s: %v, want %v", name, got, c.want)
				}
				same(t, to, out)
			}
		}
	})
}

// same reads so many datagrams and sees that they are those.
func same(t *testing.T, p pnet.Packets, want []pnet.Datagram) {
	t.Helper()
	into := datagrams(7, 7000)
	for got := 0; got < len(want); {
		n, err := p.Read(into)
		if n == 0 || err != nil {
			t.Fatalf("read %d after %d, %v", n, got, err)
		}
		for _, d := range into[:n] {
			if !slices.Equal(d.Payload, want[got].Payload) {
				t.Fatalf("datagram %d is %d bytes, want %d", got, len(d.Payload), len(want[got].Payload))
			}
			got++
		}
	}
}

// Two sockets write in turns to one: what comes is cut where the remote changes, and each
// datagram has its own addresses.
func TestDatagramsThatCameAsOneMessageHaveTheirAddressesEach(t *testing.T) {
	eachFamily(t, func(t *testing.T, f pnet.Family, at string) {
		lent := open(t, nil, f, f.Any(0).String())
		reader := pnet.NewLender(lent, 2000)
		loopback := netip.MustParseAddrPort(at).Addr()
		them := []pnet.Packets{open(t, nil, f, at), open(t, nil, f, at)}
		for i := range 6 {
			out := alike(20, 1000, netip.AddrPortFrom(loopback, lent.LocalAddr().Port()))
			for k := range out {
				out[k].Local = loopback // beside the size of the segments
			}
			if n, _, err := them[i%2].Write(out); n != len(out) || err != nil {
				t.Fatal(n, err)
			}
		}
		for got := 0; got < 120; {
			reading, err := reader.Lend()
			came := reading.Datagrams
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range came {
				if want := them[got/20%2].LocalAddr(); d.Remote != want || d.Local != loopback || len(d.Payload) != 1000 {
					t.Fatalf("%d: %d bytes from %v to %v", got, len(d.Payload), d.Remote, d.Local)
				}
				if number := binary.BigEndian.Uint32(d.Payload); number != uint32(got%20) {
					t.Fatalf("%d: number %d", got, number)
				}
				got++
			}
		}
	})
}

func TestOfADatagramThatIsLentThereIsWhatHasRoom(t *testing.T) {
	from, p := open(t, nil, pnet.V4, "127.0.0.1:0"), open(t, nil, pnet.V4, "127.0.0.1:0")
	sizes := []int{99, 100, 101, 65_507, 0, 101, 101, 101, 50, 5000, 5000, 1}
	lender, got := pnet.NewLender(p, 100), 0
	if n, _, err := from.Write(sized(p.LocalAddr(), sizes...)); n != len(sizes) || err != nil {
		t.Fatal(n, err)
	}
	for got < len(sizes) {
		reading, err := lender.Lend()
		came := reading.Datagrams
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range came {
			if len(d.Payload) != min(sizes[got], 100) || cap(d.Payload) != len(d.Payload) {
				t.Errorf("of %d bytes %d are lent", sizes[got], len(d.Payload))
			}
			got++
		}
	}
}

func TestALenderHoldsNothingBeforeSomethingCameAndNoMoreThanItsBound(t *testing.T) {
	from, p := open(t, nil, pnet.V4, "127.0.0.1:0"), open(t, nil, pnet.V4, "127.0.0.1:0")
	lender := pnet.NewLender(p, 2000)
	begun, ended := make(chan struct{}), make(chan error)
	go func() {
		close(begun)
		_, err := lender.Lend()
		ended <- err
	}()
	<-begun
	for range 1000 {
		runtime.Gosched()
	}
	_ = p.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if held := pnet.Held(lender); held != 0 {
		t.Errorf("%d bytes for nothing", held)
	}
	p = open(t, nil, pnet.V4, "127.0.0.1:0")
	lender = pnet.NewLender(p, 2000)
	for _, n := range []int{1, 40, 40, 1} {
		if _, _, err := from.Write(numbered(n, p.LocalAddr())); err != nil {
			t.Fatal(err)
		}
		for got := 0; got < n; {
			reading, err := lender.Lend()
			came := reading.Datagrams
			if err != nil {
				t.Fatal(err)
			}
			got += len(came)
		}
		if held := pnet.Held(lender); n == 40 && held < 8<<16 || held > 72<<16 {
			t.Errorf("%d bytes after %d datagrams", held, n)
		}
	}
}

func TestWhereSegmentsAreRefusedDatagramsLeaveAsMessagesOfTheirOwn(t *testing.T) {
	for _, ofMany := range []syscall.Errno{0, syscall.ENOSYS} {
		for _, errno := range []syscall.Errno{syscall.EIO, syscall.EINVAL, syscall.ENOPROTOOPT, syscall.EOPNOTSUPP} {
			from, to := open(t, nil, pnet.V4, "127.0.0.1:0"), open(t, nil, pnet.V4, "127.0.0.1:0")
			asked, want := pnet.RefuseSegments(from, func() syscall.Errno { return errno }), 3
			pnet.Refuse(from, func() syscall.Errno { return ofMany })
			if errno == syscall.EINVAL && ofMany == 0 {
				want = 6 // it may be of the call of many
			}
			for range 5 {
				out := alike(100, 100, to.LocalAddr())
				if n, state, err := from.Write(out); n != len(out) || state != pnet.WriteOpen || err != nil {
					t.Fatalf("%v: wrote %d, %v, %v", errno, n, state, err)
				}
				same(t, to, out)
			}
			if *asked != want {
				t.Errorf("%v, %v: asked %d times", ofMany, errno, *asked)
			}
		}
	}
}

// Neither what is said of sizes nor what is said now and then is of segments as such.
func TestSegmentsGoOnWhereSomeOfThemAreRefused(t *testing.T) {
	for _, c := range []struct {
		errno syscall.Errno
		every int
	}{{syscall.EMSGSIZE, 1}, {syscall.EIO, 2}} {
		from, to := open(t, nil, pnet.V4, "127.0.0.1:0"), open(t, nil, pnet.V4, "127.0.0.1:0")
		turn := 0
		asked := pnet.RefuseSegments(from, func() syscall.Errno {
			if turn++; turn%c.every == 0 {
				return c.errno
			}
			return 0
		})
		for range 10 {
			out := alike(50, 100, to.LocalAddr())
			if n, state, err := from.Write(out); n != len(out) || state != pnet.WriteOpen || err != nil {
				t.Fatalf("%v: wrote %d, %v, %v", c.errno, n, state, err)
			}
			same(t, to, out)
		}
		if *asked != 10 {
			t.Errorf("%v: asked %d times", c.errno, *asked)
		}
	}
}

func TestOtherErrorsOfAMessageAreThoseOfItsFirstDatagram(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENETUNREACH, syscall.EPERM, syscall.ENOBUFS} {
		from, to := open(t, nil, pnet.V4, "127.0.0.1:0"), open(t, nil, pnet.V4, "127.0.0.1:0")
		asked := pnet.RefuseSegments(from, func() syscall.Errno { return errno })
		out := sized(to.LocalAddr(), 3, 9, 9, 9)
		if n, _, err := from.Write(out); n != 1 || !errors.Is(err, errno) {
			t.Errorf("%v: wrote %d, %v", errno, n, err)
		}
		if *asked == 0 {
			t.Errorf("%v: no segments", errno)
		}
		same(t, to, out[:1])
	}
}

// Whatever is wrong with datagrams that would leave as one message, the first of them is
// told of it, and no other is kept back; nor are segments given up for it.
func TestAnErrorOfAMessageIsToldOfTheRightDatagram(t *testing.T) {
	spoils := map[string]struct {
		spoil func(d *pnet.Datagram)
		want  error
	}{
		"without port": {func(d *pnet.Datagram) { d.Remote = netip.AddrPortFrom(d.Remote.Addr(), 0) }, syscall.EINVAL},
		"from a group": {func(d *pnet.Datagram) { d.Local = netip.MustParseAddr("224.0.0.1") }, syscall.EINVAL},
	}
	for name, c := range spoils {
		from, to := open(t, nil, pnet.V4, "127.0.0.1:0"), pnet.Segmented(open(t, nil, pnet.V4, "127.0.0.1:0"))
		var messages []int
		pnet.Messages(from, &messages)
		for range 5 {
			out := alike(9, 1000, to.LocalAddr())
			for i := range out[3:6] {
				c.spoil(&out[3+i])
			}
			for at := range 9 {
				switch n, _, err := from.Write(out[at:]); {
				case at < 3 && (n != 3-at || !errors.Is(err, c.want)):
					t.Fatalf("%s: wrote %d from %d on, %v", name, n, at, err)
				case at >= 3 && at < 6 && (n != 0 || !errors.Is(err, c.want) || pnet.ViewPacketFault(err) != pnet.OfThis):
					t.Fatalf("%s: wrote %d from %d on, %v", name, n, at, err)
				case at >= 6 && (n != 9-at || err != nil):
					t.Fatalf("%s: wrote %d from %d on, %v", name, n, at, err)
				}
			}
			same(t, to, slices.Concat(out[:3], out[1:3], out[2:3], out[6:], out[7:], out[8:]))
		}
		if want := slices.Repeat([]int{3, 2, 1, 3, 2, 1}, 5); !slices.Equal(messages, want) {
			t.Errorf("%s: %v", name, messages)
		}
	}
}

// What is larger than the interface takes is refused whole, and then one by one: so the
// last, which is shorter, is sent when it is tried.
func TestSegmentsThatAreTooLargeAreToldEach(t *testing.T) {
	near, far := host(t), host(t)
	link, err := testnet.Join(near, far)
	if err != nil {
		t.Fatal(err)
	}
	a, b := link.Addrs()
	from, to := open(t, near, pnet.V4, a.String()+":0"), open(t, far, pnet.V4, b.String()+":0")
	var messages []int
	pnet.Messages(from, &messages)
	for range 5 {
		out := sized(to.LocalAddr(), 1472, 1472, 1472, 1473, 1473, 1472, 1472)
		for i := range out {
			out[i].Fragmentation = pnet.FragmentNever
		}
		rest, large := out, 0
		for len(rest) > 0 {
			n, _, err := from.Write(rest)
			if rest = rest[n:]; err == nil {
				continue
			}
			if !errors.Is(err, syscall.EMSGSIZE) || len(rest[0].Payload) != 1473 {
				t.Fatalf("%d bytes: %v", len(rest[0].Payload), err)
			}
			large++
			rest = rest[1:]
		}
		if large != 2 {
			t.Errorf("%d were too large", large)
		}
		same(t, to, append(slices.Clone(out[:3]), out[5:]...))
	}
	if want := slices.Repeat([]int{3, 2}, 5); !slices.Equal(messages, want) {
		t.Errorf("%v", messages)
	}
}

func TestSegmentsAskNothingOfTheCollector(t *testing.T) {
	eachFamily(t, func(t *testing.T, f pnet.Family, at string) {
		from, to := open(t, nil, f, at), open(t, nil, f, at)
		lender, out := pnet.NewLender(to, 2000), alike(128, 1000, to.LocalAddr())
		for i := range out {
			out[i].Local, out[i].Fragmentation = from.LocalAddr().Addr(), pnet.FragmentNever
		}
		allocations := testing.AllocsPerRun(20, func() {
			if n, _, err := from.Write(out); n != len(out) || err != nil {
				panic(fmt.Sprint(n, err))
			}
			for got := 0; got < len(out); {
				reading, err := lender.Lend()
				came := reading.Datagrams
				if err != nil {
					panic(err)
				}
				got += len(came)
			}
		})
		if allocations != 0 {
			t.Errorf("%v allocations", allocations)
		}
	})
}
