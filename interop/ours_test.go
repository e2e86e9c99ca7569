//go:build linux

package interop

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// scratch is a folder for all tests.
var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "etorrent-interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// program is the path of the program under test; it is built once.
var program = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("ETORRENT_PROGRAM"); given != "" {
		return filepath.Abs(given)
	}
	path := filepath.Join(scratch, "etorrent")
	build := exec.Command("go", "build", "-o", path, "./cmd/etorrent")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	return path, nil
})

// etorrent starts the program.
func etorrent(t *testing.T, name string, args ...string) *child {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return start(t, name, path, args...)
}

var addresses atomic.Uint32

// address returns a loopback address that nobody else has.
func address() netip.Addr {
	n := addresses.Add(1)
	return netip.AddrFrom4([4]byte{127, 10, byte(n / 250), byte(1 + n%250)})
}

// engine are the flags that every engine command gets here: folders of its own,
// an address of its own, no one found but by the test, and all events.
func engine(dir, state string, peers ...netip.AddrPort) []string {
	args := []string{"--dir", dir, "--state", state, "--listen", netip.AddrPortFrom(address(), 0).String(), "--no-trackers", "--events"}
	for _, p := range peers {
		args = append(args, "--peer", p.String())
	}
	return args
}

// get fetches a torrent into dir.
func get(t *testing.T, torrent, dir, state string, peers ...netip.AddrPort) *child {
	t.Helper()
	return etorrent(t, "get", append([]string{"get", torrent}, engine(dir, state, peers...)...)...)
}

// seed shares what lies below dir, and returns when it is served.
func seed(t *testing.T, torrent, dir string, peers ...netip.AddrPort) *child {
	t.Helper()
	return seedWith(t, nil, torrent, dir, peers...)
}

// seedWith does so with more flags.
func seedWith(t *testing.T, flags []string, torrent, dir string, peers ...netip.AddrPort) *child {
	t.Helper()
	args := append([]string{"seed", torrent}, engine(dir, folder(t, "state"), peers...)...)
	c := etorrent(t, "seed", append(args, flags...)...)
	c.await(t, "that it shares", func(r *report) bool { return r.Event == "progress" && r.Status == "sharing" })
	return c
}

// listens returns where an etorrent accepts connections.
func listens(t *testing.T, c *child) netip.AddrPort {
	t.Helper()
	r := c.await(t, "where it listens", named("listening"))
	if len(r.Addresses) == 0 {
		t.Fatalf("%s listens nowhere", c.name)
	}
	at, err := netip.ParseAddrPort(r.Addresses[0])
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// endOf is the last report of an etorrent that has ended.
func endOf(t *testing.T, c *child) report {
	t.Helper()
	all := c.all()
	if len(all) == 0 || all[len(all)-1].Event != "end" || len(all[len(all)-1].Torrents) != 1 {
		t.Fatalf("%s did not tell of its end with one torrent last", c.name)
	}
	return all[len(all)-1]
}
