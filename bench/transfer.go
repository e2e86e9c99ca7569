//go:build linux

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// The figures of a transfer of one payload from one program to one other. CPU is
// per GiB of payload, start-up included.
var (
	cpuBoth     = newFigure("cpu_both_s_per_gib", "CPU s/GiB")
	cpuSend     = newFigure("cpu_send_s_per_gib", "sender's")
	cpuReceive  = newFigure("cpu_receive_s_per_gib", "receiver's")
	rateMiddle  = newFigure("rate_middle_mb_per_s", "MB/s 25-75 %")
	rateWhole   = newFigure("rate_whole_mb_per_s", "MB/s")
	anonSend    = newFigure("anon_send_mib", "MiB sender")
	anonReceive = newFigure("anon_receive_mib", "receiver")
)

const (
	gib     = 1 << 30
	mib     = 1 << 20
	million = 1e6
)

// peer is a program that can be either end of a transfer. serve starts the end
// that has the payload and returns when it takes connections; fetch starts the
// other. began and done are in the lines by which the fetching end tells of its
// begin, which is its start if empty, and of its end.
type peer struct {
	name        string
	available   func(*lab) error
	serve       func(ctx context.Context, l *lab, m *material, address string) (*child, error)
	fetch       func(ctx context.Context, l *lab, m *material, address string) (*child, error)
	began, done string
}

// in is the same peer without what a sandbox takes from it.
func (p peer) in(s sandbox) peer {
	serve, fetch := p.serve, p.fetch
	p.name += ", " + string(s)
	p.serve = func(ctx context.Context, l *lab, m *material, address string) (*child, error) {
		return serve(ctx, l.in(s), m, address)
	}
	p.fetch = func(ctx context.Context, l *lab, m *material, address string) (*child, error) {
		return fetch(ctx, l.in(s), m, address)
	}
	return p
}

// transfer is a contender: a payload goes from one peer to another.
func transfer(from, to peer, s spec) contender {
	return contender{
		name: between(from, to),
		available: func(l *lab) error {
			for _, p := range []peer{from, to} {
				if p.available == nil {
					continue
				}
				if err := p.available(l); err != nil {
					return err
				}
			}
			return nil
		},
		run: func(ctx context.Context, l *lab) (sample, error) {
			return runTransfer(ctx, l, from, to, l.materials[s])
		},
	}
}

func runTransfer(ctx context.Context, l *lab, from, to peer, m *material) (sample, error) {
	sender, address, err := from.serveAnywhere(ctx, l, m)
	if err != nil {
		return sample{}, err
	}
	defer sender.stop()
	receiver, err := to.fetch(ctx, l, m, address)
	if err != nil {
		return sample{}, err
	}
	defer receiver.stop()
	growth := watchGrowth(filepath.Join(l.copies(), m.name))
	defer growth.end()
	took, err := receiver.span(to.began, to.done)
	if err != nil {
		return sample{}, err
	}
	points := growth.end()
	received, err := receiver.finish()
	if err != nil {
		return sample{}, err
	}
	sent := sender.stop()
	middle, err := middleRate(points, m.size)
	if err != nil {
		return sample{}, err
	}
	share := float64(m.size) / gib
	return sample{
		values: map[figure]float64{
			cpuBoth: (sent.cpu + received.cpu).Seconds() / share, cpuSend: sent.cpu.Seconds() / share, cpuReceive: received.cpu.Seconds() / share,
			rateMiddle: middle / million, rateWhole: float64(m.size) / million / took.Seconds(),
			anonSend: float64(sent.anon) / mib, anonReceive: float64(received.anon) / mib,
		},
		check: func() error { return m.compare(l.copies()) },
	}, nil
}

// serveAnywhere starts the end that has the payload, on an address that is free.
func (p peer) serveAnywhere(ctx context.Context, l *lab, m *material) (sender *child, address string, err error) {
	if address, err = l.freeAddress(); err != nil {
		return nil, "", err
	}
	sender, err = p.serve(ctx, l, m, address)
	return sender, address, err
}

// span is the time between two lines; an empty first one is the start.
func (c *child) span(from, to string) (time.Duration, error) {
	began := c.began
	if from != "" {
		var err error
		if _, began, err = c.await(from); err != nil {
			return 0, err
		}
	}
	_, ended, err := c.await(to)
	return ended.Sub(began), err
}

// started is a program that has told that it is ready.
func started(c *child, err error, mark string) (*child, error) {
	if err != nil {
		return nil, err
	}
	if _, _, err := c.await(mark); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

var floorPeer = peer{
	name: "floor", began: "start", done: "done",
	serve: func(ctx context.Context, l *lab, m *material, address string) (*child, error) {
		c, err := l.start(ctx, l.self, roleFloorSend, m.file(), address)
		return started(c, err, "ready")
	},
	fetch: func(ctx context.Context, l *lab, m *material, address string) (*child, error) {
		return l.start(ctx, l.self, roleFloorReceive, address, filepath.Join(l.copies(), m.name))
	},
}

// completed and added are in the lines by which our program tells that all is
// checked, written and synced, and that a torrent is there to be fetched from.
const (
	completed = `"event":"complete"`
	added     = `"event":"added"`
)

// ourPeer is our program, or another build of it, with more flags at both ends.
func ourPeer(name string, program func(*lab) string, more ...string) peer {
	return peer{
		name: name, done: completed,
		serve: func(ctx context.Context, l *lab, m *material, address string) (*child, error) {
			c, err := l.start(ctx, program(l), seedArgs(l, m, address, more...)...)
			return started(c, err, added)
		},
		fetch: func(ctx context.Context, l *lab, m *material, address string) (*child, error) {
			return l.start(ctx, program(l), getArgs(l, m, address, l.copies(), more...)...)
		},
	}
}

func seedArgs(l *lab, m *material, address string, more ...string) []string {
	return append([]string{
		"seed", m.torrent, "--dir", m.dir, "--listen", address, "--existing", "trust", "--no-trackers",
		"--state", l.state("seed"), "--json",
	}, more...)
}

func getArgs(l *lab, m *material, from, dir string, more ...string) []string {
	source := "--peer"
	if isURL(from) {
		source = "--tracker"
	}
	return append([]string{
		"get", m.torrent, "--dir", dir, source, from, "--no-trackers",
		"--state", l.state("get"), "--json", "--quiet",
	}, more...)
}

var ours = ourPeer("ours", ourProgram)

// ourProgram is what is measured as ours.
func ourProgram(l *lab) string { return l.program }

func isURL(s string) bool { return strings.Contains(s, "://") }

// between is the name of a transfer.
func between(from, to peer) string { return fmt.Sprintf("%s to %s", from.name, to.name) }
