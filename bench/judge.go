//go:build linux

package main

import (
	"cmp"
	"math"
	"slices"
)

// verdict says what came of an aim.
type verdict uint8

const (
	notJudged verdict = iota
	reached
	tolerated // short of the aim, within the must
	missed
)

// String is the word in tables and JSON.
func (v verdict) String() string {
	return [...]string{"-", "aim", "must", "missed"}[v]
}

// median of the values that are numbers; NaN if there are none.
func median(values []float64) float64 {
	values = slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(values) == 0 {
		return math.NaN()
	}
	slices.SortFunc(values, cmp.Compare)
	n := len(values)
	return (values[n/2] + values[(n-1)/2]) / 2
}

// medianOf is the median of a value of each round.
func medianOf(rounds []round, value func(round) float64) float64 {
	var values []float64
	for _, r := range rounds {
		values = append(values, value(r))
	}
	return median(values)
}

func (a aim) judge(value float64) verdict {
	switch {
	case math.IsNaN(value) || a.sense == printed:
		return notJudged
	case a.within(value, a.bound):
		return reached
	case a.must != 0 && a.within(value, a.must):
		return tolerated
	}
	return missed
}

func (a aim) within(value, bound float64) bool {
	if a.sense == atLeast {
		return value >= bound
	}
	return value <= bound
}

// result is what the rounds of a row gave.
type result struct {
	row     row
	kept    []round
	dropped []round
	extra   sample
	absent  map[string]error // contenders that could not be measured
	failed  error
}

// counted are the rounds that medians are of: those that were kept, or all when
// none was.
func (r *result) counted() []round {
	if len(r.kept) == 0 {
		return r.dropped
	}
	return r.kept
}

// median of a figure of a contender.
func (r *result) median(name string, f figure) float64 {
	return medianOf(r.counted(), plainly(f, name))
}

// judge is the median of an aim's value with its verdict. Rounds that other
// programs disturbed are not judged.
func (r *result) judge(a aim) (float64, verdict) {
	value := medianOf(r.counted(), a.value)
	if len(r.kept) == 0 {
		return value, notJudged
	}
	return value, a.judge(value)
}
