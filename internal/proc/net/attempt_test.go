package net_test

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

// mostAttempts bounds the attempts of these tests.
const mostAttempts = 100

// hole is a network in which nothing is ever answered.
type hole struct {
	*etorrenttest.Host
	under, most atomic.Int64
}

func (h *hole) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	h.most.Store(max(h.most.Load(), h.under.Add(1)))
	defer h.under.Add(-1)
	<-ctx.Done()
	return nil, ctx.Err()
}

// intoTheHole dials n times and gives the answers of a span of virtual time.
func intoTheHole(t *testing.T, n int, span time.Duration) (answers int, h *hole) {
	t.Helper()
	h = &hole{Host: etorrenttest.NewNetwork(t).Host("10.0.0.1")}
	dialer := pnet.NewDialer(pnet.NewEgress(h), mostAttempts, nil)
	tree, err := sup.Start(t.Context(), "test", sup.Supervisor{
		Strategy: sup.OneForOne, Children: []sup.Child{dialer.Child()},
	}, sup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	results := sup.NewMailbox[pnet.DialResult]()
	for range n {
		dialer.Dial(pnet.DialRequest{To: netip.MustParseAddrPort("10.0.0.2:1")}, results.Put)
	}
	time.Sleep(span)
	synctest.Wait()
	all := results.Take(nil)
	for _, r := range all {
		if r.Err == nil {
			t.Error("connected")
		}
	}
	if err := tree.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	return len(all), h
}

func TestAnAttemptThatHasNoAnswerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if n, _ := intoTheHole(t, 1, pnet.DialTimeout-time.Second); n != 0 {
			t.Error("it ended early")
		}
		if n, _ := intoTheHole(t, 1, pnet.DialTimeout); n != 1 {
			t.Error("it goes on")
		}
	})
}

func TestNoMoreAttemptsRunThanTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, h := intoTheHole(t, 300, 3*pnet.DialTimeout)
		if n != 300 || h.most.Load() != mostAttempts {
			t.Errorf("%d answers, %d attempts at once", n, h.most.Load())
		}
	})
}
