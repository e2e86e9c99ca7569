package etorrent_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// rough is a host whose network is as bad as networks are: what the map says of an
// address happens to those who dial it.
type rough struct {
	*etorrenttest.Host
	to    map[netip.Addr]roughness
	dials map[netip.Addr]*atomic.Int64
}

type roughness uint8

const (
	blackHole roughness = iota // nothing ever comes back
	noRoute                    // the machine has no way there
)

func (r *rough) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	at := netip.MustParseAddrPort(address).Addr()
	if n := r.dials[at]; n != nil {
		n.Add(1)
	}
	switch how, is := r.to[at]; {
	case is && how == blackHole:
		<-ctx.Done()
		return nil, ctx.Err()
	case is && how == noRoute:
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
	}
	return r.Host.DialContext(ctx, network, address)
}

// through has a member dial through a rough network.
func through(r *rough) func(*etorrent.Options) {
	return func(o *etorrent.Options) {
		r.Host = o.Network.(*etorrenttest.Host)
		o.Network = r
	}
}

func TestTheDeadDoNotKeepTheLivingWaiting(t *testing.T) {
	for dead, all := range map[int]time.Duration{40: time.Second, 140: 11 * time.Second} {
		inSwarm(t, func(t *testing.T, s *swarm) {
			s.network.SetLink(etorrenttest.Link{Latency: 50 * time.Millisecond})
			c := etorrenttest.NewContent(t, "dead and living", 16<<10, 320<<10)
			r := &rough{to: map[netip.Addr]roughness{}}
			var named []netip.AddrPort
			for n := range dead { // those are named first
				to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 7, byte(n), 1}), 6881)
				r.to[to.Addr()] = blackHole
				named = append(named, to)
			}
			for range 10 {
				m := s.join()
				c.PutPieces(t, m.storage, etorrenttest.Dir, 0)
				c.Fetch(t, m.Client)
				s.listens(m)
				named = append(named, m.at())
			}
			a := s.join(through(r))
			began := time.Now()
			c.Fetch(t, a.Client, named...)
			time.Sleep(time.Minute)
			var after []time.Duration
			for _, e := range past(a) {
				if e, is := e.(etorrent.PeerJoinedEvent); is {
					after = append(after, e.At.Sub(began))
				}
			}
			if len(after) != 10 || after[9] > all {
				t.Errorf("with %d dead the ten are connected after %v", dead, after)
			}
		})
	}
}

func TestAMachineWithoutIPv6HardlyTriesIt(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "one family", 16<<10, 320<<10)
		r := &rough{to: map[netip.Addr]roughness{}}
		var tries atomic.Int64
		r.dials = map[netip.Addr]*atomic.Int64{}
		var named []netip.AddrPort
		for n := range 200 {
			six := netip.MustParseAddrPort(fmt.Sprintf("[2001:db8::%x]:6881", 1+n))
			r.to[six.Addr()], r.dials[six.Addr()] = noRoute, &tries
			named = append(named, six)
		}
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		a := s.join(through(r))
		s.stored(c.Fetch(t, a.Client, append(named, seeder.at())...))
		before := tries.Load()
		time.Sleep(10 * time.Minute)
		// One a minute, and what was on its way when the rest began: all may be stored before.
		if all := tries.Load(); before > 2*64 || all > max(before, 64)+16 {
			t.Errorf("%d attempts before all was stored, %d within ten minutes after", before, all-before)
		}
	})
}
