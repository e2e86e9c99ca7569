//go:build linux

package interop

import (
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"
)

func needAria2(t *testing.T) {
	t.Helper()
	need(t, "aria2", "aria2c", "--version")
}

// runAria2 starts aria2 with what lies below dir and returns where it listens.
// It dials nobody: its peers come from trackers only.
func runAria2(t *testing.T, torrent, dir string, more ...string) (*child, netip.AddrPort) {
	t.Helper()
	needAria2(t)
	at := freePort(t)
	args := append([]string{
		"--no-conf", "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false",
		"--interface=" + at.Addr().String(), "--listen-port=" + strconv.Itoa(int(at.Port())), "--dir=" + dir,
		"--file-allocation=none", "--summary-interval=0", "--console-log-level=notice", "--download-result=hide",
	}, more...)
	c := start(t, "aria2", "aria2c", append(args, torrent)...)
	awaitListener(t, c, at)
	return c, at
}

func aria2Seeds(t *testing.T, torrent, dir string) netip.AddrPort {
	t.Helper()
	_, at := runAria2(t, torrent, dir, "--seed-ratio=0.0", "--bt-seed-unverified=true")
	return at
}

// aria2Fetches starts a download that ends when it is complete.
func aria2Fetches(t *testing.T, torrent, dir string) (*child, netip.AddrPort) {
	t.Helper()
	return runAria2(t, torrent, dir, "--seed-time=0")
}

// freePort finds an address whose port nobody uses.
func freePort(t *testing.T) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", netip.AddrPortFrom(address(), 0).String())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// awaitListener returns when a program accepts connections.
func awaitListener(t *testing.T, c *child, at netip.AddrPort) {
	t.Helper()
	limit := time.After(patience)
	for {
		conn, err := net.Dial("tcp", at.String())
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-c.ended:
			t.Fatalf("%s ended before it listened", c.name)
		case <-limit:
			t.Fatalf("%s does not listen: %v", c.name, err)
		}
	}
}
