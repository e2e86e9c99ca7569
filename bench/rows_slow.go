//go:build linux

package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"time"
)

// slowestAsk is the 99th percentile of the kind of call that took longest.
var slowestAsk = newFigure("slowest_ask_p99_ms", "ms p99 of calls")

// slowRows have a slow device beside a fast one.
func slowRows(o options) []row {
	fast, slow := o.sizes.payload(o.sizes.slow), spec{size: 256*mib + blockSize, piece: mib}
	company := func(name, company string) contender {
		return contender{name: name, run: func(ctx context.Context, l *lab) (sample, error) {
			return devices{fast: l.materials[fast], slow: l.materials[slow], company: company, span: o.slowSpan}.run(ctx, l)
		}}
	}
	with, without := company("beside a slow device", besideSlow), company("alone", alone)
	return []row{{
		name: "slow-disk", about: "a torrent on a fast device, alone and beside one on a device of 10 MB/s that stalls for 5 s",
		payloads: []spec{fast, slow}, contenders: []contender{with, without},
		aims: []aim{
			{"rate of the fast device, x that alone", times(rateWhole, with.name, without.name), atLeast, 0.9, 0},
			{"ms, p99 of the slowest kind of call", plainly(slowestAsk, with.name), atMost, 50, 0},
			{"MiB beside the slow device", plainly(anonAlone, with.name), atMost, 64, 0},
		},
	}}
}

// devices is a transfer to the fast device for a span at most, and what it has for
// company.
type devices struct {
	fast, slow *material
	company    string
	span       time.Duration
}

func (d devices) run(ctx context.Context, l *lab) (sample, error) {
	address, err := l.freeAddress()
	if err != nil {
		return sample{}, err
	}
	seed, err := l.start(ctx, l.program, seedArgs(l, d.fast, address, d.slow.torrent)...)
	for range 2 { // torrents
		if seed, err = started(seed, err, added); err != nil {
			return sample{}, err
		}
	}
	defer seed.stop()
	c, err := l.start(ctx, l.self, roleSlow, d.fast.torrent, d.slow.torrent, address, l.copies(), d.company, d.span.String())
	if err != nil {
		return sample{}, err
	}
	defer c.stop()
	dir := filepath.Join(l.copies(), "fast")
	growth := watchGrowth(filepath.Join(dir, d.fast.name))
	defer growth.end()
	took, err := c.span("begin", "ended")
	if err != nil {
		return sample{}, err
	}
	points := growth.end()
	line, _, err := c.await("asked ")
	if err != nil {
		return sample{}, err
	}
	var asked map[string]float64
	if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "asked ")), &asked); err != nil {
		return sample{}, err
	}
	used, err := c.finish()
	if err != nil {
		return sample{}, err
	}
	slowest := 0.0
	for _, ms := range asked {
		slowest = max(slowest, ms)
	}
	grown := min(d.fast.size, grownAt(points, time.Now()))
	return sample{
		values: map[figure]float64{
			rateWhole: float64(grown) / million / took.Seconds(), slowestAsk: slowest, anonAlone: float64(used.anon) / mib,
		},
		check: func() error {
			if grown < d.fast.size {
				return nil // it was stopped before its end
			}
			return d.fast.compare(dir)
		},
	}, nil
}
