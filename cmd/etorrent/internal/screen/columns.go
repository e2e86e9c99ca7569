package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// wide are the ranges of runes that take two columns (East Asian Width W and F
// of Unicode's EastAsianWidth.txt, in their main blocks, and emoji).
var wide = [...][2]rune{
	{0x1100, 0x115f}, {0x231a, 0x231b}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff},
	{0xa000, 0xa4cf}, {0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60},
	{0xffe0, 0xffe6}, {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
	{0x1f900, 0x1faff}, {0x20000, 0x3fffd},
}

// columnsOf is how many columns a terminal gives to a rune.
func columnsOf(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	for _, w := range wide {
		if r >= w[0] && r <= w[1] {
			return 2
		}
	}
	return 1
}

// columns is how many columns a line takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += columnsOf(r)
	}
	return n
}

// cut shortens a line to at most n columns, and says so by an ellipsis.
func cut(s string, n int) string {
	s = thinned(s)
	if columns(s) <= n {
		return s
	}
	if n < 1 {
		return ""
	}
	used := 0
	for i, r := range s {
		if used+columnsOf(r) > n-1 {
			return s[:i] + "…"
		}
		used += columnsOf(r)
	}
	return s
}

// marksMost is how many runes without a column of their own may follow each other.
const marksMost = 8

// thinned leaves of a pile of combining marks as many as a name may need: a line of any
// length would fit into one column, and be drawn over its neighbours.
func thinned(s string) string {
	var b strings.Builder
	marks, kept := 0, 0 // kept is up to where s is in b
	for i, r := range s {
		if columnsOf(r) > 0 {
			marks = 0
			continue
		}
		if marks++; marks > marksMost {
			b.WriteString(s[kept:i])
			kept = i + utf8.RuneLen(r)
		}
	}
	if kept == 0 {
		return s
	}
	b.WriteString(s[kept:])
	return b.String()
}

// padRight fills a line up to n columns, and padLeft puts the spaces before it.
func padRight(s string, n int) string { return s + strings.Repeat(" ", max(0, n-columns(s))) }

func padLeft(s string, n int) string { return strings.Repeat(" ", max(0, n-columns(s))) + s }
