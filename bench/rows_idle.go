//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The figures of a connected peer that does nothing. Those of the kernel are of the
// whole machine, with both ends of each connection.
var (
	idleAnon       = newFigure("idle_anon_kib", "KiB a peer")
	idleGoroutines = newFigure("idle_goroutines", "goroutines a peer")
	idleSockets    = newFigure("idle_sockets_kib", "kernel: KiB of buffers")
	idleSlab       = newFigure("idle_slab_kib", "KiB of slab")
)

// idleRows hold connections on which nothing happens.
func idleRows(o options) []row {
	s := spec{size: 64 * mib, piece: mib}
	return []row{{
		name: "idle", about: fmt.Sprintf("a seed with %d connected peers that do nothing", o.idle.peers),
		payloads: []spec{s}, load: unmovedByLoad,
		contenders: []contender{{name: "seed", run: func(ctx context.Context, l *lab) (sample, error) {
			return runIdle(ctx, l, l.materials[s], o.idle)
		}}},
		aims: []aim{
			{"goroutines for each idle peer", plainly(idleGoroutines, "seed"), atMost, 2, 0},
			{"KiB for each idle peer", plainly(idleAnon, "seed"), atMost, 24, 0},
		},
	}}
}

// idleOptions say how many peers connect, and how long to wait before memory is
// looked at.
type idleOptions struct {
	peers  int
	settle time.Duration
}

// held is what a program and the kernel hold at an instant, in bytes.
type held struct {
	anon, sockets, slab int64
	goroutines          uint64
}

func runIdle(ctx context.Context, l *lab, m *material, o idleOptions) (sample, error) {
	address, err := l.freeAddress()
	if err != nil {
		return sample{}, err
	}
	seed, err := l.start(ctx, l.program, seedArgs(l, m, address, "--events")...)
	if seed, err = started(seed, err, added); err != nil {
		return sample{}, err
	}
	defer seed.stop()
	news := follow(seed)
	before, err := news.settled(ctx, l, 0, o.settle)
	if err != nil {
		return sample{}, err
	}
	peers, err := l.start(ctx, l.self, roleIdle, address, m.torrent, strconv.Itoa(o.peers))
	if peers, err = started(peers, err, "connected"); err != nil {
		return sample{}, err
	}
	defer peers.stop()
	after, err := news.settled(ctx, l, o.peers, o.settle)
	if err != nil {
		return sample{}, err
	}
	each := func(before, after int64) float64 { return float64(after-before) / 1024 / float64(o.peers) }
	// A few goroutines that are no peer's may come meanwhile.
	goroutines := math.Round(10*float64(after.goroutines-before.goroutines)/float64(o.peers)) / 10
	return sample{values: map[figure]float64{
		idleAnon: each(before.anon, after.anon), idleSockets: each(before.sockets, after.sockets), idleSlab: each(before.slab, after.slab),
		idleGoroutines: goroutines,
	}}, nil
}

// progressNews has the latest progress that a program told.
type progressNews struct {
	pid  int
	mu   sync.Mutex
	last progressLine
	seen int // how many there were
}

// progressLine is what is read of a progress.
type progressLine struct {
	Event      string
	Peers      int
	Goroutines uint64
}

// follow reads the program's lines until it ends.
func follow(c *child) *progressNews {
	n := &progressNews{pid: c.pid()}
	lines, followed := c.lines, make(chan struct{})
	c.followed = followed
	go func() {
		defer close(followed)
		for lines.Scan() {
			var p progressLine
			if json.Unmarshal(lines.Bytes(), &p) != nil || p.Event != "progress" {
				continue
			}
			n.mu.Lock()
			n.last, n.seen = p, n.seen+1
			n.mu.Unlock()
		}
	}()
	return n
}

func (n *progressNews) latest() (progressLine, int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last, n.seen
}

// settled waits a while and then for a new progress, which must tell of so many
// peers, and says what is held.
func (n *progressNews) settled(ctx context.Context, l *lab, peers int, settle time.Duration) (held, error) {
	if err := pass(ctx, settle); err != nil {
		return held{}, err
	}
	_, before := n.latest()
	p, seen := n.latest()
	for seen == before {
		if err := pass(ctx, anonEvery); err != nil {
			return held{}, err
		}
		p, seen = n.latest()
	}
	if p.Peers != peers {
		return held{}, fmt.Errorf("the seed has %d peers instead of %d", p.Peers, peers)
	}
	h := held{goroutines: p.Goroutines}
	var err error
	if h.anon, err = anonOf(n.pid); err != nil {
		return held{}, err
	}
	h.sockets, h.slab, err = l.kernelMemory()
	return h, err
}

// pass waits for a while.
func pass(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// kernelMemory is what the kernel holds for the buffers of TCP and in its slabs.
func (l *lab) kernelMemory() (sockets, slab int64, err error) {
	err = l.do(func() error {
		b, err := os.ReadFile("/proc/thread-self/net/sockstat")
		if err != nil {
			return err
		}
		sockets, err = parseSockstat(string(b))
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, 0, err
	}
	slab, err = parseKilobytes(string(b), "Slab")
	return sockets, slab, err
}

// parseSockstat finds the pages of TCP's buffers and returns their bytes.
func parseSockstat(text string) (int64, error) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "TCP:" {
			continue
		}
		for i := 1; i+1 < len(fields); i += 2 {
			if fields[i] == "mem" {
				pages, err := strconv.ParseInt(fields[i+1], 10, 64)
				return pages * int64(os.Getpagesize()), err
			}
		}
	}
	return 0, errors.New("sockstat tells nothing of TCP's memory")
}
