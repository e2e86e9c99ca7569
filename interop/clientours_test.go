//go:build linux

package interop

import (
	"net/netip"
	"testing"

	"github.com/etorrent/etorrent/internal/testnet"
)

// runOurs starts the program under test.
func runOurs(t *testing.T, at *testnet.Port, j job) *running {
	t.Helper()
	return runOursWith(t, at, j)
}

// runOursWith starts it with more flags.
func runOursWith(t *testing.T, at *testnet.Port, j job, more ...string) *running {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{path, "get", j.torrent, "--seed"}
	done := named("complete")
	if j.role == roleSeed {
		args = []string{path, "seed", j.torrent}
		done = func(r *report) bool { return r.Event == "progress" && r.Status == "sharing" }
	}
	args = append(args, "--dir", j.dir, "--state", folder(t, "state"), "--events",
		"--listen", netip.AddrPortFrom(at.Addr(), peerPort).String())
	c := startOn(t, at.Host, ours, j.dir, append(args, more...)...)
	return &running{child: c, poll: func() (standing, error) {
		return standing{done: c.told(done)}, nil
	}, last: func(t *testing.T) standing {
		t.Helper()
		stopSeed(t, c)
		end := endOf(t, c).Torrents[0]
		return standing{done: c.told(done), up: end.Uploaded, down: end.Downloaded}
	}}
}

// told says whether a program has reported something.
func (c *child) told(match func(*report) bool) bool {
	for _, r := range c.all() {
		if match(&r) {
			return true
		}
	}
	return false
}
