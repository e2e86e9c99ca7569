//go:build linux

package main

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A row is a pair of programs. prepare makes them ready and names their version;
// run moves the payload once.
type row struct {
	name    string
	prepare func(ctx context.Context, m *material) (version string, err error)
	run     func(ctx context.Context, m *material) (measure, error)
}

var allRows = []row{
	{name: "floor", prepare: prepareFloor, run: runFloor},
	{name: "libtorrent", prepare: prepareLibtorrent, run: runLibtorrent},
	{name: "ours", prepare: prepareOurs, run: runOurs},
}

func choose(names string) ([]row, error) {
	var out []row
	for name := range strings.SplitSeq(names, ",") {
		found := false
		for _, r := range allRows {
			if r.name == name {
				out, found = append(out, r), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no row %q", name)
		}
	}
	return out, nil
}

func prepareFloor(context.Context, *material) (string, error) {
	return "sender and receiver of this program", nil
}

func runFloor(ctx context.Context, m *material) (measure, error) {
	self, err := os.Executable()
	if err != nil {
		return measure{}, err
	}
	receiver, err := start(ctx, self, floorRole, "receive", filepath.Join(m.copyDir, payload))
	if err != nil {
		return measure{}, err
	}
	defer receiver.stop()
	line, _, err := receiver.await("listening ")
	if err != nil {
		return measure{}, err
	}
	sender, err := start(ctx, self, floorRole, "send", filepath.Join(m.source, payload), strings.TrimPrefix(line, "listening "))
	if err != nil {
		return measure{}, err
	}
	defer sender.stop()
	var out measure
	if err := out.time(receiver, "start", "done"); err != nil {
		return measure{}, err
	}
	if out.send, err = sender.finish(); err != nil {
		return measure{}, err
	}
	out.receive, err = receiver.finish()
	return out, err
}

// time takes the span between two lines of the receiver.
func (m *measure) time(c *child, from, to string) error {
	_, began, err := c.await(from)
	if err != nil {
		return err
	}
	_, ended, err := c.await(to)
	m.took = ended.Sub(began)
	return err
}

// python has the module libtorrent of Debian's python3-libtorrent.
const python = "/usr/bin/python3"

//go:embed libtorrent_peer.py
var libtorrentPeer string

func prepareLibtorrent(ctx context.Context, _ *material) (string, error) {
	out, err := exec.CommandContext(ctx, python, "-c", libtorrentPeer, "version").Output()
	if err != nil {
		return "", fmt.Errorf("python3-libtorrent is not installed: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

func runLibtorrent(ctx context.Context, m *material) (measure, error) {
	port, err := freePort()
	if err != nil {
		return measure{}, err
	}
	seeder, err := start(ctx, python, "-c", libtorrentPeer, "seed", m.torrent, m.source, port)
	if err != nil {
		return measure{}, err
	}
	defer seeder.stop()
	if _, _, err := seeder.await("ready"); err != nil {
		return measure{}, err
	}
	fetcher, err := start(ctx, python, "-c", libtorrentPeer, "fetch", m.torrent, m.copyDir, port)
	if err != nil {
		return measure{}, err
	}
	defer fetcher.stop()
	var out measure
	if err := out.time(fetcher, "start", "done"); err != nil {
		return measure{}, err
	}
	if out.receive, err = fetcher.finish(); err != nil {
		return measure{}, err
	}
	out.send = seeder.stop()
	return out, nil
}

func prepareOurs(ctx context.Context, m *material) (string, error) {
	build := exec.CommandContext(ctx, "go", "build", "-o", m.program, "github.com/etorrent/etorrent/cmd/etorrent")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w: %s", build, err, out)
	}
	out, err := exec.CommandContext(ctx, m.program, "version").Output()
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first, nil
}

func runOurs(ctx context.Context, m *material) (measure, error) {
	port, err := freePort()
	if err != nil {
		return measure{}, err
	}
	address := net.JoinHostPort("127.0.0.1", port)
	seeder, err := start(ctx, m.program, "seed", m.torrent, "--dir", m.source, "--listen", address,
		"--existing", "trust", "--no-trackers", "--state", m.state("seed"), "--json")
	if err != nil {
		return measure{}, err
	}
	defer seeder.stop()
	if _, _, err := seeder.await(`"event":"added"`); err != nil {
		return measure{}, err
	}
	fetcher, err := start(ctx, m.program, "get", m.torrent, "--peer", address, "--dir", m.copyDir,
		"--state", m.state("get"), "--no-trackers", "--json", "--quiet")
	if err != nil {
		return measure{}, err
	}
	defer fetcher.stop()
	_, ended, err := fetcher.await(`"event":"complete"`)
	if err != nil {
		return measure{}, err
	}
	out := measure{took: ended.Sub(fetcher.began)}
	if out.receive, err = fetcher.finish(); err != nil {
		return measure{}, err
	}
	out.send = seeder.stop()
	return out, nil
}

// freePort is a TCP port of 127.0.0.1 that was free a moment ago.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
