package names_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etorrent/etorrent/internal/core/names"
)

// content is a torrent "T" of files given by slash-separated paths.
func content(paths ...string) names.Content {
	c := names.Content{Name: "T", Layout: names.ManyFiles}
	for _, p := range paths {
		c.Files = append(c.Files, names.File{Path: strings.Split(p, "/")})
	}
	return c
}

func decide(t *testing.T, c names.Content, p names.Platform) (names.Map, []names.Renaming) {
	t.Helper()
	m, renamed, err := names.Decide(c, names.RulesOf(p))
	if err != nil {
		t.Fatalf("Decide: %v", err)
	}
	return m, renamed
}

func TestHarmlessNamesStayAsTheyAre(t *testing.T) {
	in := []string{"a.txt", "sub/b.txt", "sub/deep/c d.bin", "ünïcode/日本語.mkv", ".hidden", "emoji 👩‍👩‍👧.png"}
	for _, p := range []names.Platform{names.Unix, names.MacOS, names.Windows} {
		m, renamed := decide(t, content(in...), p)
		for i := range in {
			if m.Paths[i] != "T/"+in[i] {
				t.Errorf("platform %d: %q became %q", p, in[i], m.Paths[i])
			}
		}
		if len(renamed) > 0 {
			t.Errorf("platform %d: %v", p, renamed)
		}
	}
}

func TestComponentsAreMadeSafe(t *testing.T) {
	long := strings.Repeat("x", 300)
	rows := []struct {
		what                      string
		in, unix, windows         string
		unixCauses, windowsCauses names.Causes
	}{
		{"a way up", "../../etc/passwd", "T/etc/passwd", "T/etc/passwd", names.CausesOf(names.ComponentDropped), names.CausesOf(names.ComponentDropped)},
		{"dots and nothing", ".//a", "T/a", "T/a", names.CausesOf(names.ComponentDropped), names.CausesOf(names.ComponentDropped)},
		{"a terminal escape", "\x1b[2Ja", "T/_[2Ja", "T/_[2Ja", names.CausesOf(names.RuneReplaced), names.CausesOf(names.RuneReplaced)},
		{"a turn of direction", "gpj.\u202eexe", "T/gpj._exe", "T/gpj._exe", names.CausesOf(names.RuneReplaced), names.CausesOf(names.RuneReplaced)},
		{"bytes that are not UTF-8", "a\xff\xfeb", "T/a__b", "T/a__b", names.CausesOf(names.EncodingReplaced), names.CausesOf(names.EncodingReplaced)},
		{"a stream", "a:b", "T/a:b", "T/a_b", 0, names.CausesOf(names.RuneReplaced)},
		{"a backslash", `..\a`, `T/..\a`, "T/.._a", 0, names.CausesOf(names.RuneReplaced)},
		{"dots at the end", "a. . /b", "T/a. . /b", "T/a/b", 0, names.CausesOf(names.EndCut)},
		{"only dots", ".../b", "T/.../b", "T/b", 0, names.CausesOf(names.EndCut, names.ComponentDropped)},
		{"a device", "con", "T/con", "T/_con", 0, names.CausesOf(names.DeviceAvoided)},
		{"a device with an extension", "Lpt1 .tar.gz", "T/Lpt1 .tar.gz", "T/_Lpt1 .tar.gz", 0, names.CausesOf(names.DeviceAvoided)},
		{"no device", "console", "T/console", "T/console", 0, 0},
		{"a long name", long + ".mkv", "T/" + long[:251] + ".mkv", "T/" + long[:251] + ".mkv", names.CausesOf(names.Shortened), names.CausesOf(names.Shortened)},
		{"a long name of wide runes", strings.Repeat("日", 100), "T/" + strings.Repeat("日", 85), "T/" + strings.Repeat("日", 85), names.CausesOf(names.Shortened), names.CausesOf(names.Shortened)},
		{"a long name of spaces", strings.Repeat(" ", 300) + "x/b", "T/" + strings.Repeat(" ", 255) + "/b", "T/b", names.CausesOf(names.Shortened), names.CausesOf(names.Shortened, names.ComponentDropped)},
	}
	for _, row := range rows {
		check(t, row.what+" on Unix", row.in, names.Unix, row.unix, row.unixCauses)
		check(t, row.what+" on Windows", row.in, names.Windows, row.windows, row.windowsCauses)
	}
}

// check decides one path and compares path and causes.
func check(t *testing.T, what, in string, p names.Platform, want string, causes names.Causes) {
	t.Helper()
	m, renamed := decide(t, content(in), p)
	if m.Paths[0] != want {
		t.Errorf("%s: %q became %q, want %q", what, in, m.Paths[0], want)
	}
	var got names.Causes
	for _, r := range renamed {
		got |= r.Causes
	}
	if got != causes {
		t.Errorf("%s: causes %q, want %q", what, got, causes)
	}
}

func TestSeparatorInsideAComponentIsReplaced(t *testing.T) {
	c := names.Content{Name: "../T", Layout: names.ManyFiles, Files: []names.File{{Path: []string{"a/../../b"}}}}
	m, _ := decide(t, c, names.Unix)
	if m.Name != ".._T" || m.Paths[0] != ".._T/a_.._.._b" {
		t.Errorf("map: %+v", m)
	}
}

func TestCollisionsAreNumbered(t *testing.T) {
	rows := map[string]struct {
		platform names.Platform
		in, want []string
	}{
		"equal paths":               {names.Unix, []string{"a.txt", "a.txt", "a (2).txt", "a.txt"}, []string{"a.txt", "a (3).txt", "a (2).txt", "a (4).txt"}},
		"a file and a folder":       {names.Unix, []string{"a", "a/b", "a/b/c"}, []string{"a (2)", "a/b (2)", "a/b/c"}},
		"case where it counts":      {names.Unix, []string{"README", "readme"}, []string{"README", "readme"}},
		"case on Windows":           {names.Windows, []string{"README.md", "readme.MD"}, []string{"README.md", "readme (2).MD"}},
		"case of a folder":          {names.MacOS, []string{"Sub/a", "sub/b", "SUB/A"}, []string{"Sub/a", "Sub/b", "Sub/A (2)"}},
		"Unicode forms":             {names.MacOS, []string{"\u00e9.txt", "e\u0301.txt", "\uac01", "\u1100\u1161\u11a8"}, []string{"\u00e9.txt", "e\u0301 (2).txt", "\uac01", "\u1100\u1161\u11a8 (2)"}},
		"marks in another order":    {names.MacOS, []string{"a\u0323\u0302", "\u1ead", "a\u0302\u0323"}, []string{"a\u0323\u0302", "\u1ead (2)", "a\u0302\u0323 (3)"}},
		"letters beyond ASCII":      {names.Windows, []string{"STRASSE", "Straße", "ΣΑΣ", "σας"}, []string{"STRASSE", "Straße (2)", "ΣΑΣ", "σας (2)"}},
		"what cleaning makes equal": {names.Windows, []string{"a?", "a*", "a_", "a_."}, []string{"a_", "a_ (2)", "a_ (3)", "a_ (4)"}},
		"dropped components":        {names.Unix, []string{"x/../a", "x/a"}, []string{"x/a", "x/a (2)"}},
	}
	for what, row := range rows {
		m, _ := decide(t, content(row.in...), row.platform)
		for i, want := range row.want {
			if m.Paths[i] != "T/"+want {
				t.Errorf("%s: %q became %q, want %q", what, row.in[i], m.Paths[i], "T/"+want)
			}
		}
	}
}

func TestLongPathLosesItsInnermostFolders(t *testing.T) {
	deep := strings.Repeat(strings.Repeat("d", 99)+"/", 20) + "leaf.txt"
	m, renamed := decide(t, content(deep), names.MacOS)
	if n := len(m.Paths[0]); n > 768 || n < 600 || !strings.HasSuffix(m.Paths[0], "/leaf.txt") {
		t.Errorf("path of %d bytes: %q", n, m.Paths[0])
	}
	if len(renamed) != 1 || renamed[0].Causes != names.CausesOf(names.FoldersDropped) {
		t.Errorf("evidence: %v", renamed)
	}
	many := strings.Repeat("d/", 500) + "leaf.txt"
	if m, _ := decide(t, content(many), names.Unix); strings.Count(m.Paths[0], "/") != 129 {
		t.Errorf("%d folders are left", strings.Count(m.Paths[0], "/"))
	}
}

func TestPaddingNeedsNoName(t *testing.T) {
	c := content("a", ".pad/12", "b")
	c.Files[1] = names.File{Role: names.Padding}
	m, renamed := decide(t, c, names.Unix)
	if want := []string{"T/a", "", "T/b"}; !slices.Equal(m.Paths, want) || len(renamed) > 0 {
		t.Errorf("paths %q, want %q; %v", m.Paths, want, renamed)
	}
}

func TestSingleFileLiesAtTheName(t *testing.T) {
	m, renamed := decide(t, names.Content{Name: "film?.mkv"}, names.Windows)
	want := names.Map{Name: "film_.mkv", Paths: []string{"film_.mkv"}}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	evidence := []names.Renaming{{File: names.TorrentName, From: []string{"film?.mkv"}, To: "film_.mkv", Causes: names.CausesOf(names.RuneReplaced)}}
	if diff := cmp.Diff(evidence, renamed); diff != "" {
		t.Error(diff)
	}
}

func TestFallbackStandsInForAnUnusableName(t *testing.T) {
	m, renamed := decide(t, names.Content{Name: "..", Fallback: "0123abcd"}, names.Unix)
	if m.Name != "0123abcd" || len(renamed) != 1 || !renamed[0].Causes.Has(names.NameReplaced) {
		t.Errorf("map %+v, evidence %v", m, renamed)
	}
}

func TestNoUsableNameIsAnError(t *testing.T) {
	for what, c := range map[string]names.Content{
		"name":    {Name: "", Fallback: ".."},
		"path":    content("a", "../."),
		"no path": {Name: "T", Layout: names.ManyFiles, Files: []names.File{{Path: []string{"a"}}, {}}},
	} {
		_, _, err := names.Decide(c, names.RulesOf(names.Unix))
		var none *names.NoNameError
		if !errors.As(err, &none) {
			t.Fatalf("%s: %v, want a NoNameError", what, err)
		}
		if want := map[string]int{"name": names.TorrentName}[what]; what == "name" && none.File != want || what != "name" && none.File != 1 {
			t.Errorf("%s: file %d", what, none.File)
		}
	}
}

func TestEvidenceIsHarmlessToPrint(t *testing.T) {
	_, renamed := decide(t, content("\x1b[2J\n"+strings.Repeat("é", 300)), names.Unix)
	got := renamed[0].String()
	if !strings.HasPrefix(got, `\x1b[2J\n`) || strings.ContainsAny(got, "\x1b\n") || !strings.HasSuffix(got, "unsafe character replaced, too long") {
		t.Errorf("evidence: %q", got)
	}
}

func TestPlatformOfASystem(t *testing.T) {
	for goos, want := range map[string]names.Platform{"linux": names.Unix, "freebsd": names.Unix, "darwin": names.MacOS, "windows": names.Windows} {
		if got := names.PlatformOf(goos); got != want {
			t.Errorf("%s: %d, want %d", goos, got, want)
		}
	}
}
