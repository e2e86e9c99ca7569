//go:build linux

package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A row is work that several programs do in turn. Each round gives one sample of
// each, and what is judged is the median over the rounds of a value of one round.
type row struct {
	name, about string
	payloads    []spec
	contenders  []contender // at least ours, the first
	extra       *contender  // runs once, behind the rounds; its figures are told
	aims        []aim
	load        loadPolicy
}

// contender is one program, or pair of programs, of a row. available says why it
// cannot be measured here; nil is always.
type contender struct {
	name      string
	available func(l *lab) error
	run       func(ctx context.Context, l *lab) (sample, error)
}

// missing says why a contender cannot be measured here; nil: it can.
func (c *contender) missing(l *lab) error {
	if c.available == nil {
		return nil
	}
	return c.available(l)
}

// loadPolicy says whether what other programs do to the machine spoils a round, and
// whether the first round counts.
type loadPolicy uint8

const (
	spoiltByLoad   loadPolicy = iota
	warmedByItself            // the same, and each run has its own warm-up
	unmovedByLoad
)

// sample is what one run of a contender gave.
type sample struct {
	values  map[figure]float64
	foreign float64      // share of the machine that other programs used
	check   func() error // proves the result, after the measurement
}

// figure is a quantity that runs are compared by. The key stands in JSON.
type figure struct{ key, title string }

// figures in the order of the table's columns.
var figures []figure

func newFigure(key, title string) figure {
	f := figure{key, title}
	figures = append(figures, f)
	return f
}

// round has the samples of one round by the names of the contenders.
type round map[string]sample

// of is a figure of a contender; NaN where the round has none.
func (r round) of(name string, f figure) float64 {
	if v, has := r[name].values[f]; has {
		return v
	}
	return math.NaN()
}

// worst is the largest share of the machine that others had in the round.
func (r round) worst() float64 {
	w := 0.0
	for _, s := range r {
		w = max(w, s.foreign)
	}
	return w
}

// aim is what a row is to reach: the median of value is at most, or at least,
// bound. must is the bound that it may not miss; 0 is none.
type aim struct {
	what        string
	value       func(round) float64
	sense       sense
	bound, must float64
}

type sense uint8

const (
	atMost sense = iota
	atLeast
	printed // nothing is asked
)

// times is the ratio of a figure of two contenders.
func times(f figure, of, by string) func(round) float64 {
	return func(r round) float64 { return r.of(of, f) / r.of(by, f) }
}

// plainly is a figure of one contender.
func plainly(f figure, of string) func(round) float64 {
	return func(r round) float64 { return r.of(of, f) }
}

func allRows(o options) []row {
	return slices.Concat(pairRows(o), starRows(o), memoryRows(o), utpRows(o), utpGetRows(o), allocationRows(o), hashRows(o), idleRows(o), diskRows(o), delayRows(o), slowRows(o), trackerRows(o), candidateRows(o), utpManyRows(o))
}

// choose picks the rows that are named; none is all.
func choose(all []row, names string) ([]row, error) {
	if names == "" {
		return all, nil
	}
	byName := map[string]row{}
	for _, r := range all {
		byName[r.name] = r
	}
	var out []row
	for name := range strings.SplitSeq(names, ",") {
		r, found := byName[name]
		if !found {
			return nil, fmt.Errorf("there is no row %q; -h lists them", name)
		}
		out = append(out, r)
	}
	return out, nil
}

func contains(rows []row, name string) bool {
	return slices.ContainsFunc(rows, func(r row) bool { return r.name == name })
}
