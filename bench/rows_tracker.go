//go:build linux

package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// The figures of a tracker.
var (
	announceRate = newFigure("announces_per_s", "announces/s")
	announceCPU  = newFigure("cpu_us_per_announce", "CPU us each")
)

const (
	opentrackerTool = "opentracker"
	// announceSpan is how long a tracker is announced to.
	announceSpan = 5 * time.Second
)

// trackerRows have trackers on one core, with the crowd on another.
func trackerRows(options) []row {
	ours := contender{name: "tracker", run: func(ctx context.Context, l *lab) (sample, error) {
		return tracking(ctx, l, func(address string) ([]string, error) {
			return []string{l.program, "tracker", "--listen", address, "--quiet"}, nil
		})
	}}
	theirs := contender{name: opentrackerTool, available: needs(opentrackerTool), run: func(ctx context.Context, l *lab) (sample, error) {
		return tracking(ctx, l, l.opentracker)
	}}
	return []row{{
		name: "tracker", about: "announces over UDP to a tracker on one core, for 50 peers each, beside opentracker",
		contenders: []contender{ours, theirs},
		aims: []aim{
			{"announces a second on one core", plainly(announceRate, ours.name), atLeast, 20_000, 20_000},
			{"announces a second, x opentracker's", times(announceRate, ours.name, theirs.name), printed, 0, 0},
		},
	}}
}

// opentracker is its command line. It serves listed torrents only, leaves root, and
// reads its list from within its folder.
func (l *lab) opentracker(address string) ([]string, error) {
	_, port, _ := strings.Cut(address, ":")
	if err := os.Chmod(l.work, 0o755); err != nil {
		return nil, err
	}
	list := filepath.Join(l.copies(), "allowed")
	if err := os.WriteFile(list, []byte(hex.EncodeToString(announceHash[:])+"\n"), 0o644); err != nil {
		return nil, err
	}
	return []string{opentrackerTool, "-i", "127.0.0.1", "-p", port, "-P", port, "-d", l.copies(), "-u", "nobody", "-w", filepath.Base(list)}, nil
}

// tracking announces to a tracker for a span.
func tracking(ctx context.Context, l *lab, command func(address string) ([]string, error)) (sample, error) {
	address, err := l.freeAddress()
	if err != nil {
		return sample{}, err
	}
	args, err := command(address)
	if err != nil {
		return sample{}, err
	}
	tracker, err := l.start(ctx, "taskset", append([]string{"-c", "0"}, args...)...)
	if err != nil {
		return sample{}, err
	}
	defer tracker.stop()
	core := strconv.Itoa(runtime.NumCPU() - 1)
	crowd, err := l.start(ctx, "taskset", "-c", core, l.self, roleAnnounce, address, announceSpan.String())
	if err != nil {
		return sample{}, err
	}
	defer crowd.stop()
	line, _, err := crowd.await("announced ")
	if err != nil {
		return sample{}, fmt.Errorf("%w; %s", err, tracker.tail())
	}
	var answered, least int
	if _, err := fmt.Sscanf(line, "announced %d %d", &answered, &least); err != nil {
		return sample{}, err
	}
	used := tracker.stop()
	return sample{
		values: map[figure]float64{
			announceRate: float64(answered) / announceSpan.Seconds(), announceCPU: float64(used.cpu.Microseconds()) / float64(max(answered, 1)),
		},
		check: func() error {
			if least < 50 {
				return fmt.Errorf("an answer told %d peers", least)
			}
			return nil
		},
	}, nil
}
