//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// The figures of many connections of uTP between two programs. Jain's index is 1 where all have the
// same, and one by their number where one has all.
var (
	manyJain     = newFigure("jain_rates", "Jain, rates")
	manyJainHalf = newFigure("jain_half", "Jain, at half")
	manyLiveTake = newFigure("idle_live_accepted_kib", "KiB live, accepted")
	manyLiveGive = newFigure("idle_live_dialled_kib", "KiB live, dialled")
	manyAnonTake = newFigure("idle_anon_accepted_kib", "KiB anon, accepted")
	manyAnonGive = newFigure("idle_anon_dialled_kib", "KiB anon, dialled")
	manyWindows  = newFigure("windows_mib", "MiB of windows")
	manyRate     = newFigure("rate_all_mib_per_s", "MiB/s of all")
)

// utpManyRows have a thousand connections of uTP between two sockets.
func utpManyRows(o options) []row {
	const name = "ours"
	return []row{{
		name: "utp-many", about: fmt.Sprintf("%d connections of uTP x 1 MiB at once between two programs, and then at rest", o.utpMany.connections),
		load: unmovedByLoad,
		contenders: []contender{{name: name, run: func(ctx context.Context, l *lab) (sample, error) {
			return runUTPMany(ctx, l, o.utpMany)
		}}},
		aims: []aim{
			{"Jain's index of the rates", plainly(manyJain, name), atLeast, 0.9, 0},
			{what: "the same of bytes when half of all had come", value: plainly(manyJainHalf, name), sense: printed},
			{"MiB anonymous of who gives, less all windows", beyondWindows(anonSend, name), atMost, 64, 0},
			{"MiB anonymous of who takes, less all windows", beyondWindows(anonReceive, name), atMost, 64, 0},
			{"KiB of an idle connection, accepted", plainly(manyLiveTake, name), atMost, 4, 0},
			{"KiB of an idle connection, dialled", plainly(manyLiveGive, name), atMost, 4, 0},
			{what: "KiB anonymous of one, accepted", value: plainly(manyAnonTake, name), sense: printed},
			{what: "KiB anonymous of one, dialled", value: plainly(manyAnonGive, name), sense: printed},
		},
	}}
}

// beyondWindows is a figure of memory less what windows have room for.
func beyondWindows(f figure, of string) func(round) float64 {
	return func(r round) float64 { return r.of(of, f) - r.of(of, manyWindows) }
}

// utpManyOptions say how many there are, and how long they rest before memory is looked at.
type utpManyOptions struct {
	connections int
	settle      time.Duration
}

// manyEnd is one of the two programs.
type manyEnd struct{ *child }

func runUTPMany(ctx context.Context, l *lab, o utpManyOptions) (sample, error) {
	count, size := strconv.Itoa(o.connections), strconv.Itoa(mib)
	taker, err := l.start(ctx, l.self, roleManyTake, count, size)
	if err != nil {
		return sample{}, err
	}
	defer taker.stop()
	line, _, err := taker.await("at ")
	if err != nil {
		return sample{}, err
	}
	giver, err := l.start(ctx, l.self, roleManyGive, count, size, strings.TrimPrefix(line, "at "))
	if err != nil {
		return sample{}, err
	}
	defer giver.stop()
	took, err := manyEnd{taker}.next("took")
	if err != nil {
		return sample{}, err
	}
	gave, err := manyEnd{giver}.next("gave")
	if err != nil {
		return sample{}, err
	}
	most := 0.0
	rates, halves := make([]float64, o.connections), make([]float64, o.connections)
	for k, s := range took.Seconds {
		rates[k], halves[k], most = 1/s, float64(took.Half[k]), max(most, s)
	}
	out := sample{values: map[figure]float64{
		manyJain: jain(rates), manyJainHalf: jain(halves), manyRate: float64(o.connections) / most, manyWindows: float64(gave.Windows) / mib,
		anonSend: float64(giver.memory.peak) / mib, anonReceive: float64(taker.memory.peak) / mib,
	}}
	return out, atRest(ctx, out, o, manyEnd{taker}, manyEnd{giver})
}

// atRest measures connections on which nothing happens: by what is less without them.
func atRest(ctx context.Context, into sample, o utpManyOptions, taker, giver manyEnd) error {
	if err := pass(ctx, o.settle); err != nil {
		return err
	}
	each := func(bytes float64) float64 { return bytes / 1024 / float64(o.connections) }
	ends := []struct {
		manyEnd
		live, anon figure
	}{{taker, manyLiveTake, manyAnonTake}, {giver, manyLiveGive, manyAnonGive}}
	for _, end := range ends {
		anon, errAnon := anonOf(end.pid())
		with, err := end.ask("live")
		if err := errors.Join(errAnon, err); err != nil {
			return err
		}
		into.values[end.live], into.values[end.anon] = each(float64(with.Live)), each(float64(anon))
	}
	for _, end := range ends {
		without, err := end.ask("without")
		if err != nil {
			return err
		}
		into.values[end.live] -= each(float64(without.Live))
	}
	return nil
}

// ask has the program tell what is live.
func (e manyEnd) ask(what string) (manyNews, error) {
	if _, err := io.WriteString(e.stdin.(io.Writer), what+"\n"); err != nil {
		return manyNews{}, err
	}
	return e.next("held")
}

// next is the next thing of a kind that the program tells.
func (e manyEnd) next(event string) (manyNews, error) {
	var n manyNews
	line, _, err := e.await(`"Event":"` + event + `"`)
	if err == nil {
		err = json.Unmarshal([]byte(line), &n)
	}
	return n, err
}

// jain is Jain's index of fairness.
func jain(shares []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, s := range shares {
		sum += s
		squares += s * s
	}
	return sum * sum / (float64(len(shares)) * squares)
}
