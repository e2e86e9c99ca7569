// Package ipfilter reads lists of addresses that are not to be dealt with, and
// looks addresses up in them.
//
// A list is text, gzipped or not, whose lines may be of different forms:
//
//	192.0.2.0/24                                    CIDR, or one address
//	192.0.2.1-192.0.2.9                             a range
//	Some name:192.0.2.1-192.0.2.9                   P2P, as PeerGuardian has it
//	192.000.002.001 - 192.000.002.009 , 000 , name  DAT, as eMule has it
//
// In DAT a range is blocked where the level is below 127, or not said. Octets may
// have leading zeros, and addresses may be of IPv6. Empty lines, and what follows #
// or ; or begins a line with //, are comments.
package ipfilter

import (
	"cmp"
	"net/netip"
	"slices"
)

// Verdict says what a table makes of an address.
type Verdict uint8

// The verdicts.
const (
	Passed Verdict = iota
	Blocked
)

// Table is the addresses of a list. It does not change once it is made, so that
// anybody may look up addresses at once. A nil Table blocks nothing.
//
// It is two sorted slices of ranges that do not touch: 8 bytes for one of IPv4 and 32
// for one of IPv6, whatever its bounds, where a trie of prefixes takes up to 62 of
// them for one range.
type Table struct {
	four []span[uint32]
	six  []span[wide]
}

// span is the addresses from one to another, both counted in.
type span[A any] struct{ from, to A }

// wide is an address of IPv6 as a number, the upper half first.
type wide [2]uint64

// View judges an address.
func (t *Table) View(a netip.Addr) Verdict {
	a = a.Unmap().WithZone("")
	switch {
	case t == nil:
	case a.Is4():
		return within(t.four, number4(a), cmp.Compare[uint32])
	case a.Is6():
		return within(t.six, number6(a), compareWide)
	}
	return Passed
}

// Ranges is how many ranges the table has, where those that overlap or touch are one.
func (t *Table) Ranges() int {
	if t == nil {
		return 0
	}
	return len(t.four) + len(t.six)
}

func within[A any](spans []span[A], a A, compare func(A, A) int) Verdict {
	n, found := slices.BinarySearchFunc(spans, a, func(s span[A], a A) int { return compare(s.from, a) })
	if found || n > 0 && compare(spans[n-1].to, a) >= 0 {
		return Blocked
	}
	return Passed
}

func number4(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func number6(a netip.Addr) wide {
	var w wide
	for n, b := range a.As16() {
		w[n/8] = w[n/8]<<8 | uint64(b)
	}
	return w
}

func compareWide(a, b wide) int {
	if a[0] != b[0] {
		return cmp.Compare(a[0], b[0])
	}
	return cmp.Compare(a[1], b[1])
}

func after4(a uint32) (next uint32, last wrap) {
	if a == ^uint32(0) {
		return 0, wraps
	}
	return a + 1, wrapsNot
}

func after6(a wide) (next wide, last wrap) {
	switch {
	case a[1] != ^uint64(0):
		return wide{a[0], a[1] + 1}, wrapsNot
	case a[0] != ^uint64(0):
		return wide{a[0] + 1, 0}, wrapsNot
	}
	return wide{}, wraps
}

// wrap says whether an address has one behind it.
type wrap uint8

const (
	wrapsNot wrap = iota
	wraps
)

// merge sorts ranges and makes one of those that overlap or touch, in place.
func merge[A any](spans []span[A], compare func(A, A) int, after func(A) (A, wrap)) []span[A] {
	slices.SortFunc(spans, func(a, b span[A]) int { return compare(a.from, b.from) })
	out := spans[:0]
	for _, s := range spans {
		if len(out) == 0 {
			out = append(out, s)
			continue
		}
		last := &out[len(out)-1]
		next, wrapped := after(last.to)
		switch {
		case wrapped == wrapsNot && compare(s.from, next) > 0:
			out = append(out, s)
		case compare(s.to, last.to) > 0:
			last.to = s.to
		}
	}
	return out
}
