// Package text makes strings of strangers (file names, client names, messages
// of trackers) harmless before they reach a terminal, a log or a page.
package text

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Class says what a rune does to whoever prints it.
type Class uint8

const (
	// Plain runes print as themselves, or as nothing, and change nothing else.
	Plain Class = iota
	// Control runes (C0, DEL, C1) drive a terminal; the escape is one of them.
	Control
	// Direction runes turn the order of the text around them (Unicode's
	// Bidi_Control and the deprecated formats beside it).
	Direction
	// LineBreak runes begin a new line where only "\n" is looked for.
	LineBreak
	// Hidden runes carry text that no reader sees: tags, annotations, the byte
	// order mark.
	Hidden
)

// span is a range of runes of one class.
type span struct {
	from, to rune
	class    Class
}

var spans = [...]span{
	{0x0000, 0x001f, Control},
	{0x007f, 0x009f, Control},
	{0x061c, 0x061c, Direction},
	{0x200e, 0x200f, Direction},
	{0x2028, 0x2029, LineBreak},
	{0x202a, 0x202e, Direction},
	{0x2066, 0x206f, Direction},
	{0xfeff, 0xfeff, Hidden},
	{0xfff9, 0xfffb, Hidden},
	{0xe0000, 0xe007f, Hidden},
}

// ClassOf returns the class of r. It knows no invalid encoding: what is no
// rune, is the caller's to see.
func ClassOf(r rune) Class {
	for _, s := range spans {
		if r >= s.from && r <= s.to {
			return s.class
		}
	}
	return Plain
}

// Printable returns s with each rune that is not Plain, and each byte that is
// not UTF-8, written as the escape that Go has for it (\n, \x1b, \u202e, \xff).
// The result is one line of valid UTF-8, and Printable leaves it as it is. It
// is for people to read: a backslash of s stays, so s cannot be had back.
func Printable(s string) string {
	if isPrintable(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && isBroken(s[i:]):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case ClassOf(r) == Plain:
			b.WriteRune(r)
		default:
			b.WriteString(escape(r))
		}
	}
	return b.String()
}

func isPrintable(s string) bool {
	for _, r := range s {
		if ClassOf(r) != Plain {
			return false
		}
	}
	return utf8.ValidString(s)
}

// isBroken tells the replacement rune that stands for a bad byte from one that
// was written.
func isBroken(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size == 1
}

func escape(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
