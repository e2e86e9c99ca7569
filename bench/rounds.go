//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// runner measures rows.
type runner struct {
	lab     *lab
	out     io.Writer
	options options
}

// measure runs the rounds of a row: those that warm up, then until as many as were
// asked for count, but no more than twice as many.
func (w *runner) measure(ctx context.Context, r row) *result {
	res := &result{row: r, absent: map[string]error{}}
	if res.failed = w.lab.prepare(r.payloads); res.failed != nil {
		return res
	}
	present := w.present(r, res)
	if len(present) == 0 || present[0].name != r.contenders[0].name {
		return res // without ours nothing is to be compared
	}
	var last error
	for n := 0; len(res.kept) < w.options.rounds && n < w.warmUps(r)+2*w.options.rounds; n++ {
		got, err := w.turn(ctx, inTurn(present, n))
		var of *contenderError
		if errors.As(err, &of) && of.contender != present[0].name && ctx.Err() == nil {
			_, _ = fmt.Fprintf(w.out, "%s: a round does not count: %v\n", r.name, err) // others may crash
			last = err
			continue
		}
		if err != nil {
			res.failed = err
			return res
		}
		state := w.stateOf(r, got, n)
		switch state {
		case warmUp:
		case counts:
			res.kept = append(res.kept, got)
		case disturbed:
			res.dropped = append(res.dropped, got)
		}
		w.tell(r, got, state)
	}
	if len(res.kept)+len(res.dropped) == 0 {
		res.failed = last
		return res
	}
	w.runExtra(ctx, r, res)
	return res
}

// runExtra runs what a row wants to know beside its rounds.
func (w *runner) runExtra(ctx context.Context, r row, res *result) {
	if r.extra == nil {
		return
	}
	err := r.extra.missing(w.lab)
	if err == nil {
		res.extra, err = w.one(ctx, *r.extra)
	}
	if err != nil {
		res.absent[r.extra.name] = err
	}
}

// warmUps is how many rounds of a row do not count because they come first.
func (w *runner) warmUps(r row) int {
	switch r.load {
	case warmedByItself, unmovedByLoad:
		return 0
	case spoiltByLoad:
	}
	return w.options.warmUps
}

// present are the contenders that can be measured here.
func (w *runner) present(r row, res *result) []contender {
	var out []contender
	for _, c := range r.contenders {
		if err := c.missing(w.lab); err != nil {
			res.absent[c.name] = err
			continue
		}
		out = append(out, c)
	}
	return out
}

// inTurn is the order of a round: every other one is the reverse.
func inTurn(all []contender, n int) []contender {
	all = slices.Clone(all)
	if n%2 == 1 {
		slices.Reverse(all)
	}
	return all
}

// contenderError says whose run failed.
type contenderError struct {
	contender string
	err       error
}

func (e *contenderError) Error() string { return e.contender + ": " + e.err.Error() }
func (e *contenderError) Unwrap() error { return e.err }

// turn lets each contender run once, one directly after the other.
func (w *runner) turn(ctx context.Context, order []contender) (round, error) {
	got := round{}
	for _, c := range order {
		s, err := w.one(ctx, c)
		if err != nil {
			return nil, &contenderError{c.name, err}
		}
		got[c.name] = s
	}
	return got, nil
}

// one runs a contender once and proves what came of it.
func (w *runner) one(ctx context.Context, c contender) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, w.options.limit)
	defer cancel()
	if err := w.lab.reset(); err != nil {
		return sample{}, err
	}
	before, err := lookAtMachine()
	if err != nil {
		return sample{}, err
	}
	s, err := c.run(ctx, w.lab)
	if err != nil {
		if ctx.Err() != nil {
			return sample{}, errors.Join(context.Cause(ctx), err)
		}
		return sample{}, err
	}
	after, err := lookAtMachine()
	if err != nil {
		return sample{}, err
	}
	s.foreign = after.foreignSince(before)
	if s.check != nil {
		return s, s.check()
	}
	return s, nil
}

// standing says what a round counts for.
type standing uint8

const (
	counts standing = iota
	warmUp
	disturbed
)

func (w *runner) stateOf(r row, got round, n int) standing {
	switch {
	case n < w.warmUps(r):
		return warmUp
	case r.load != unmovedByLoad && got.worst() > w.options.foreign/100:
		return disturbed
	}
	return counts
}

// tell shows how a round went, by its aims.
func (w *runner) tell(r row, got round, state standing) {
	fmt.Fprintf(w.out, "%s:", r.name)
	for _, a := range r.aims {
		fmt.Fprintf(w.out, " %s", number(a.value(got)))
	}
	switch state {
	case counts:
	case warmUp:
		fmt.Fprint(w.out, " (warm-up)")
	case disturbed:
		fmt.Fprintf(w.out, " (dropped: others used %.0f %% of the machine)", 100*got.worst())
	}
	fmt.Fprintln(w.out)
}

// missing lists the contenders that were not measured, with the reason.
func (r *result) missing() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(r.absent)) {
		out = append(out, fmt.Sprintf("%s was not measured: %v", name, r.absent[name]))
	}
	return out
}
