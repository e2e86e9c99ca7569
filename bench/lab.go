//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent/internal/testnet"
)

// lab is where programs are measured: a folder, a network, and what is to be moved.
type lab struct {
	work      string // is gone when the lab is closed
	self      string // this program
	program   string // ours
	against   string // another of ours; may be empty
	libutp    string // empty: it is not compiled yet
	sandbox   sandbox
	host      *testnet.Host
	network   string // what people are told of it
	materials map[spec]*material
	versions  []string
	absent    map[string]error // tools that are not there
	reqq      int              // of libtorrent, unless it is told another
}

// newLab finds the programs and makes the network. Whoever gets one closes it.
func newLab(ctx context.Context, o options) (*lab, error) {
	l := &lab{materials: map[spec]*material{}, absent: map[string]error{}, against: o.against, program: o.program}
	var err error
	if l.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if l.work, err = os.MkdirTemp(o.dir, "etorrent-bench-"); err != nil {
		return nil, err
	}
	if err := l.openNetwork(o.congestion); err != nil {
		return nil, errors.Join(err, l.close())
	}
	if err := l.findPrograms(ctx); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func (l *lab) close() error {
	err := os.RemoveAll(l.work)
	if l.host != nil {
		err = errors.Join(err, l.host.Close())
	}
	return err
}

// openNetwork makes a namespace whose connections all have the congestion control.
// Without one the programs share the host's network.
func (l *lab) openNetwork(congestion string) error {
	h, err := testnet.NewHost()
	var no *testnet.Unavailable
	if errors.As(err, &no) {
		l.network = fmt.Sprintf("the host's network with %s as it is (%v)", kernel("net/ipv4/tcp_congestion_control"), err)
		return nil
	}
	if err != nil {
		return err
	}
	l.host, l.network = h, congestion+" by route, in a network namespace"
	return h.SetCongestionControl(congestion)
}

// The names of tools that a machine may lack.
const (
	libtorrentTool = "python3-libtorrent"
	libutpTool     = "libutp"
)

// python has the module libtorrent of Debian's python3-libtorrent.
const python = "/usr/bin/python3"

// findPrograms builds ours and asks each program for its version.
func (l *lab) findPrograms(ctx context.Context) error {
	if l.program == "" {
		l.program = filepath.Join(l.work, "etorrent")
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", l.program, "github.com/etorrent/etorrent/cmd/etorrent")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: %s", build, err, out)
		}
	}
	for _, own := range []string{l.program, l.against} {
		if own == "" {
			continue
		}
		if err := l.version(ctx, own, "version"); err != nil {
			return err
		}
	}
	l.absent[straceTool] = l.version(ctx, straceTool, "--version")
	l.absent[iperfTool] = l.version(ctx, iperfTool, "--version")
	l.absent[opentrackerTool] = l.present(opentrackerTool)
	if l.absent[libtorrentTool] = l.version(ctx, python, "-c", libtorrentPeer, "version"); l.absent[libtorrentTool] != nil {
		return nil
	}
	out, err := exec.CommandContext(ctx, python, "-c", libtorrentPeer, "reqq").Output()
	if err != nil {
		return err
	}
	_, err = fmt.Sscan(string(out), &l.reqq)
	return err
}

// version notes the first line that a program prints.
func (l *lab) version(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(out), "\n")
	l.versions = append(l.versions, strings.TrimSpace(first))
	return nil
}

// present notes a program that tells no version.
func (l *lab) present(name string) error {
	_, err := exec.LookPath(name)
	if err == nil {
		l.versions = append(l.versions, name)
	}
	return err
}

// needsAll is for contenders that need several things.
func needsAll(all ...func(*lab) error) func(*lab) error {
	return func(l *lab) error {
		var errs []error
		for _, one := range all {
			errs = append(errs, one(l))
		}
		return errors.Join(errs...)
	}
}

// needs is for contenders that use a tool.
func needs(tool string) func(*lab) error {
	return func(l *lab) error {
		if err := l.absent[tool]; err != nil {
			return fmt.Errorf("%s is not installed: %w", tool, err)
		}
		return nil
	}
}

// at is the lab as seen from another namespace.
func (l *lab) at(h *testnet.Host) *lab {
	there := *l
	there.host = h
	return &there
}

// start runs a program in the lab's network until ctx ends; it must then be ended.
func (l *lab) start(ctx context.Context, name string, args ...string) (*child, error) {
	if l.sandbox != openSandbox {
		name, args = l.self, append([]string{roleSandbox, string(l.sandbox), name}, args...)
	}
	return startAt(ctx, l.host, name, args...)
}

// in is the same lab with programs that lack something.
func (l *lab) in(s sandbox) *lab {
	c := *l
	c.sandbox = s
	return &c
}

// do calls f on a thread that is in the lab's network.
func (l *lab) do(f func() error) error { return doAt(l.host, f) }

func doAt(h *testnet.Host, f func() error) error {
	if h == nil {
		return f()
	}
	return h.Do(f)
}

// freePort is a TCP port of 127.0.0.1 that was free a moment ago.
func (l *lab) freePort() (port string, err error) {
	err = l.do(func() error {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer listener.Close()
		_, port, err = net.SplitHostPort(listener.Addr().String())
		return err
	})
	return port, err
}

// freeAddress is an address of loopback that was free a moment ago.
func (l *lab) freeAddress() (string, error) {
	port, err := l.freePort()
	return net.JoinHostPort("127.0.0.1", port), err
}

// copies is the folder that programs fetch to; it is empty when a run begins.
func (l *lab) copies() string { return filepath.Join(l.work, "copy") }

// state is a folder in which a program of ours keeps its rows; it is not there when
// a run begins.
func (l *lab) state(role string) string { return filepath.Join(l.work, "state", role) }

// reset empties the folder of copies and forgets what programs noted.
func (l *lab) reset() error {
	for _, name := range []string{l.copies(), filepath.Join(l.work, "state")} {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	return os.Mkdir(l.copies(), 0o755)
}

// room refuses what the folder has no space for.
func (l *lab) room(dir string, bytes int64) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return err
	}
	if free := int64(uint64(fs.Bavail) * uint64(fs.Bsize)); free < bytes {
		return fmt.Errorf("%s has room for %d MiB, and %d are needed", dir, free>>20, bytes>>20)
	}
	return nil
}
