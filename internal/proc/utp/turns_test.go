package utp

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// narrow lets a few datagrams pass each so often, and blocks in between.
func narrow(few int, every time.Duration) func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error) {
	return func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error) {
		n, _, err := l.Link.Write(out[:min(few, len(out))])
		time.AfterFunc(every, func() { l.writable <- struct{}{} })
		return n, pnet.WriteBlocked, err
	}
}

// jain is Jain's index: 1 where all have the same, one by their number where one has all.
func jain(shares []uint64) float64 {
	sum, squares := 0.0, 0.0
	for _, s := range shares {
		sum += float64(s)
		squares += float64(s) * float64(s)
	}
	return sum * sum / (float64(len(shares)) * squares)
}

// Where the system takes less than all have to send, no connection waits for others to have sent
// all that they may.
func TestConnectionsTakeTurnsAtALinkThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const connections, bytes = 20, 600 << 10
		host, k := InMemory(t, 10*time.Millisecond), clock.New()
		link := func(at netip.AddrPort) Link {
			return NewSockets(pnet.NewEgress(host(at.Addr().String())), k, []netip.AddrPort{at})
		}
		one := start(t, &strained{Link: link(here), strain: narrow(8, time.Millisecond), writable: make(chan struct{}, 1)}, k)
		other := start(t, link(there), k)
		shares, all := make([]atomic.Uint64, connections), atomic.Uint64{}
		half := make([]uint64, connections)
		snapshot := sync.OnceFunc(func() {
			for i := range shares {
				half[i] = shares[i].Load()
			}
		})
		var dialled, accepted []*Conn
		for range connections {
			d, a := connect(t, one, other, there)
			dialled, accepted = append(dialled, d), append(accepted, a)
		}
		var readers sync.WaitGroup
		for i, a := range accepted {
			go func() { _, _ = dialled[i].Write(make([]byte, bytes)) }()
			readers.Go(func() {
				b := make([]byte, 1<<10)
				for shares[i].Load() < bytes {
					n, err := a.Read(b)
					if err != nil {
						t.Error(err)
						return
					}
					shares[i].Add(uint64(n))
					if all.Add(uint64(n)) > connections*bytes/2 {
						snapshot()
					}
				}
			})
		}
		readers.Wait()
		if index := jain(half); index < 0.8 {
			t.Errorf("Jain's index was %.2f when half had come: %v", index, half)
		}
	})
}
