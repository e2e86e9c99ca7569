//go:build linux

package main

import "math"

// memoryRows look at what a transfer holds.
func memoryRows(o options) []row {
	small := spec{size: int64(o.sizes.main) << 20, piece: mib}
	large := spec{size: int64(o.sizes.main) << 20, piece: 16 * mib}
	a, b := transfer(ours, ours, small), transfer(ours, ours, large)
	a.name, b.name = "pieces of 1 MiB", "pieces of 16 MiB"
	worse := func(name string) func(round) float64 {
		return func(r round) float64 { return math.Max(r.of(name, anonSend), r.of(name, anonReceive)) }
	}
	return []row{{
		name: "memory", about: "peak anonymous memory of each end of ours to ours", payloads: []spec{small, large},
		contenders: []contender{a, b}, load: unmovedByLoad,
		aims: []aim{
			{"MiB of the end that holds more, pieces of 1 MiB", worse(a.name), atMost, 64, 0},
			{"MiB of the end that holds more, pieces of 16 MiB", worse(b.name), atMost, 64, 0},
		},
	}}
}
