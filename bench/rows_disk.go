//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// syncs is how many calls that wait for a disk a transfer makes.
var syncs = newFigure("syncs", "syncs")

// diskRows fetch to a real file system.
func diskRows(o options) []row {
	s := o.sizes.payload(o.sizes.main)
	memory := transfer(ours, ours, s)
	memory.name = "ours to memory"
	disk := contender{name: "ours to disk", run: func(ctx context.Context, l *lab) (sample, error) {
		return runToDisk(ctx, l, l.materials[s], o.disk)
	}}
	copying := contender{name: "cp and sync", run: func(ctx context.Context, l *lab) (sample, error) {
		return runCopy(ctx, l, l.materials[s], o.disk)
	}}
	return []row{{
		name: "disk", about: "ours to a real file system, synced, beside cp and sync", payloads: []spec{s},
		contenders: []contender{disk, copying, memory},
		extra: &contender{name: "ours under strace", available: needs(straceTool), run: func(ctx context.Context, l *lab) (sample, error) {
			return runCountedSyncs(ctx, l, l.materials[s], o.disk)
		}},
		aims: []aim{
			{"rate, x the lesser of 0.8 cp and 0.9 memory", func(r round) float64 {
				return r.of(disk.name, rateWhole) / min(0.8*r.of(copying.name, rateWhole), 0.9*r.of(memory.name, rateWhole))
			}, atLeast, 1, 0},
			{what: "rate, x cp and sync", value: times(rateWhole, disk.name, copying.name), sense: printed},
			{what: "rate, x ours to memory", value: times(rateWhole, disk.name, memory.name), sense: printed},
		},
	}}
}

// onDisk calls do with a new folder of the real file system, on which nothing waits
// to be written; it is gone afterwards.
func onDisk(parent string, do func(dir string) (sample, error)) (s sample, err error) {
	if parent == "" {
		here, err := os.Getwd()
		if err != nil {
			return sample{}, err
		}
		parent = filepath.Dir(here)
	}
	dir, err := os.MkdirTemp(parent, "etorrent-bench-disk-")
	if err != nil {
		return sample{}, err
	}
	defer func() {
		if s.check != nil {
			err, s.check = errors.Join(err, s.check()), nil
		}
		err = errors.Join(err, os.RemoveAll(dir), syncVolume(parent))
	}()
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return sample{}, err
	}
	if fs.Type == unix.TMPFS_MAGIC {
		return sample{}, fmt.Errorf("%s lies in memory; -disk names another folder", parent)
	}
	if err := syncVolume(dir); err != nil {
		return sample{}, err
	}
	return do(dir)
}

// syncVolume waits until nothing of a folder's file system waits to be written.
func syncVolume(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}

func runToDisk(ctx context.Context, l *lab, m *material, parent string) (sample, error) {
	return onDisk(parent, func(dir string) (sample, error) {
		return fetchInto(ctx, l, m, dir, func(args []string) (*child, error) { return l.start(ctx, l.program, args...) })
	})
}

// fetchInto is ours to ours, to a folder, by a fetching end that start starts.
func fetchInto(ctx context.Context, l *lab, m *material, dir string, start func(args []string) (*child, error)) (sample, error) {
	seed, address, err := ours.serveAnywhere(ctx, l, m)
	if err != nil {
		return sample{}, err
	}
	defer seed.stop()
	get, err := start(getArgs(l, m, address, dir))
	if err != nil {
		return sample{}, err
	}
	defer get.stop()
	took, err := get.span("", completed)
	if err != nil {
		return sample{}, err
	}
	received, err := get.finish()
	if err != nil {
		return sample{}, err
	}
	sent, share := seed.stop(), float64(m.size)/gib
	return sample{
		values: map[figure]float64{
			rateWhole: float64(m.size) / million / took.Seconds(),
			cpuBoth:   (sent.cpu + received.cpu).Seconds() / share, cpuSend: sent.cpu.Seconds() / share, cpuReceive: received.cpu.Seconds() / share,
			anonSend: float64(sent.anon) / mib, anonReceive: float64(received.anon) / mib,
		},
		check: func() error { return m.compare(dir) },
	}, nil
}

// runCopy copies by cp, and has the copy and its folder synced by sync.
func runCopy(ctx context.Context, l *lab, m *material, parent string) (sample, error) {
	return onDisk(parent, func(dir string) (sample, error) {
		began := time.Now()
		to := filepath.Join(dir, m.name)
		var cpu time.Duration
		for _, args := range [][]string{{"cp", m.file(), to}, {"sync", to, dir}} {
			c, err := l.start(ctx, args[0], args[1:]...)
			if err != nil {
				return sample{}, err
			}
			used, err := c.finish()
			if err != nil {
				return sample{}, err
			}
			cpu += used.cpu
		}
		took := time.Since(began)
		return sample{
			values: map[figure]float64{rateWhole: float64(m.size) / million / took.Seconds(), cpuBoth: cpu.Seconds() / (float64(m.size) / gib)},
			check:  func() error { return m.compare(dir) },
		}, nil
	})
}

// straceTool counts system calls.
const straceTool = "strace"

// runCountedSyncs counts the calls of a transfer that wait for a disk. It is slower
// than one that is not looked at, so its figures are not compared.
func runCountedSyncs(ctx context.Context, l *lab, m *material, parent string) (sample, error) {
	table := filepath.Join(l.work, "strace")
	return onDisk(parent, func(dir string) (sample, error) {
		_, err := fetchInto(ctx, l, m, dir, func(args []string) (*child, error) {
			return l.start(ctx, straceTool, append([]string{
				"-f", "-c", "-o", table, "-e", "trace=fsync,fdatasync,syncfs,sync_file_range", l.program,
			}, args...)...)
		})
		if err != nil {
			return sample{}, err
		}
		b, err := os.ReadFile(table)
		if err != nil {
			return sample{}, err
		}
		n, err := parseCalls(string(b))
		return sample{values: map[figure]float64{syncs: float64(n)}}, err
	})
}

// parseCalls adds the calls of a table of strace -c, but for those that only begin to
// write.
func parseCalls(table string) (int, error) {
	sum := 0
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		switch fields[len(fields)-1] {
		case "fsync", "fdatasync", "syncfs":
			n, err := strconv.Atoi(fields[3])
			if err != nil {
				return 0, fmt.Errorf("strace: %w", err)
			}
			sum += n
		}
	}
	return sum, nil
}
