package client_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/proc/client"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/sup"
)

// crashAt is a panic at a place of its own.
func crashAt(scope sup.Scope, line int) sup.Report {
	return sup.Report{
		Scope: scope, Path: "client/net/udp/conn[1]", Kind: "conn", LastMessage: "datagrams",
		Exit: sup.Panicked{Value: "boom", Stack: fmt.Appendf(nil, "goroutine 1 [running]:\nx()\n\t/x.go:%d +0x1\n", line)},
	}
}

// toldOf is what is told: how often each was seen so far, negative without its stack.
func toldOf(t *testing.T, reports []sup.Report) []int {
	t.Helper()
	var out []int
	for _, e := range client.Told(reports) {
		c, is := e.(event.Crashed)
		switch {
		case !is:
			t.Fatalf("%+v", e)
		case c.Stack == nil:
			out = append(out, -c.Times)
		default:
			out = append(out, c.Times)
		}
	}
	return out
}

func TestOfCellsThatDieAtOnePlaceFewAreToldOf(t *testing.T) {
	if got, want := toldOf(t, slices.Repeat([]sup.Report{crashAt(sup.OfCell, 1)}, 1000)), []int{1, -2, -4, -8, -16, -32, -64, -128, -256, -512}; !slices.Equal(got, want) {
		t.Errorf("of cells %v", got)
	}
	if got, want := toldOf(t, slices.Repeat([]sup.Report{crashAt(sup.OfProcess, 1)}, 5)), []int{1, -2, -3, -4, -5}; !slices.Equal(got, want) {
		t.Errorf("of processes %v", got)
	}
}

func TestCellsThatDieAtEverNewPlacesAreToldOfWithABound(t *testing.T) {
	var many []sup.Report
	for line := range 100_000 {
		many = append(many, crashAt(sup.OfCell, line))
	}
	const places, doublings = 256, 17
	got := toldOf(t, many)
	if len(got) != places+doublings || slices.Max(got[places:]) != -1 || got[places-1] != 1 {
		t.Errorf("%d were told: %v", len(got), got)
	}
}

// A person killed it; that is told each time.
func TestThatACellWasKilledIsTold(t *testing.T) {
	killed := sup.Report{Scope: sup.OfCell, Path: "p", Kind: "k", Exit: sup.Failed{Err: errors.New("killed")}}
	told := client.Told(slices.Repeat([]sup.Report{killed}, 3))
	if len(told) != 3 {
		t.Fatal(told)
	}
	if c := told[2].(event.Crashed); c.Scope != event.CrashOfCell || c.Err != "failed: killed" || c.Times != 0 || c.Stack != nil {
		t.Errorf("%+v", c)
	}
}
