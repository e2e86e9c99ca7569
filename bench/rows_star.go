//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The figures of a swarm. A rate is the payload by the time from the common begin
// until it is durable.
var (
	rateMean    = newFigure("rate_mean_mb_per_s", "MB/s a leecher")
	slowestRate = newFigure("slowest_by_mean", "slowest/mean")
)

// starRows have one seed of ours and many fetchers in one program.
func starRows(o options) []row {
	return []row{
		starRow("star8", 8, o.sizes.payload(o.sizes.star8), o.sizes.payload(o.sizes.main)),
		starRow("star50", 50, o.sizes.payload(o.sizes.star50), o.sizes.payload(o.sizes.main)),
	}
}

func starRow(name string, n int, s, one spec) row {
	single := transfer(ours, ours, one)
	many := swarm(fmt.Sprintf("1 to %d", n), star, n, s)
	more := func(r round) float64 {
		return (r.of(many.name, anonSend) - r.of(single.name, anonSend)) / float64(n-1)
	}
	return row{
		name: name, about: fmt.Sprintf("a seed with %d leechers that know only it, beside 1 to 1; and the same as a mesh", n),
		payloads:   []spec{s, one},
		contenders: []contender{many, single, swarm(fmt.Sprintf("mesh of 1 and %d", n), mesh, n, s)},
		aims: []aim{
			{"CPU per GiB delivered, x that of 1 to 1", times(cpuBoth, many.name, single.name), atMost, 1.3, 1.5},
			{"slowest leecher, x the mean", plainly(slowestRate, many.name), atLeast, 0.5, 0},
			{"MiB of the seed for each further peer", more, atMost, 1, 0},
		},
	}
}

// swarm is a contender: a seed of ours, and n fetchers in one program.
func swarm(name, shape string, n int, s spec) contender {
	return contender{name: name, run: func(ctx context.Context, l *lab) (sample, error) {
		return runSwarm(ctx, l, l.materials[s], shape, n)
	}}
}

func runSwarm(ctx context.Context, l *lab, m *material, shape string, n int) (sample, error) {
	if err := l.room(l.work, int64(n)*m.size); err != nil {
		return sample{}, err
	}
	seed, address, err := ours.serveAnywhere(ctx, l, m)
	if err != nil {
		return sample{}, err
	}
	defer seed.stop()
	all, err := l.start(ctx, l.self, roleLeech, m.torrent, address, l.copies(), strconv.Itoa(n), shape)
	if err != nil {
		return sample{}, err
	}
	defer all.stop()
	var rates []float64
	for range n {
		line, _, err := all.await("fetched ")
		if err != nil {
			return sample{}, err
		}
		var t leechTime
		if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "fetched ")), &t); err != nil {
			return sample{}, err
		}
		rates = append(rates, float64(m.size)/million/t.Seconds)
	}
	received, err := all.finish()
	if err != nil {
		return sample{}, err
	}
	sent := seed.stop()
	share := float64(n) * float64(m.size) / gib
	mean := meanOf(rates)
	return sample{
		values: map[figure]float64{
			cpuBoth: (sent.cpu + received.cpu).Seconds() / share, cpuSend: sent.cpu.Seconds() / share, cpuReceive: received.cpu.Seconds() / share,
			rateMean: mean, slowestRate: slices.Min(rates) / mean,
			anonSend: float64(sent.anon) / mib, anonReceive: float64(received.anon) / mib,
		},
		check: func() error { return compareAll(l, m, n) },
	}, nil
}

func meanOf(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

func compareAll(l *lab, m *material, n int) error {
	var errs []error
	for k := range n {
		if err := m.compare(filepath.Join(l.copies(), strconv.Itoa(k))); err != nil {
			errs = append(errs, fmt.Errorf("leecher %d: %w", k, err))
		}
	}
	return errors.Join(errs...)
}
