//go:build linux

package libutp

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
)

// extent is how much of the table is made.
type extent uint8

const (
	oursAlone extent = iota // one run of each row, in some 30 s of CPU
	wholeTable
)

// runs are those of each row: how many, and the number of the first.
type runs struct {
	count int
	from  uint64
}

// runsOf is how many runs of each row to make, of all pairs where the environment says so, and
// from which number on.
func runsOf(t *testing.T) (runs, extent) {
	t.Helper()
	from := number(t, "ETORRENT_UTP_TABLE_FROM", 1)
	of := number(t, "ETORRENT_UTP_TABLE", 0)
	if of == 0 {
		return runs{1, uint64(from)}, oursAlone
	}
	return runs{of, uint64(from)}, wholeTable
}

// number is one of the environment, at least 1.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	of := os.Getenv(name)
	if of == "" {
		return otherwise
	}
	n, err := strconv.Atoi(of)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, not a number from 1 on", name, of)
	}
	return n
}

// result has the outcomes of a row, by pair and run.
type result struct {
	row
	of [pairs][]*outcome
}

// What ours makes of a link beside what libutp does, and what it must: the median of some
// runs. A run of one number has the same losses whoever sends.
func TestTheTableOfUTP(t *testing.T) {
	t.Parallel()
	are, extent := runsOf(t)
	var results []result
	for _, r := range table() {
		if extent == wholeTable || r.in == everywhere {
			results = append(results, result{row: r})
		}
	}
	begin := time.Now()
	t.Run("rows", func(t *testing.T) {
		for i := range results {
			results[i].run(t, are, extent)
		}
	})
	text, under := draw(results)
	text = fmt.Sprintf("%d runs of each, from number %d on, in %v\n%s", are.count, are.from, time.Since(begin).Round(time.Second), text)
	switch extent {
	case oursAlone:
		t.Log(text)
	case wholeTable:
		fmt.Fprint(os.Stdout, text)
	}
	for _, what := range under {
		t.Errorf("under its gate: %s", what)
	}
}

// run makes the runs of a row, as many at a time as go test has in parallel.
func (r *result) run(t *testing.T, are runs, e extent) {
	t.Helper()
	who := []pair{oursToOurs}
	if e == wholeTable {
		who = append(who, r.pairs...)
	}
	for _, p := range who {
		r.of[p] = make([]*outcome, are.count)
		for n := range are.count {
			number := are.from + uint64(n)
			t.Run(fmt.Sprintf("%s, pair %d, run %d", r.name, p, number), func(t *testing.T) {
				t.Parallel()
				r.of[p][n] = r.play(t, p, number)
			})
		}
	}
}

// median and worst are those of a cell's figures.
func (c *cell) median(of []*outcome) (median, worst float64) {
	var figures []float64
	for _, o := range of {
		if o != nil {
			figures = append(figures, c.of(o))
		}
	}
	if len(figures) == 0 {
		return math.NaN(), math.NaN()
	}
	slices.Sort(figures)
	if c.sense == atLeast {
		return figures[len(figures)/2], figures[0]
	}
	return figures[len(figures)/2], figures[len(figures)-1]
}

// holds says whether a figure is past a gate.
func (c *cell) holds(figure, gate float64) bool {
	if c.sense == atLeast {
		return figure >= gate
	}
	return figure <= gate
}

// judge says for people what a figure is worth.
func (c *cell) judge(figure float64) string {
	switch {
	case c.gate == 0:
		return ""
	case !c.holds(figure, c.gate):
		return "UNDER"
	case c.moonshot > 0 && c.holds(figure, c.moonshot):
		return "moonshot"
	}
	return "ok"
}

// holdsBeside says whether what ours has to libutp, if that is known, is worth nine
// tenths of what libutp has to itself.
func (c *cell) holdsBeside(mixed, libutp float64) bool {
	if c.sense == atLeast {
		return !(mixed < 0.9*libutp)
	}
	return !(0.9*mixed > libutp)
}

// draw returns the table for people, and what is under its gate.
func draw(results []result) (string, []string) {
	var b strings.Builder
	var under []string
	line := func(cells ...string) {
		fmt.Fprintf(&b, "%-31s %-37s %8s %8s %8s %8s %8s %8s  %s\n", cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7], cells[8])
	}
	line("", "", "ours", "worst", "libutp", "→libutp", "gate", "moonshot", "")
	for _, r := range results {
		for _, c := range r.cells {
			median, worst := c.median(r.of[oursToOurs])
			libutp, _ := c.median(r.of[libutpToLibutp])
			mixed, _ := c.median(r.of[oursToLibutp])
			verdict := c.judge(median)
			if verdict == "UNDER" {
				under = append(under, fmt.Sprintf("%s: %s %s, gate %s", r.name, c.name, figure(median), figure(c.gate)))
			}
			if !c.holdsBeside(mixed, libutp) {
				verdict = "UNDER to libutp"
				under = append(under, fmt.Sprintf("%s: %s %s to libutp, which has %s to itself", r.name, c.name, figure(mixed), figure(libutp)))
			}
			line(r.name, c.name, figure(median), figure(worst), figure(libutp), figure(mixed), c.sign(c.gate), c.sign(c.moonshot), verdict)
		}
	}
	return b.String(), under
}

// figure is a number for people.
func figure(x float64) string {
	switch {
	case math.IsNaN(x):
		return ""
	case math.IsInf(x, 1):
		return "never"
	case math.Abs(x) < 10:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.1f", x)
}

// sign is a gate for people, "" where there is none.
func (c *cell) sign(gate float64) string {
	switch {
	case gate == 0:
		return ""
	case c.sense == atLeast:
		return "≥ " + figure(gate)
	}
	return "≤ " + figure(gate)
}

// A run number says all of a run, to the byte, whoever the ends are.
func TestARunOfTheTableIsTheSameToTheByte(t *testing.T) {
	t.Parallel()
	for i, r := range table() {
		if i%digested != 0 || r.in != everywhere {
			continue
		}
		r.cut, r.end, r.step = 0, min(r.end, 20*time.Second), 0
		for _, p := range append([]pair{oursToOurs}, r.pairs...) {
			t.Run(fmt.Sprintf("%s, pair %d", r.name, p), func(t *testing.T) {
				t.Parallel()
				digest := func(run uint64) string {
					d, r := utpsim.NewDigest(), r
					r.watch = d.Watch
					r.play(t, p, run)
					return d.Sum()
				}
				if one := digest(1); digest(1) != one || digest(2) == one {
					t.Error("the trace is not that of the run number")
				}
			})
		}
	}
}

// digested is every how manieth row is.
const digested = 10
