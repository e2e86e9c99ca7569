package testnet

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sendUDP sends datagrams of sizes from one socket, with DF or, if negative, without.
func sendUDP(t *testing.T, from *Host, to netip.AddrPort, sizes ...int) {
	t.Helper()
	c, err := from.ListenPacket(t.Context(), "udp4", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*net.UDPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range sizes {
		mode := unix.IP_PMTUDISC_PROBE
		if size < 0 {
			mode, size = unix.IP_PMTUDISC_DONT, -size
		}
		fault := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, mode) })
		if fault != nil || err != nil {
			t.Fatal(fault, err)
		}
		if _, err := c.WriteTo(make([]byte, size), net.UDPAddrFromAddrPort(to)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARouterCutsWhatIsTooLargeOrThrowsItAwayAndTellsWhereItIsTo(t *testing.T) {
	for m, told := range map[Manners]int64{Tells: 2, KeepsSilent: 0} {
		hosts := [2]*Host{newHost(t), newHost(t)}
		r, err := NewRoute(hosts[0], hosts[1], 1)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}()
		if err := r.SetMTU(600, m); err != nil {
			t.Fatal(err)
		}
		var addrs [2]netip.Addr
		addrs[0], addrs[1] = r.Addrs()
		for n, h := range hosts {
			c, err := h.ListenPacket(t.Context(), "udp4", netip.AddrPortFrom(addrs[n], 0).String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetReadDeadline(time.Now().Add(time.Minute))
			at := netip.MustParseAddrPort(c.LocalAddr().String())
			// Without DF first: who was told cuts itself.
			sendUDP(t, hosts[1-n], at, -573, 573, 572, 1200, -1400)
			buf := make([]byte, 2000)
			for _, want := range []int{573, 572, 1400} {
				if size, _, err := c.ReadFrom(buf); size != want || err != nil {
					t.Errorf("manners %d, way %d: %d bytes came, want %d: %v", m, n, size, want, err)
				}
			}
			// What tells of a packet may come after what was sent behind that.
			got, err := hosts[1-n].protocolCount("Icmp", "InDestUnreachs")
			for until := time.Now().Add(time.Minute); got < told && err == nil && time.Now().Before(until); {
				time.Sleep(10 * time.Millisecond)
				got, err = hosts[1-n].protocolCount("Icmp", "InDestUnreachs")
			}
			if got != told || err != nil {
				t.Errorf("manners %d, way %d: the sender was told %d times, want %d: %v", m, n, got, told, err)
			}
		}
		if o, err := r.Oversize(); o.Cut < 2 || o.Refused != 4 || err != nil {
			t.Errorf("manners %d: %+v, %v", m, o, err)
		}
	}
}
