package metainfo_test

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/metainfo"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func names() *rapid.Generator[string] {
	return rapid.StringN(1, 8, 30).Filter(func(s string) bool {
		return s != "." && s != ".." && !strings.ContainsAny(s, "/\x00")
	})
}

func urls() *rapid.Generator[string] {
	return rapid.StringN(1, 20, -1).Filter(func(s string) bool { return s == strings.TrimSpace(s) })
}

// specs draws specs of small torrents that are legal. Folders and files have
// names of their own, so that none is both.
func specs() *rapid.Generator[metainfo.Spec] {
	return rapid.Custom(func(t *rapid.T) metainfo.Spec {
		s := metainfo.Spec{
			Name:        names().Draw(t, "name"),
			PieceLength: rapid.SampledFrom([]int64{1, 1000, 16384, 65536}).Draw(t, "piece length"),
			Alignment:   rapid.SampledFrom([]metainfo.Alignment{metainfo.Packed, metainfo.PieceAligned}).Draw(t, "alignment"),
			Privacy:     rapid.SampledFrom([]metainfo.Privacy{metainfo.Public, metainfo.Private}).Draw(t, "privacy"),
			Source:      rapid.String().Draw(t, "source"),
			WebSeeds:    rapid.SliceOfN(urls(), 0, 3).Draw(t, "web seeds"),
			Announce:    rapid.SliceOfN(rapid.SliceOfN(urls(), 1, 3), 0, 3).Draw(t, "announce"),
			Comment:     rapid.String().Draw(t, "comment"),
			CreatedBy:   rapid.String().Draw(t, "created by"),
		}
		if seconds := rapid.Int64Range(0, 1<<33).Draw(t, "date"); seconds > 0 {
			s.CreationDate = time.Unix(seconds, 0).UTC()
		}
		files := rapid.SliceOfNDistinct(names(), 1, 6, rapid.ID[string]).Draw(t, "files")
		if len(files) > 1 {
			s.Layout = metainfo.MultiFile
		}
		for _, name := range files {
			folders := rapid.SliceOfN(rapid.Map(names(), func(s string) string { return "folder " + s }), 0, 3).Draw(t, "folders")
			s.Files = append(s.Files, metainfo.SpecFile{
				Path:       append(folders, "file "+name),
				Length:     rapid.Int64Range(0, 3*s.PieceLength).Draw(t, "length"),
				Attributes: metainfo.Attributes(rapid.IntRange(0, 3).Draw(t, "attributes")),
			})
		}
		return s
	})
}

// build gives the n-th piece the hash of n.
func build(t interface{ Fatal(...any) }, s metainfo.Spec) []byte {
	b, err := metainfo.NewBuilder(s)
	if err != nil {
		t.Fatal(err)
	}
	for n := range b.PieceCount() {
		b.PushPiece(sha1.Sum([]byte{byte(n)}))
	}
	return b.Build()
}

func TestWhatIsBuiltIsParsed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := specs().Draw(t, "spec")
		raw := build(t, s)
		got, err := metainfo.Parse(raw)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		b, _ := metainfo.NewBuilder(s)
		want := &metainfo.Torrent{
			Info: metainfo.Info{
				Name: s.Name, Layout: s.Layout, PieceLength: s.PieceLength, TotalLength: b.TotalLength(),
				Files: b.Files(), Privacy: s.Privacy, Source: s.Source,
			},
			Announce: s.Announce, WebSeeds: s.WebSeeds, Comment: s.Comment, CreatedBy: s.CreatedBy, CreationDate: s.CreationDate,
		}
		if d := cmp.Diff(want, got, withoutBytes(), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
		for n := range got.PieceCount() {
			if got.PieceHash(n) != sha1.Sum([]byte{byte(n)}) {
				t.Fatalf("hash of piece %d", n)
			}
		}
		if !bytes.Equal(got.Encode(), raw) || !bytes.Equal(build(t, s), raw) {
			t.Fatal("equal input gave other bytes")
		}
	})
}

func TestPaddingAlignsFilesWithBytes(t *testing.T) {
	s := metainfo.Spec{
		Name: "folder", Layout: metainfo.MultiFile, PieceLength: 16384, Alignment: metainfo.PieceAligned,
		Files: []metainfo.SpecFile{
			{Path: []string{"a"}, Length: 100}, {Path: []string{"b"}}, {Path: []string{"c"}, Length: 16384},
			{Path: []string{"d"}, Length: 16383}, {Path: []string{"e"}, Length: 1},
		},
	}
	want := []metainfo.File{
		{Path: []string{"a"}, Length: 100},
		{Path: []string{"b"}, Offset: 100},
		{Path: []string{".pad", "16284"}, Length: 16284, Offset: 100, Role: metainfo.FilePadding},
		{Path: []string{"c"}, Length: 16384, Offset: 16384},
		{Path: []string{"d"}, Length: 16383, Offset: 32768},
		{Path: []string{".pad", "1"}, Length: 1, Offset: 49151, Role: metainfo.FilePadding},
		{Path: []string{"e"}, Length: 1, Offset: 49152},
	}
	b, err := metainfo.NewBuilder(s)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, b.Files()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if b.TotalLength() != 49153 || b.PieceCount() != 4 {
		t.Errorf("%d bytes in %d pieces", b.TotalLength(), b.PieceCount())
	}
	if d := cmp.Diff(want, mustParse(t, build(t, s)).Files); d != "" {
		t.Errorf("parsed (-want +got):\n%s", d)
	}
}

func TestLinksAreBuiltAndParsed(t *testing.T) {
	s := metainfo.Spec{
		Name: "folder", Layout: metainfo.MultiFile, PieceLength: 16384, Alignment: metainfo.PieceAligned,
		Files: []metainfo.SpecFile{
			{Path: []string{"a", "b"}, Length: 100}, {Path: []string{"l"}, Target: []string{"a", "b"}, Attributes: metainfo.Hidden},
			{Path: []string{"m"}, Length: 1, Attributes: metainfo.Executable},
		},
	}
	want := []metainfo.File{
		{Path: []string{"a", "b"}, Length: 100},
		{Path: []string{"l"}, Offset: 100, Role: metainfo.FileSymlink, Target: []string{"a", "b"}, Attributes: metainfo.Hidden},
		{Path: []string{".pad", "16284"}, Length: 16284, Offset: 100, Role: metainfo.FilePadding},
		{Path: []string{"m"}, Length: 1, Offset: 16384, Attributes: metainfo.Executable},
	}
	if d := cmp.Diff(want, mustParse(t, build(t, s)).Files); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestNewBuilderRefusesUnusableSpecs(t *testing.T) {
	legal := func() metainfo.Spec {
		return metainfo.Spec{Name: "n", Layout: metainfo.MultiFile, PieceLength: 16384, Files: []metainfo.SpecFile{
			{Path: []string{"a", "b"}, Length: 1}, {Path: []string{"a", "c"}, Length: 1}, {Path: []string{"d"}},
		}}
	}
	if _, err := metainfo.NewBuilder(legal()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*metainfo.Spec)
		field  string
	}{
		{"no name", func(s *metainfo.Spec) { s.Name = "" }, "info.name"},
		{"name with a slash", func(s *metainfo.Spec) { s.Name = "a/b" }, "info.name"},
		{"parent as name", func(s *metainfo.Spec) { s.Name = ".." }, "info.name"},
		{"no piece length", func(s *metainfo.Spec) { s.PieceLength = 0 }, "info.piece length"},
		{"huge piece length", func(s *metainfo.Spec) { s.PieceLength = metainfo.MaxPieceLength + 1 }, "info.piece length"},
		{"no files", func(s *metainfo.Spec) { s.Files = nil }, "info.files"},
		{"files in a single file", func(s *metainfo.Spec) { s.Layout = metainfo.SingleFile }, "info.files"},
		{"empty path", func(s *metainfo.Spec) { s.Files[1].Path = nil }, "info.files[1].path"},
		{"empty component", func(s *metainfo.Spec) { s.Files[1].Path = []string{"a", ""} }, "info.files[1].path"},
		{"parent in a path", func(s *metainfo.Spec) { s.Files[1].Path = []string{"..", "a"} }, "info.files[1].path"},
		{"path twice", func(s *metainfo.Spec) { s.Files[2].Path = []string{"a", "b"} }, "info.files[2].path"},
		{"file as folder", func(s *metainfo.Spec) { s.Files[2].Path = []string{"a"} }, "info.files[0].path"},
		{"empty target", func(s *metainfo.Spec) { s.Files[2].Target = []string{} }, "info.files[2].symlink path"},
		{"parent in a target", func(s *metainfo.Spec) { s.Files[2].Target = []string{"..", "a"} }, "info.files[2].symlink path"},
		{"link with bytes", func(s *metainfo.Spec) { s.Files[0].Target = []string{"d"} }, "info.files[0].length"},
		{"link alone", func(s *metainfo.Spec) {
			s.Layout, s.Files = metainfo.SingleFile, []metainfo.SpecFile{{Target: []string{"d"}}}
		}, "info.files"},
		{"negative length", func(s *metainfo.Spec) { s.Files[1].Length = -1 }, "info.files[1].length"},
		{"too many pieces", func(s *metainfo.Spec) { s.Files[1].Length = math.MaxInt64 }, "info.files[1].length"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := legal()
			c.change(&s)
			_, err := metainfo.NewBuilder(s)
			var got *metainfo.FieldError
			if !errors.As(err, &got) || got.Field != c.field || got.Offset != metainfo.NoOffset {
				t.Errorf("got %v, want one of %s", err, c.field)
			}
		})
	}
}

func TestBuilderPanicsOnAWrongNumberOfPieces(t *testing.T) {
	s := metainfo.Spec{Name: "n", PieceLength: 16384, Files: []metainfo.SpecFile{{Length: 16385}}}
	for _, n := range []int{1, 3} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d pieces for 2 did not panic", n)
				}
			}()
			b, err := metainfo.NewBuilder(s)
			if err != nil {
				t.Fatal(err)
			}
			for range n {
				b.PushPiece([20]byte{})
			}
			b.Build()
		}()
	}
}

func TestSortFilesDoesNotDependOnTheOrderFound(t *testing.T) {
	want := []metainfo.SpecFile{{Path: []string{"a", "b"}}, {Path: []string{"a", "c"}}, {Path: []string{"a!"}}, {Path: []string{"b"}}}
	got := slices.Clone(want)
	slices.Reverse(got)
	metainfo.SortFiles(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAutoPieceLengthKeepsTheNumberOfPiecesReasonable(t *testing.T) {
	for total, want := range map[int64]int64{
		0: 16 << 10, 1: 16 << 10, 32 << 20: 16 << 10, 32<<20 + 1: 32 << 10, 1 << 30: 512 << 10,
		32 << 30: 16 << 20, 1 << 40: 16 << 20, 40 << 40: 32 << 20,
	} {
		if got := metainfo.AutoPieceLength(total); got != want {
			t.Errorf("%d bytes: %d, want %d", total, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(0, metainfo.MaxPieces*metainfo.MaxPieceLength).Draw(t, "total")
		if n := metainfo.AutoPieceLength(total); n > metainfo.MaxPieceLength || total > n*metainfo.MaxPieces {
			t.Fatalf("%d", n)
		}
	})
}
