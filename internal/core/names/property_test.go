package names_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/names"
	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/text"
)

var platforms = []names.Platform{names.Unix, names.MacOS, names.Windows}

// failer is what testing.T and rapid.T share.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkDecided proves all promises of a Map for any content.
func checkDecided(t failer, c names.Content, p names.Platform) {
	t.Helper()
	rules := names.RulesOf(p)
	m, renamed, err := names.Decide(c, rules)
	if err != nil {
		return
	}
	likeness := newLikeness(t, p)
	for i, path := range m.Paths {
		if path == "" && c.Files[i].Role == names.Padding {
			continue
		}
		checkPath(t, m, path, rules)
		likeness.add(path)
	}
	again, twice, err := names.Decide(c, rules)
	if diff := cmp.Diff(m, again); diff != "" || err != nil || len(twice) != len(renamed) {
		t.Fatalf("the second decision differs: %v %s", err, diff)
	}
	checkStable(t, c, m, rules)
}

// checkStable decides the decided names: nothing is left to change. Paths near
// the limit keep less room than their number took, so they are left out.
func checkStable(t failer, c names.Content, m names.Map, rules names.Rules) {
	t.Helper()
	out := names.Content{Name: m.Name, Layout: c.Layout}
	for _, path := range m.Paths {
		if len(path)+32 > rules.Path {
			return
		}
		f := names.File{Path: strings.Split(path, "/")[1:]}
		if path == "" {
			f = names.File{Role: names.Padding}
		}
		out.Files = append(out.Files, f)
	}
	if c.Layout == names.SingleFile {
		out.Files = nil
	}
	same, renamed, err := names.Decide(out, rules)
	if diff := cmp.Diff(m, same); diff != "" || err != nil || len(renamed) > 0 {
		t.Fatalf("decided names change again: %v %v %s", err, renamed, diff)
	}
}

// checkPath proves that one path is local, below the name, and allowed.
func checkPath(t failer, m names.Map, path string, rules names.Rules) {
	t.Helper()
	if !fs.ValidPath(path) || path == "." || len(path) > rules.Path {
		t.Fatalf("path %q is not valid", path)
	}
	parts := strings.Split(path, "/")
	if parts[0] != m.Name {
		t.Fatalf("path %q is not below %q", path, m.Name)
	}
	for _, part := range parts {
		stem, _, _ := strings.Cut(part, ".")
		stem = strings.ToUpper(strings.TrimRight(stem, " "))
		for _, device := range rules.Devices {
			if stem == device {
				t.Fatalf("path %q names a device", path)
			}
		}
		unsafe := func(r rune) bool { return text.ClassOf(r) != text.Plain }
		switch {
		case len(part) > rules.Component, !utf8.ValidString(part), strings.ContainsFunc(part, unsafe),
			strings.ContainsAny(part, rules.Forbidden), strings.TrimRight(part, rules.Ending) != part:
			t.Fatalf("path %q has the component %q", path, part)
		}
	}
}

// likeness sees whether two paths are one on the platform. It knows ASCII case
// only, which is what it can know without the code under test.
type likeness struct {
	t       failer
	fold    func(string) string
	files   map[string]string
	folders map[string]string
}

func newLikeness(t failer, p names.Platform) *likeness {
	l := &likeness{t: t, fold: strings.ToLower, files: make(map[string]string), folders: make(map[string]string)}
	if p == names.Unix {
		l.fold = func(s string) string { return s }
	}
	return l
}

func (l *likeness) add(path string) {
	l.t.Helper()
	key := l.fold(path)
	if other, taken := l.files[key]; taken {
		l.t.Fatalf("paths %q and %q are one", path, other)
	}
	if other, taken := l.folders[key]; taken {
		l.t.Fatalf("path %q is a folder of %q", path, other)
	}
	l.files[key] = path
	for at := strings.LastIndexByte(path, '/'); at >= 0; at = strings.LastIndexByte(path[:at], '/') {
		if other, taken := l.files[l.fold(path[:at])]; taken {
			l.t.Fatalf("a folder of path %q is the file %q", path, other)
		}
		l.folders[l.fold(path[:at])] = path
	}
}

func TestAnyContentIsDecidedSafely(t *testing.T) {
	component := rapid.OneOf(
		rapid.SampledFrom([]string{"a", "A", "b", "a (2)", "..", ".", "", "con", "COM1.txt", "a.", "é", "e\u0301", "a.txt", "A.TXT", "...", " "}),
		rapid.String(),
		rapid.StringN(200, 400, -1),
	)
	rapid.Check(t, func(t *rapid.T) {
		c := names.Content{Name: component.Draw(t, "name"), Layout: names.ManyFiles, Fallback: "fallback"}
		for range rapid.IntRange(0, 12).Draw(t, "files") {
			f := names.File{Path: rapid.SliceOfN(component, 0, 5).Draw(t, "path")}
			f.Role = names.Role(rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "role"))
			c.Files = append(c.Files, f)
		}
		for _, p := range platforms {
			checkDecided(t, c, p)
		}
	})
}

func TestManyEqualLongNamesAreAllNumbered(t *testing.T) {
	c := names.Content{Name: "T", Layout: names.ManyFiles}
	long := strings.Repeat("x", 255)
	for i := range 20000 {
		// Names that differ only behind where a number cuts them.
		name := long[:248] + fmt.Sprintf("%07d", i/2)
		c.Files = append(c.Files, names.File{Path: []string{name}})
	}
	checkDecided(t, c, names.Unix)
	checkDecided(t, c, names.Windows)
}

func FuzzDecide(f *testing.F) {
	fuzzseed.Add(f)
	f.Add("T", "a\tb\na\nA\tB", "hash")
	f.Add("..", "..\t..\tetc\tpasswd", "")
	f.Add("con", "aux.txt\nNUL\n\x1b\u202e\xff\na:b\na.\t. ", "0123")
	f.Add("e\u0301", "\u00e9\ne\u0301\n\u212b\n\u00c5", "f")
	f.Add("", strings.Repeat("x", 300)+"\n"+strings.Repeat("x", 299), "f")
	f.Fuzz(func(t *testing.T, name, paths, fallback string) {
		c := names.Content{Name: name, Layout: names.ManyFiles, Fallback: fallback}
		for _, path := range strings.Split(paths, "\n") {
			c.Files = append(c.Files, names.File{Path: strings.Split(path, "\t")})
		}
		for _, p := range platforms {
			checkDecided(t, c, p)
			checkDecided(t, names.Content{Name: name, Fallback: fallback}, p)
		}
	})
}
