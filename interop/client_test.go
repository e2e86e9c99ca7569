//go:build linux

package interop

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
)

// A client is a program that shares and fetches torrents. It runs on a host of its
// own, where it finds others by the torrent's tracker only.
type client struct {
	name  string
	need  func(t *testing.T) // fails or skips the test where it is not installed
	run   func(t *testing.T, at *testnet.Port, j job) *running
	empty emptiness
}

// emptiness is what a client makes of empty files.
type emptiness uint8

const (
	makesEmpty   emptiness = iota
	omitsEmpty             // it never makes them
	failsAtEmpty           // it ends by a fault when a block goes past one
)

// job is what a client is to do with one torrent, until the test ends.
type job struct {
	torrent string // path of the .torrent
	dir     string // its content lies below, or is to
	role    role   // whether the content is complete at first
}

// running is a client with its job.
type running struct {
	*child
	// poll asks the program how far it is. An error may pass.
	poll func() (standing, error)
	// last ends the program in order and returns how it stood. Without it poll tells
	// that while the program runs.
	last func(t *testing.T) standing
}

// standing is how far a client is, by its own account.
type standing struct {
	done     bool  // it has everything, and shares it
	up, down int64 // bytes of content
}

// ours is the program under test.
const ours = "etorrent"

// clients are all that there are, ours first.
var clients = []client{
	{name: ours, need: func(*testing.T) {}, run: runOurs},
	{name: "libtorrent", need: needLibtorrent, run: runLibtorrentClient},
	{name: "qBittorrent", need: needQBittorrent, run: runQBittorrent},
	{name: "Transmission", need: needTransmission, run: runTransmission, empty: omitsEmpty},
	{name: "aria2", need: needAria2, run: runAria2Client},
	{name: "rTorrent", need: needRTorrent, run: runRTorrent},
	{name: "anacrolix", need: needAnacrolix, run: runAnacrolix, empty: failsAtEmpty},
}

// clientNamed finds a client.
func clientNamed(t *testing.T, name string) client {
	t.Helper()
	for _, c := range clients {
		if c.name == name {
			return c
		}
	}
	t.Fatalf("no client %q", name)
	return client{}
}

// peerPort is where every client accepts connections, at an address of its own.
const peerPort = 6881

// isolated makes a program's command line run on a host, with nothing of this
// process's environment but what names programs and text.
func isolated(t *testing.T, at *testnet.Host, dir string, args ...string) []string {
	t.Helper()
	return append([]string{
		"ip", "netns", "exec", at.Name(), "env", "-i", "--chdir=" + dir, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LANG=C.UTF-8", "TERM=xterm", "HOME=" + folder(t, "home"),
	}, args...)
}

// startOn starts a program on a host, in a folder.
func startOn(t *testing.T, at *testnet.Host, name, dir string, args ...string) *child {
	t.Helper()
	line := isolated(t, at, dir, args...)
	return start(t, name, line[0], line[1:]...)
}

// callers asks programs over HTTP at the loopback of their host.
func caller(at *testnet.Host) *http.Client {
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DialContext: at.DialContext, DisableKeepAlives: true}}
}

// ready repeats what a program refuses until it has started.
func ready(t *testing.T, c *child, what string, try func() error) {
	t.Helper()
	deadline := time.Now().Add(cellPatience)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-c.ended:
			t.Fatalf("%s ended before: %s", c.name, what)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %s: %v", c.name, what, err)
		}
	}
}

// awaitDone waits until the program has everything, and returns how it stands then. It
// has that from another one, whose end fails the test.
func (r *running) awaitDone(t *testing.T, deadline time.Time, from *running) standing {
	t.Helper()
	var now standing
	for {
		s, err := r.poll()
		if err == nil {
			now = s
		}
		if now.done {
			return now
		}
		select {
		case <-r.ended:
			t.Fatalf("%s ended before it had everything: %v, %v, %v", r.name, r.cmd.ProcessState, now, err)
		case <-from.ended:
			t.Fatalf("%s ended before %s had everything: %v", from.name, r.name, from.cmd.ProcessState)
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not have everything: %v, %v", r.name, now, err)
		}
	}
}

func (s standing) String() string {
	return fmt.Sprintf("done %t, %d bytes up, %d down", s.done, s.up, s.down)
}

// writeIn makes a file in a new folder and returns both.
func writeIn(t *testing.T, in, name, text string) (dir, path string) {
	t.Helper()
	dir = folder(t, in)
	path = filepath.Join(dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir, path
}
