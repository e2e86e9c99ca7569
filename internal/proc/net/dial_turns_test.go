package net_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/sup"
)

// holed is a host's network of which one address answers nothing.
type holed struct {
	*etorrenttest.Host
	hole netip.Addr
}

func (h *holed) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if at, _ := netip.ParseAddrPort(address); at.Addr() == h.hole {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return h.Host.DialContext(ctx, network, address)
}

// turns runs a dialler of four attempts at once in a network with a hole.
func turns(t *testing.T) (d *pnet.Dialer, hole, live netip.AddrPort) {
	t.Helper()
	network := etorrenttest.NewNetwork(t)
	l, err := network.Host("10.0.0.2").Listen(t.Context(), "tcp", ":1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	hole = netip.MustParseAddrPort("10.0.0.3:1")
	d = pnet.NewDialer(pnet.NewEgress(&holed{network.Host("10.0.0.1"), hole.Addr()}), 4, nil)
	tree, err := sup.Start(t.Context(), "test", sup.Supervisor{
		Strategy: sup.OneForOne, Children: []sup.Child{d.Child()},
	}, sup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tree.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return d, hole, netip.MustParseAddrPort(l.Addr().String())
}

func TestTheManyDeadOfOneTorrentDoNotKeepTheLivingOfAnotherWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, hole, live := turns(t)
		began := time.Now()
		dead := 0
		for range 1000 {
			d.Dial(pnet.DialRequest{For: 1, To: hole}, func(pnet.DialResult) { dead++ })
		}
		synctest.Wait()
		var after []time.Duration
		for id := range ident.TorrentID(3) {
			d.Dial(pnet.DialRequest{For: 2 + id, To: live}, func(r pnet.DialResult) {
				if r.Err != nil {
					t.Error(r.Err)
					return
				}
				after = append(after, time.Since(began))
				_ = r.Conn.Close()
			})
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		// No longer than until those give up that had begun.
		if len(after) != 3 || after[2] > pnet.HurriedTimeout {
			t.Errorf("connected after %v", after)
		}
		if dead < 4*10 {
			t.Errorf("%d attempts at the dead in a minute", dead)
		}
		d.Withdraw(1)
		time.Sleep(pnet.DialTimeout)
		synctest.Wait()
		before := dead
		d.Dial(pnet.DialRequest{For: 2, To: live}, func(r pnet.DialResult) { _ = r.Conn.Close() })
		time.Sleep(time.Hour)
		if dead != before {
			t.Errorf("%d attempts after they were withdrawn", dead-before)
		}
	})
}

func TestAnAttemptTakesAsLongAsItMayUnlessOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, hole, live := turns(t)
		const held = time.Second
		took := func(many int, within time.Duration) (longest time.Duration) {
			// Until all of them are in line nothing begins.
			d.Dial(pnet.DialRequest{To: live, Begun: func() { time.Sleep(held) }}, func(r pnet.DialResult) { _ = r.Conn.Close() })
			synctest.Wait()
			began := time.Now().Add(held)
			for range many {
				d.Dial(pnet.DialRequest{To: hole, Within: within}, func(pnet.DialResult) { longest = time.Since(began) })
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			return longest.Round(time.Second)
		}
		if got := took(1, 0); got != pnet.DialTimeout {
			t.Errorf("one takes %v", got)
		}
		if got := took(1, 2*time.Second); got != 2*time.Second {
			t.Errorf("one that may take two seconds takes %v", got)
		}
		if got := took(8, 0); got != pnet.HurriedTimeout+pnet.DialTimeout {
			t.Errorf("eight, of which four wait, take %v", got)
		}
	})
}

func TestTheErrorsOfAnAttemptAreReadApart(t *testing.T) {
	wrap := func(err error) error {
		return &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", err)}
	}
	for _, one := range []struct {
		err  error
		want pnet.DialEvidence
	}{
		{nil, pnet.DialMade},
		{wrap(syscall.ENETUNREACH), pnet.DialNoNetwork},
		{wrap(syscall.EADDRNOTAVAIL), pnet.DialNoNetwork},
		{wrap(syscall.EAFNOSUPPORT), pnet.DialNoNetwork},
		{wrap(syscall.EHOSTUNREACH), pnet.DialNoHost},
		{wrap(syscall.ECONNREFUSED), pnet.DialFailed},
		{context.DeadlineExceeded, pnet.DialFailed},
		{errors.New("another"), pnet.DialFailed},
	} {
		if got := pnet.ViewDial(one.err); got != one.want {
			t.Errorf("%v: %d, want %d", one.err, got, one.want)
		}
	}
}

// Whether the process hears first that it is to stop, or how its attempts ended for
// that reason, is up to chance.
func TestAttemptsThatAreCutShortHoldNobodyUp(t *testing.T) {
	for range 30 {
		synctest.Test(t, func(t *testing.T) {
			d, hole, live := turns(t) // which stops it
			for range 3 {
				d.Dial(pnet.DialRequest{For: 1, To: hole}, func(pnet.DialResult) {})
			}
			d.Dial(pnet.DialRequest{For: 2, To: live}, func(r pnet.DialResult) {
				time.Sleep(2 * time.Second) // it is busy while it is told to stop
				_ = r.Conn.Close()
			})
			time.Sleep(time.Second)
		})
	}
}
