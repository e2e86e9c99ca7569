//go:build linux

package interop

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

const (
	// swarmed is how many connections come from one address, dialled by as many
	// hands.
	swarmed = 10_000
	hands   = 50
	// admitted is how many of them may stay, of strangers and of peers.
	admitted = 2 * 64
)

// descriptors is how many a program has open.
func descriptors(t *testing.T, c *child) int {
	t.Helper()
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// swarmFrom dials from one address, again and again, and says hello on every
// other connection. It returns those that the other side has not closed.
func (v *victim) swarmFrom(ip net.IP) []net.Conn {
	var mu sync.Mutex
	var open []net.Conn
	var all sync.WaitGroup
	for range hands {
		all.Go(func() {
			from := net.Dialer{LocalAddr: &net.TCPAddr{IP: ip}, Timeout: patience}
			for n := range swarmed / hands {
				conn, err := from.Dial("tcp", v.at.String())
				if err != nil {
					continue
				}
				if n%2 == 0 {
					_, _ = conn.Write(handshake(infoHash(v.meta)))
				}
				_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
				if _, err := io.Copy(io.Discard, conn); !errors.Is(err, os.ErrDeadlineExceeded) {
					_ = conn.Close() // it was closed
					continue
				}
				mu.Lock()
				open = append(open, conn)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return open
}

func TestTenThousandConnectionsOfOneAddressKeepNobodyOut(t *testing.T) {
	t.Parallel()
	m := siegeMaterial(t)
	s := seed(t, m.torrent, m.parent)
	at := listens(t, s)
	v := &victim{child: s, meta: parse(t, m.torrent), at: at}
	before, most := descriptors(t, s), 0
	var open []net.Conn
	peak := v.peakUntil(t, func() {
		open = v.swarmFrom(net.IPv4(127, 21, 0, 1))
		most = descriptors(t, s)
	})
	defer func() {
		for _, c := range open {
			_ = c.Close()
		}
	}()
	t.Logf("%d descriptors before, %d after; %d connections stayed; %d MiB at most", before, most, len(open), peak>>20)
	if most > before+admitted+10 {
		t.Errorf("%d descriptors, %d before", most, before)
	}
	if peak > memoryLimit {
		t.Errorf("%d MiB are held", peak>>20)
	}
	to := folder(t, "copy")
	g := get(t, m.torrent, to, folder(t, "state"), at)
	g.await(t, "that it is complete", named("complete"))
	g.mustExit(t, 0)
	stopSeed(t, s)
	mustBeEqual(t, m.parent, to)
}
