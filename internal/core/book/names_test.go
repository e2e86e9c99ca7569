package book

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/endpoint"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

type lookups struct{ of []string }

func (l *lookups) Lookup(host string) { l.of = append(l.of, host) }

func lookedUp(n *Names, now mono.Instant) []string {
	var l lookups
	n.Next(now, &l)
	return l.of
}

func TestAHostIsLookedUpAgainAfterAGrowingWaitAsLongAsThatFails(t *testing.T) {
	n, now := NewNames(), start
	n.Add(now, endpoint.Name{Host: "a.example", Port: 1})
	var waits []time.Duration
	for round := range 12 {
		if got := lookedUp(n, now); !slices.Equal(got, []string{"a.example"}) {
			t.Fatalf("looked up %q", got)
		}
		if got := lookedUp(n, now); len(got) > 0 {
			t.Fatalf("looked up twice at once: %q", got)
		}
		want := FirstFailure
		if round > 0 {
			want = FailedBefore
		}
		if got := n.Failed(now, "a.example"); got != want {
			t.Errorf("round %d: %v", round, got)
		}
		waits = append(waits, n.NextDeadline().Sub(now))
		if got := lookedUp(n, n.NextDeadline()-1); len(got) > 0 {
			t.Fatalf("looked up before the wait was over")
		}
		now = n.NextDeadline()
	}
	if !slices.IsSorted(waits) || waits[0] != time.Second || waits[1] != 2*time.Second || waits[11] != 5*time.Minute {
		t.Errorf("waits %v", waits)
	}
	if got := n.Found(now, "a.example"); !slices.Equal(got, []uint16{1}) {
		t.Errorf("ports %v", got)
	}
	now = n.NextDeadline()
	if got := lookedUp(n, now); len(got) != 1 {
		t.Error("what was found counts for ever")
	}
	if got := n.Failed(now, "a.example"); got != FirstFailure {
		t.Errorf("a failure after a success is %v", got)
	}
}

func TestAHostIsLookedUpOnceForAllItsPorts(t *testing.T) {
	n := NewNames()
	for port, want := range []AddEvidence{Unusable, Added, Added} {
		if got := n.Add(start, endpoint.Name{Host: "a.example", Port: uint16(port)}); got != want {
			t.Errorf("port %d: %v", port, got)
		}
	}
	if got := n.Add(start, endpoint.Name{Host: "a.example", Port: 2}); got != AlreadyKnown {
		t.Errorf("named twice: %v", got)
	}
	if got := lookedUp(n, start); len(got) != 1 {
		t.Errorf("looked up %q", got)
	}
	if got := n.Found(start, "a.example"); !slices.Equal(got, []uint16{1, 2}) {
		t.Errorf("ports %v", got)
	}
	n.Add(start, endpoint.Name{Host: "a.example", Port: 3})
	if got := lookedUp(n, start); len(got) != 1 {
		t.Error("a port that was named later waits for the next lookup")
	}
}

func TestALookupWithoutAnAnswerIsMadeAgain(t *testing.T) {
	n := NewNames()
	n.Add(start, endpoint.Name{Host: "a.example", Port: 1})
	lookedUp(n, start)
	if got := lookedUp(n, n.NextDeadline()); len(got) != 1 {
		t.Errorf("looked up %q", got)
	}
}

func TestNamesAreBounded(t *testing.T) {
	n := NewNames()
	for i := range 2 * NamesBound {
		want := Added
		if i >= NamesBound {
			want = BookFull
		}
		if got := n.Add(start, endpoint.Name{Host: fmt.Sprintf("%d.example", i), Port: 1}); got != want {
			t.Fatalf("name %d: %v", i, got)
		}
	}
	if n.Found(start, "300.example") != nil || n.Failed(start, "300.example") != FailedBefore {
		t.Error("a host that nobody named is known")
	}
	if got := lookedUp(n, start); len(got) != NamesBound {
		t.Errorf("%d lookups", len(got))
	}
}
