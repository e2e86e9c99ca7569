package names_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/names"
	"github.com/etorrent/etorrent/metainfo"
)

// treeOf is a torrent "T" of paths with slashes; "a -> b" is a link, and a path
// that ends in "#" is padding.
func treeOf(rows ...string) *metainfo.Torrent {
	m := &metainfo.Torrent{Info: metainfo.Info{Name: "T", Layout: metainfo.MultiFile}}
	for _, row := range rows {
		from, to, isLink := strings.Cut(row, " -> ")
		f := metainfo.File{Path: strings.Split(strings.TrimSuffix(from, "#"), "/")}
		switch {
		case isLink:
			f.Role, f.Target = metainfo.FileSymlink, strings.Split(to, "/")
		case strings.HasSuffix(from, "#"):
			f.Role = metainfo.FilePadding
		}
		m.Files = append(m.Files, f)
	}
	return m
}

// viewed decides the paths and tells of the links in words, in their order.
func viewed(t *testing.T, p names.Platform, m *metainfo.Torrent) []string {
	t.Helper()
	decided, _ := decide(t, names.ContentOf(m), p)
	texts, lost := names.ViewLinks(m.Files, decided.Paths)
	var out []string
	for i, f := range m.Files {
		if text, kept := texts[i]; kept {
			out = append(out, decided.Paths[i]+" -> "+text)
		}
		for _, l := range lost {
			if l.File == i && slices.Equal(l.From, f.Path) {
				out = append(out, l.String())
			}
		}
	}
	return out
}

const (
	nothing = ": it leads to no file or folder of the torrent"
	holds   = ": it leads to a folder that it lies in"
)

func TestALinkLeadsToAFileOrFolderOfItsTorrentOrIsLeftOut(t *testing.T) {
	for what, row := range map[string]struct {
		platform names.Platform
		in, want []string
	}{
		"beside a file":            {names.Unix, []string{"a", "l -> a"}, []string{"T/l -> a"}},
		"up and down":              {names.Unix, []string{"a/x", "b/c/l -> a/x"}, []string{"T/b/c/l -> ../../a/x"}},
		"down":                     {names.Unix, []string{"b/c/x", "b/l -> b/c/x"}, []string{"T/b/l -> c/x"}},
		"a folder":                 {names.Unix, []string{"a/b/x", "l -> a/b", "a/m -> a/b", "n/o -> a"}, []string{"T/l -> a/b", "T/a/m -> b", "T/n/o -> ../a"}},
		"names that begin alike":   {names.Unix, []string{"ab/x", "a-b/x", "l -> a", "m -> a-b"}, []string{"l -> a" + nothing, "T/m -> a-b"}},
		"a safe name":              {names.Windows, []string{"CON/x?", "l -> CON/x?", "m -> CON"}, []string{"T/l -> _CON/x_", "T/m -> _CON"}},
		"a numbered name":          {names.Unix, []string{"a", "a/x", "l -> a", "m -> a/x"}, []string{"T/l -> a (2)", "T/m -> a/x"}},
		"a respelled folder":       {names.MacOS, []string{"Sub/x", "SUB/y", "l -> SUB/y", "m -> SUB", "n -> sub"}, []string{"T/l -> Sub/y", "T/m -> Sub", "n -> sub" + nothing}},
		"a link named as a folder": {names.Unix, []string{"a/x", "b", "a -> b"}, []string{"T/a (2) -> b"}},
		"up out of the torrent":    {names.Unix, []string{"a", "l -> ../a", "m -> ../../etc/passwd", "n -> a/../../b"}, []string{"l -> ../a" + nothing, "m -> ../../etc/passwd" + nothing, "n -> a/../../b" + nothing}},
		"within, but not as named": {names.Unix, []string{"a/x", "l -> a/../a/x", "m -> ./a", "n -> a//x", "o -> a/"}, []string{"l -> a/../a/x" + nothing, "m -> ./a" + nothing, "n -> a//x" + nothing, "o -> a/" + nothing}},
		"absolute":                 {names.Unix, []string{"etc/passwd", "l -> /etc/passwd"}, []string{"l -> /etc/passwd" + nothing}},
		"the whole":                {names.Unix, []string{"a", "l -> ", "m -> .", "n -> T"}, []string{"l -> " + nothing, "m -> ." + nothing, "n -> T" + nothing}},
		"another link":             {names.Unix, []string{"a", "l -> m", "m -> l", "n -> n", "o -> p", "p -> a"}, []string{"l -> m" + nothing, "m -> l" + nothing, "n -> n" + nothing, "o -> p" + nothing, "T/p -> a"}},
		"through a link":           {names.Unix, []string{"a/x", "l -> a", "m -> l/x"}, []string{"T/l -> a", "m -> l/x" + nothing}},
		"padding":                  {names.Unix, []string{"a", "pad/1#", "l -> pad/1", "m -> pad"}, []string{"l -> pad/1" + nothing, "m -> pad" + nothing}},
		"a folder of links only":   {names.Unix, []string{"a", "s/l -> a", "m -> s"}, []string{"T/s/l -> ../a", "m -> s" + nothing}},
		"a folder that it lies in": {names.Unix, []string{"a/b/x", "a/b/l -> a", "a/m -> a", "a/n -> a/b"}, []string{"a/b/l -> a" + holds, "a/m -> a" + holds, "T/a/n -> b"}},
		"a file under a name that lost components": {names.Unix, []string{"../x", "l -> ../x", "m -> .."}, []string{"l -> ../x" + nothing, "m -> .." + nothing}},
		"what would harm a terminal":               {names.Unix, []string{"a", "l -> \x1b[2J"}, []string{`l -> \x1b[2J` + nothing}},
	} {
		if diff := cmp.Diff(row.want, viewed(t, row.platform, treeOf(row.in...))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

func TestNoPathGoesThroughALink(t *testing.T) {
	m := treeOf("b/x", "a -> b", "a/x", "a/x/y", "a/x -> b/x")
	decided, _ := decide(t, names.ContentOf(m), names.Unix)
	if want := []string{"T/b/x", "T/a (2)", "T/a/x (2)", "T/a/x/y", "T/a/x (3)"}; !slices.Equal(decided.Paths, want) {
		t.Errorf("paths %q, want %q", decided.Paths, want)
	}
}

func TestARenamingOfALinkThatIsLeftOutIsNoNews(t *testing.T) {
	m := treeOf("a?", "b? -> nothing", "c? -> a?")
	decided, renamed := decide(t, names.ContentOf(m), names.Windows)
	_, lost := names.ViewLinks(m.Files, decided.Paths)
	var got []string
	for _, r := range names.OfStored(renamed, lost) {
		got = append(got, r.To)
	}
	if want := []string{"T/a_", "T/c_"}; !slices.Equal(got, want) {
		t.Errorf("told of %q, want %q", got, want)
	}
}

// drawTree draws files, links and padding over few names, so that they meet.
func drawTree(t *rapid.T) *metainfo.Torrent {
	component := rapid.SampledFrom([]string{"a", "b", "A", "c", "a (2)", "..", ".", "", "con", "a?", "/", "T"})
	m := &metainfo.Torrent{Info: metainfo.Info{Name: component.Draw(t, "name"), Layout: metainfo.MultiFile}}
	for range rapid.IntRange(1, 15).Draw(t, "files") {
		f := metainfo.File{Path: rapid.SliceOfN(component, 1, 4).Draw(t, "path")}
		f.Role = metainfo.Role(rapid.SampledFrom([]int{0, 0, 0, 1, 2, 2}).Draw(t, "role"))
		if f.Role == metainfo.FileSymlink {
			f.Target = rapid.SliceOfN(component, 0, 4).Draw(t, "target")
		}
		m.Files = append(m.Files, f)
	}
	return m
}

func TestNoLinkLeavesTheTorrentsFolderOrLeadsToALink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawTree(t)
		for _, p := range platforms {
			decided, _, err := names.Decide(names.ContentOf(m), names.RulesOf(p))
			if err != nil {
				return
			}
			texts, lost := names.ViewLinks(m.Files, decided.Paths)
			links := len(lost)
			for i, text := range texts {
				links++
				checkLink(t, m, decided, i, text)
			}
			for _, f := range m.Files {
				if f.Role == metainfo.FileSymlink {
					links--
				}
			}
			if links != 0 {
				t.Fatalf("links without an answer, or answers without a link: %d", links)
			}
		}
	})
}

// checkLink follows a link step by step.
func checkLink(t *rapid.T, m *metainfo.Torrent, decided names.Map, i int, text string) {
	t.Helper()
	if m.Files[i].Role != metainfo.FileSymlink {
		t.Fatalf("file %d is no link", i)
	}
	at := path.Dir(decided.Paths[i])
	for _, step := range strings.Split(text, "/") {
		if at = path.Join(at, step); step == "" || step == "." || at != decided.Name && !strings.HasPrefix(at, decided.Name+"/") {
			t.Fatalf("%q at %q leaves the folder %q", text, decided.Paths[i], decided.Name)
		}
	}
	for n, stored := range decided.Paths {
		if m.Files[n].Role == metainfo.FileData && (stored == at || strings.HasPrefix(stored, at+"/")) {
			return
		}
	}
	t.Fatalf("%q at %q leads to %q, which is nothing", text, decided.Paths[i], at)
}

// A quadratic cost would show here as a test that does not end.
func TestManyLinksToManyFilesAreViewed(t *testing.T) {
	m := treeOf()
	const n = 100_000
	for i := range n {
		deep := []string{"d", "e", "f", fmt.Sprint(i % 7), fmt.Sprint(i)}
		m.Files = append(m.Files, metainfo.File{Path: deep},
			metainfo.File{Role: metainfo.FileSymlink, Path: []string{"l", fmt.Sprint(i)}, Target: deep},
			metainfo.File{Role: metainfo.FileSymlink, Path: []string{"m", fmt.Sprint(i)}, Target: deep[:4]},
			metainfo.File{Role: metainfo.FileSymlink, Path: []string{"n", fmt.Sprint(i)}, Target: deep[1:]})
	}
	decided, _ := decide(t, names.ContentOf(m), names.Unix)
	texts, lost := names.ViewLinks(m.Files, decided.Paths)
	if len(texts) != 2*n || len(lost) != n {
		t.Errorf("%d links are kept, %d left out", len(texts), len(lost))
	}
}
