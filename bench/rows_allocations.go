//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
)

// mallocs is objects that the fetching end allocates for each block of 16 KiB, in the
// middle half of a transfer.
var mallocs = newFigure("mallocs_per_block", "mallocs/block")

// allocationRows look at what a transfer allocates.
func allocationRows(o options) []row {
	s := o.sizes.payload(o.sizes.allocations)
	program, library := "get --events", "the library"
	return []row{{
		name: "allocations", about: "objects that the fetching end allocates for each block", payloads: []spec{s}, load: unmovedByLoad,
		contenders: []contender{
			{name: program, run: func(ctx context.Context, l *lab) (sample, error) { return runEvents(ctx, l, l.materials[s]) }},
			{name: library, run: func(ctx context.Context, l *lab) (sample, error) { return runLibrary(ctx, l, l.materials[s]) }},
		},
		aims: []aim{
			{"objects a block, get --events", plainly(mallocs, program), atMost, 0.1, 0},
			{what: "objects a block, the library alone", value: plainly(mallocs, library), sense: printed},
		},
	}}
}

// runEvents is a transfer whose fetching end tells of its allocations.
func runEvents(ctx context.Context, l *lab, m *material) (sample, error) {
	seed, address, err := ours.serveAnywhere(ctx, l, m)
	if err != nil {
		return sample{}, err
	}
	defer seed.stop()
	get, err := l.start(ctx, l.program, getArgs(l, m, address, l.copies(), "--events")...)
	if err != nil {
		return sample{}, err
	}
	defer get.stop()
	told, err := readEvents(get.lines)
	if err != nil {
		return sample{}, err
	}
	if _, err := get.finish(); err != nil {
		return sample{}, err
	}
	objects, err := middleMallocs(told, m.size/m.piece, float64(m.piece)/blockSize)
	if err != nil {
		return sample{}, err
	}
	return sample{
		values: map[figure]float64{mallocs: objects},
		check:  func() error { return m.compare(l.copies()) },
	}, nil
}

// eventLine is what is read of a line of --events.
type eventLine struct {
	Event      string
	State      string
	Mallocs    uint64
	Goroutines uint64
}

// readEvents reads until the transfer is complete.
func readEvents(lines *bufio.Scanner) ([]eventLine, error) {
	var out []eventLine
	for lines.Scan() {
		var e eventLine
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, err
		}
		out = append(out, e)
		if strings.Contains(lines.Text(), completed) {
			return out, nil
		}
	}
	return nil, errors.New("the events ended before the transfer was complete")
}

// middleMallocs is the objects allocated per block between the first progress behind a
// quarter of the pieces and the last before three quarters. Where a fast transfer told only
// one there it is between an eighth and seven eighths.
func middleMallocs(told []eventLine, pieces int64, blocksPerPiece float64) (float64, error) {
	for _, part := range []int64{4, 8} {
		if objects, pieces := mallocsWithin(told, pieces/part, pieces-pieces/part); pieces > 0 {
			return float64(objects) / (float64(pieces) * blocksPerPiece), nil
		}
	}
	return 0, errors.New("progress is told once a second, and not twice in the middle of this transfer: it needs more -mib-allocations")
}

// mallocsWithin is the objects allocated between the first and the last progress that was told
// when so many pieces were verified, and how many pieces were in between.
func mallocsWithin(told []eventLine, from, to int64) (objects uint64, pieces int64) {
	var first, last *eventLine
	var verified, atFirst, atLast int64
	for i, e := range told {
		switch {
		case e.Event == "piece" && e.State == "verified":
			verified++
		case e.Event != "progress" || verified < from || verified > to:
		case first == nil:
			first, atFirst = &told[i], verified
		default:
			last, atLast = &told[i], verified
		}
	}
	if last == nil {
		return 0, 0
	}
	return last.Mallocs - first.Mallocs, atLast - atFirst
}

// runLibrary is a transfer to the library alone, without a program that tells of
// every piece.
func runLibrary(ctx context.Context, l *lab, m *material) (sample, error) {
	seed, address, err := ours.serveAnywhere(ctx, l, m)
	if err != nil {
		return sample{}, err
	}
	defer seed.stop()
	fetcher, err := l.start(ctx, l.self, roleLeech, m.torrent, address, l.copies(), "1", star)
	if err != nil {
		return sample{}, err
	}
	defer fetcher.stop()
	line, _, err := fetcher.await("allocated ")
	if err != nil {
		return sample{}, err
	}
	var objects float64
	if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "allocated ")), &objects); err != nil {
		return sample{}, err
	}
	if _, err := fetcher.finish(); err != nil {
		return sample{}, err
	}
	return sample{
		values: map[figure]float64{mallocs: objects},
		check:  func() error { return m.compare(filepath.Join(l.copies(), "0")) },
	}, nil
}
