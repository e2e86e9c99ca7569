package demux

import (
	"net/netip"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/ordered"
)

// Table knows which transactions are expected, and sorts datagrams. It has one
// owner and no lock.
type Table struct {
	bound    int
	expected map[Key]*expectation
	first    ordered.Heap[*expectation]
	counts   Counts
}

// expectation is one transaction that has no answer yet.
type expectation struct {
	key   Key
	until mono.Instant
	in    int // its place
}

// Before is the order in which expectations end.
func (x *expectation) Before(o *expectation) bool { return x.until < o.until }

// Place is for the heap.
func (x *expectation) Place() *int { return &x.in }

// New returns a table that expects nothing, and at most so many transactions at
// once. It goes on counting from counts: those of a table before it.
func New(bound int, counts Counts) *Table {
	return &Table{bound: bound, expected: map[Key]*expectation{}, counts: counts}
}

// ExpectEvidence says whether a transaction is expected now.
type ExpectEvidence uint8

// The answers. Only Expected changes the table.
const (
	Expected        ExpectEvidence = iota
	AlreadyExpected                // nobody could tell the answers to the two apart
	TableFull
)

// Expect has the table wait for an answer until a deadline; mono.Never is one that
// has passed.
func (t *Table) Expect(k Key, until mono.Instant) ExpectEvidence {
	if _, is := t.expected[k]; is {
		return AlreadyExpected
	}
	if len(t.expected) >= t.bound {
		return TableFull
	}
	x := &expectation{key: k, until: max(until, mono.Never+1)} // Deadline must not call it never
	t.expected[k] = x
	t.first.Add(x)
	return Expected
}

// Forget ends an expectation without an answer; of what is not expected nothing
// changes.
func (t *Table) Forget(k Key) {
	if x, is := t.expected[k]; is {
		t.end(x)
	}
}

func (t *Table) end(x *expectation) {
	delete(t.expected, x.key)
	t.first.Remove(x)
}

// Receive says whose a datagram is, counts it, and ends the expectation that it
// answers. It keeps nothing of the payload.
func (t *Table) Receive(now mono.Instant, from netip.AddrPort, payload []byte) Evidence {
	e := view(from, payload)
	if a, is := e.(Answer); is {
		e = t.settle(now, a)
	}
	t.counts.add(e)
	return e
}

func (t *Table) settle(now mono.Instant, a Answer) Evidence {
	x, is := t.expected[a.To]
	if !is || x.until <= now {
		return Stray{Unexpected}
	}
	t.end(x)
	return a
}

// Expired ends the expectations whose deadline is not after now, and returns them
// in into[:0], the earliest first.
func (t *Table) Expired(now mono.Instant, into []Key) []Key {
	into = into[:0]
	for x := t.first.First(); x != nil && (*x).until <= now; x = t.first.First() {
		into = append(into, (*x).key)
		t.end(*x)
	}
	return into
}

// Deadline is when the next expectation expires; mono.Never where there is none.
func (t *Table) Deadline() mono.Instant {
	if x := t.first.First(); x != nil {
		return (*x).until
	}
	return mono.Never
}

// Len is how many transactions are expected.
func (t *Table) Len() int { return len(t.expected) }

// Counts are how many datagrams were whose.
func (t *Table) Counts() Counts { return t.counts }
