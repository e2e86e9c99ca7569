package utp

import (
	"io"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// crowded connects so many to one whose socket holds some room, and has some of them receive
// without an end. It returns the sum of the windows that the senders of those are told of after
// a time.
func crowded(t *testing.T, room int, latency, after time.Duration, connections, receiving int) int {
	t.Helper()
	host, k := InMemory(t, latency), clock.New()
	link := func(at netip.AddrPort) Link {
		return NewSockets(pnet.NewEgress(host(at.Addr().String())), k, []netip.AddrPort{at})
	}
	one, other := start(t, link(here), k), start(t, roomy{link(there), room}, k)
	var dialled []*Conn
	for range connections {
		d, a := connect(t, one, other, there)
		if len(dialled) == receiving {
			continue
		}
		dialled = append(dialled, d)
		_, _ = a.Write([]byte("what tells how far it is")) // it does not wait
		go func() { _, _ = io.Copy(io.Discard, a) }()
		go func() { _, _ = d.Write(make([]byte, 64<<20)) }()
	}
	time.Sleep(after)
	sum := 0
	for _, d := range dialled {
		sum += int(d.Status().Remote)
		_ = d.Abort()
	}
	return sum
}

// What sockets hold, in bytes.
const (
	crowdedRoom = 256 << 10
	ampleRoom   = 8 << 20
)

// All that is promised to those who are near may come between two reads, and has room. Of those
// who are far most is on its way, and what idle ones were promised comes never.
func TestWindowsOfAllTogetherAreWhatTheSocketHoldsWhereTheyMayBeFullAtOnce(t *testing.T) {
	for _, c := range []struct {
		name                   string
		latency, after         time.Duration
		connections, receiving int
		room                   int
		least, most            int
	}{
		{"near", 5 * time.Millisecond, time.Second / 2, 20, 20, crowdedRoom, crowdedRoom / 2, crowdedRoom},
		{"far", 50 * time.Millisecond, 4 * time.Second, 20, 20, crowdedRoom, 2 * crowdedRoom, 20 * leastWindow},
		{"one alone that is near", 5 * time.Millisecond, 4 * time.Second, 1, 1, ampleRoom, nearMost - 128<<10, nearMost},
		{"one alone that is far", 50 * time.Millisecond, 8 * time.Second, 1, 1, ampleRoom, 2 << 20, 4 << 20},
		{"one of many that are near and idle", 5 * time.Millisecond, time.Second / 2, 20, 1, crowdedRoom, leastWindow - 2<<10, leastWindow},
	} {
		if testing.Short() && c.receiving == c.connections {
			continue // what is full is so by many packets that go one way
		}
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := crowded(t, c.room, c.latency, c.after, c.connections, c.receiving); got < c.least || got > c.most {
					t.Errorf("%d of %d have windows of %d bytes together", c.receiving, c.connections, got)
				}
			})
		})
	}
}

// However many begin to write at once, no more waits than for so many; that nobody had told them
// of the others since they were there counts for nothing.
func TestWhatManyHaveWrittenAndNotSentIsBoundedForAllTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const connections = 200
		host, k := InMemory(t, 20*time.Millisecond), clock.New()
		link := func(at netip.AddrPort) Link {
			return NewSockets(pnet.NewEgress(host(at.Addr().String())), k, []netip.AddrPort{at})
		}
		one, other := start(t, link(here), k), start(t, link(there), k)
		var dialled []*Conn
		for range connections {
			d, _ := connect(t, one, other, there)
			dialled = append(dialled, d)
		}
		sum := 0
		for _, d := range dialled {
			n, _, err := d.Stream().TryWrite([][]byte{make([]byte, unsentMost)})
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
		if sum > unsentAll || sum < unsentAll/2 {
			t.Errorf("%d bytes wait", sum)
		}
		for _, d := range dialled {
			_ = d.Abort()
		}
	})
}
