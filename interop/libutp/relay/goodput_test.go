//go:build linux

package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// least is the part of the other's goodput that ours is to have.
const least = 0.9

// tooHard are paths on which two libutps need minutes, or die, some times or each time.
// There they are waited for no longer than several times what a libutp and ours took.
var tooHard = []string{loss1.name, loss5.name, corruption.name}

// TestOursIsAsFastAsLibutpOverSockets compares how long a stream takes with how long it
// takes two libutps, or two utp-natives where the other is one. At a rate that is a figure
// of the path. Where there is none it is one of the machine, so three pairs are measured
// in turn if the first says no, the best of each counts, since what disturbs only makes slow,
// and a no counts only if the machine was quiet.
func TestOursIsAsFastAsLibutpOverSockets(t *testing.T) {
	both, native := withOurs("libutp", theirs(t)), withOurs("utp-native", node(t))
	chances, hard := []path{loss1, reordering, duplicates}, []path{loss5, corruption}
	oneWay := []direction{there, back}
	compare(t, 6, cells(t,
		group{always, []path{narrow}, ipv4, middling, oneWay, both, 0},
		group{onAsked, []path{narrow}, ipv4, large, oneWay, append(both, native...), 0},
		group{onAsked, []path{narrow}, ipv6, large, oneWay, both, 0},
	))
	compare(t, 3, cells(t,
		group{onAsked, []path{narrow}, families, large, []direction{echo}, both, 0},
		group{onAsked, []path{narrow}, ipv4, large, []direction{echo}, native, 0},
	))
	compare(t, 3, cells(t,
		group{onAsked, append([]path{clean}, chances...), families, large, oneWay, both, 0},
		group{onAsked, []path{clean}, ipv4, large, oneWay, native, 0},
		// Where libutp sends it needs minutes.
		group{onAsked, hard, ipv4, large, []direction{there}, both[:1], 0},
		group{onAsked, hard, ipv4, large, []direction{back}, both[1:], 0},
	))
}

// compared are how long streams took ours with another, and two of the other.
type compared struct {
	ours, alone  []time.Duration
	err, tooLong error
}

// errSlow is ours that took too long, errAlone two of the other that did not get through.
// They are no faults where other programs had the machine.
var (
	errSlow  = errors.New("ours is too slow")
	errAlone = errors.New("without ours")
)

// compare runs cells, some at once, each beside the same one between two of the other.
func compare(t *testing.T, most int, cells []cell) {
	t.Helper()
	before := spentNow(t)
	results := atOnce(most, cells, func(c cell) compared { return c.compared(t.Context()) })
	others := before.others(t)
	for i, c := range cells {
		t.Run(c.name, func(t *testing.T) {
			r := results[i]
			t.Logf("%v, without ours %v, %v", r.ours, r.alone, r.tooLong)
			switch {
			case others > quietEnough && (errors.Is(r.err, errSlow) || errors.Is(r.err, errAlone)):
				t.Skipf("%v, but other programs had %.0f %% of the machine", r.err, 100*others)
			case r.err != nil:
				t.Error(r.err)
			}
		})
	}
}

func (c cell) compared(ctx context.Context) (r compared) {
	alone := c.withoutOurs()
	for range 3 {
		m, err := c.run(ctx)
		if err != nil {
			r.err = err
			return r
		}
		r.ours = append(r.ours, m.took)
		patient, cancel := context.WithTimeout(ctx, alone.patienceAfter(m.took))
		b, err := alone.run(patient)
		cancel()
		switch {
		case err != nil && slices.Contains(tooHard, c.path.name):
			r.tooLong = err
			return r
		case err != nil:
			r.err = fmt.Errorf("%w: %w", errAlone, err)
			return r
		}
		if r.alone = append(r.alone, b.took); r.isFast() {
			return r
		}
	}
	r.err = errSlow
	return r
}

// withoutOurs is the cell between two of the other.
func (c cell) withoutOurs() cell {
	if _, is := c.dials.(library); is {
		c.dials = c.listens
	} else {
		c.listens = c.dials
	}
	return c
}

// patienceAfter is for how long to wait for two of the other after ours took a time.
func (c cell) patienceAfter(ours time.Duration) time.Duration {
	if slices.Contains(tooHard, c.path.name) {
		return 3*ours + 5*time.Second
	}
	return patience
}

// isFast compares the best of each.
func (r compared) isFast() bool {
	return least*float64(slices.Min(r.ours)) <= float64(slices.Min(r.alone))
}
