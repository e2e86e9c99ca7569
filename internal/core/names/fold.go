package names

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// key returns what two components share exactly if the platform takes them for
// the same.
func (r *Rules) key(name string) string {
	if r.Likeness == Exact {
		return name
	}
	return fold(name)
}

// fold removes what case and Unicode form make of a name.
func fold(name string) string {
	if isASCII(name) {
		return strings.ToUpper(name)
	}
	runes := make([]rune, 0, len(name))
	for _, c := range name {
		runes = appendFolded(runes, c)
	}
	sortMarks(runes)
	return string(runes)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// appendFolded appends what c is made of, each part as the least rune that
// differs from it in case only.
func appendFolded(dst []rune, c rune) []rune {
	switch {
	case c == '\u200c' || c == '\u200d': // joiners, which HFS+ does not compare
		return dst
	case c == 'ß' || c == 'ẞ':
		return append(dst, 'S', 'S')
	case c >= hangulFirst && c <= hangulLast:
		return appendHangul(dst, c)
	}
	for _, part := range decompose(c) {
		dst = append(dst, leastCase(part))
	}
	return dst
}

// decompose is the full canonical decomposition of c.
func decompose(c rune) string {
	i, found := slices.BinarySearchFunc(decompositions[:], c, func(d decomposition, c rune) int { return int(d.from - c) })
	if !found {
		return string(c)
	}
	return decompositions[i].to
}

func leastCase(c rune) rune {
	least := c
	for other := unicode.SimpleFold(c); other != c; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// Hangul syllables decompose by a rule (Unicode 15, section 3.12).
const (
	hangulFirst, hangulLast = 0xac00, 0xd7a3
	leadBase                = 0x1100
	vowelBase, vowels       = 0x1161, 21
	tailBase, tails         = 0x11a7, 28
)

func appendHangul(dst []rune, c rune) []rune {
	s := c - hangulFirst
	dst = append(dst, leadBase+s/(vowels*tails), vowelBase+s%(vowels*tails)/tails)
	if tail := s % tails; tail > 0 {
		dst = append(dst, tailBase+tail)
	}
	return dst
}

// sortMarks orders each run of combining marks by number, which makes equal
// what Unicode's canonical order makes equal, and some more.
func sortMarks(runes []rune) {
	for i := 0; i < len(runes); i++ {
		begin := i
		for i < len(runes) && unicode.Is(unicode.M, runes[i]) {
			i++
		}
		slices.Sort(runes[begin:i])
	}
}
