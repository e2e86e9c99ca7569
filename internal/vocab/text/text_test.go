package text_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/text"
)

func TestHarmfulTextIsEscaped(t *testing.T) {
	for in, want := range map[string]string{
		"": "",
		"plain ünïcode 日本 🏴‍☠️ a\\b": "plain ünïcode 日本 🏴‍☠️ a\\b",
		"\x1b]0;owned\a":         `\x1b]0;owned\x07`,
		"two\nlines\r\tand more": `two\nlines\r\tand more`,
		"gpj.\u202eexe.scr":      `gpj.\u202eexe.scr`,
		"c1 \u009b31m":           `c1 \u009b31m`,
		"broken \xff\xc3 bytes":  `broken \xff\xc3 bytes`,
		"a \ufffd was written":   "a \ufffd was written",
		"line\u2028break":        `line\u2028break`,
		"tag \U000e0041 \ufeff":  `tag \U000e0041 \ufeff`,
	} {
		if got := text.Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestControlsAndDirectionsAreAllKnown(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.Is(unicode.Cc, r) && text.ClassOf(r) != text.Control {
			t.Errorf("%U is a control rune", r)
		}
		if unicode.Is(unicode.Bidi_Control, r) && text.ClassOf(r) != text.Direction {
			t.Errorf("%U controls the direction", r)
		}
		if unicode.In(r, unicode.Zl, unicode.Zp) && text.ClassOf(r) != text.LineBreak {
			t.Errorf("%U breaks the line", r)
		}
		if unicode.IsGraphic(r) && text.ClassOf(r) != text.Plain {
			t.Errorf("%U is graphic and not Plain", r)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	fuzzseed.Add(f)
	for _, s := range []string{"", "a\x1b[2Jb", "\u202e", "\xff\xfe", `\x1b`, "é\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := text.Printable(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return text.ClassOf(r) != text.Plain }) {
			t.Errorf("Printable(%q) = %q", s, got)
		}
		if again := text.Printable(got); again != got {
			t.Errorf("Printable(%q) = %q", got, again)
		}
	})
}
