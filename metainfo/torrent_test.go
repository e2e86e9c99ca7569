package metainfo_test

import (
	"crypto/sha1"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/metainfo"
	"github.com/google/go-cmp/cmp"
)

func TestParseReadsASingleFileTorrent(t *testing.T) {
	info := with(single(), fields{"private": "i1e", "source": text("SRC"), "attr": text("xh?")})
	b := torrent(info, fields{
		"comment":       text("hello"),
		"created by":    text("maker"),
		"creation date": integer(1234567890),
		"nodes":         list(list(text("router.example"), integer(6881)), list(text("2001:db8::1"), integer(1))),
		"url-list":      text("http://seed.example/"),
	})
	got := mustParse(t, b)
	if got.ID().V1 != sha1.Sum([]byte(dict(info))) || string(got.InfoBytes) != dict(info) || string(got.Raw) != string(b) {
		t.Error("the info-hash is not of the info as received")
	}
	want := &metainfo.Torrent{
		Info: metainfo.Info{
			Name: "a.bin", PieceLength: 16384, TotalLength: 81921, Privacy: metainfo.Private, Source: "SRC",
			Files: []metainfo.File{{Path: []string{"a.bin"}, Length: 81921, Attributes: metainfo.Executable | metainfo.Hidden}},
		},
		Announce:     [][]string{{"http://t.example/announce"}},
		WebSeeds:     []string{"http://seed.example/"},
		Nodes:        []metainfo.HostPort{{Host: "router.example", Port: 6881}, {Host: "2001:db8::1", Port: 1}},
		Comment:      "hello",
		CreatedBy:    "maker",
		CreationDate: time.Unix(1234567890, 0).UTC(),
	}
	if d := cmp.Diff(want, got, withoutBytes()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got.PieceCount() != 6 || got.Findings != nil {
		t.Errorf("%d pieces, findings %v", got.PieceCount(), got.Findings)
	}
}

// withoutBytes compares torrents by what they say, not how they are encoded.
func withoutBytes() cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool {
		switch p.Last().String() {
		case ".hash", ".pieces", ".InfoBytes", ".Raw", ".Findings":
			return true
		}
		return false
	}, cmp.Ignore())
}

func TestParseReadsAMultiFileTorrent(t *testing.T) {
	got := mustParse(t, torrent(multi(), nil))
	want := []metainfo.File{
		{Path: []string{"b", "c"}, Length: 20000},
		{Path: []string{"d"}, Length: 20000, Offset: 20000},
	}
	if d := cmp.Diff(want, got.Files); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got.Layout != metainfo.MultiFile || got.TotalLength != 40000 || got.PieceCount() != 3 {
		t.Errorf("layout %v, %d bytes, %d pieces", got.Layout, got.TotalLength, got.PieceCount())
	}
	if d := cmp.Diff([]string{"folder", "b", "c"}, got.FullPath(0)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"a.bin"}, mustParse(t, torrent(single(), nil)).FullPath(0)); d != "" {
		t.Error(d)
	}
}

func TestTorrentsWithoutBytesAreLegal(t *testing.T) {
	nothing := fields{"length": integer(0), "pieces": text("")}
	empty := dict(fields{"length": integer(0), "path": list(text("a"))})
	for _, info := range []fields{
		with(single(), nothing),
		with(multi(), fields{"files": list(empty, empty), "pieces": text("")}),
	} {
		got := mustParse(t, torrent(info, nil))
		if got.TotalLength != 0 || got.PieceCount() != 0 {
			t.Errorf("%d bytes in %d pieces", got.TotalLength, got.PieceCount())
		}
	}
}

func TestNamesAreKeptRaw(t *testing.T) {
	evil := "..\x00\x1b[31m\xff/\u202e"
	got := mustParse(t, torrent(with(oneFile(fields{
		"length": integer(40000), "path": list(text(".."), text(""), text(evil)),
	}), fields{"name": text(evil)}), nil))
	if d := cmp.Diff([]string{evil, "..", "", evil}, got.FullPath(0)); d != "" {
		t.Error(d)
	}
}

func TestPaddingAndLinksHaveRoles(t *testing.T) {
	info := with(multi(), fields{"files": list(
		dict(fields{"attr": text("x"), "length": integer(10000), "path": list(text("a"))}),
		dict(fields{"attr": text("p"), "length": integer(6384)}),
		dict(fields{"attr": text("l"), "path": list(text("link")), "symlink path": list(text("a"))}),
		dict(fields{"attr": text("lz"), "length": integer(9), "path": list(text("m")), "symlink path": list()}),
		dict(fields{"length": integer(23616), "path": list(text("z"))}),
	)})
	got := mustParse(t, torrent(info, nil))
	want := []metainfo.File{
		{Path: []string{"a"}, Length: 10000, Attributes: metainfo.Executable},
		{Length: 6384, Offset: 10000, Role: metainfo.FilePadding},
		{Path: []string{"link"}, Offset: 16384, Role: metainfo.FileSymlink, Target: []string{"a"}},
		{Path: []string{"m"}, Offset: 16384, Role: metainfo.FileSymlink, Target: []string{}},
		{Path: []string{"z"}, Length: 23616, Offset: 16384},
	}
	if d := cmp.Diff(want, got.Files); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	wantFound := []string{
		"info.files[2].attr: a symbolic link", "info.files[3].attr: a symbolic link",
		"info.files[3].length: length of a symbolic link ignored",
	}
	if d := cmp.Diff(wantFound, kinds(got.Findings)); d != "" {
		t.Error(d)
	}
}

func TestTrackersComeInTiers(t *testing.T) {
	for _, c := range []struct {
		name  string
		outer fields
		want  [][]string
	}{
		{"list overrules the single one", fields{"announce": text("x"), "announce-list": list(list(text("a"), text("b")), list(text("c")))}, [][]string{{"a", "b"}, {"c"}}},
		{"empty list does not", fields{"announce": text("x"), "announce-list": list(list(), list(text("")))}, [][]string{{"x"}}},
		{"white space", fields{"announce": text(" x\r\n")}, [][]string{{"x"}}},
		{"none", fields{"announce": ""}, nil},
		{"empty", fields{"announce": text("")}, nil},
		{"without tiers", fields{"announce-list": list(text("a"), text("b"))}, [][]string{{"a"}, {"b"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := mustParse(t, torrent(single(), c.outer))
			if d := cmp.Diff(c.want, got.Announce); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestListsBesideTheInfoAreBounded(t *testing.T) {
	many := strings.Repeat(text("u"), metainfo.MaxURLs+5)
	nodes := strings.Repeat(list(text("h"), integer(1)), metainfo.MaxURLs+5)
	long := text(strings.Repeat("u", metainfo.MaxURLBytes+1))
	got := mustParse(t, torrent(single(), fields{
		"announce-list": list(list(long), list(many), list(many)), "url-list": list(many), "nodes": list(nodes),
	}))
	if len(got.Announce) != 1 || len(got.Announce[0]) != metainfo.MaxURLs || len(got.WebSeeds) != metainfo.MaxURLs ||
		len(got.Nodes) != metainfo.MaxURLs {
		t.Errorf("%d tiers, %d web seeds, %d nodes", len(got.Announce), len(got.WebSeeds), len(got.Nodes))
	}
	if len(got.Findings) == 0 || len(got.Findings) > 200 {
		t.Errorf("%d findings", len(got.Findings))
	}
}

func TestVerifierKnowsEachPiece(t *testing.T) {
	piece := func(i int) []byte { return []byte(strings.Repeat(string(rune('a'+i)), 16384)) }
	sums := ""
	for i := range 3 {
		sum := sha1.Sum(piece(i))
		sums += string(sum[:])
	}
	got := mustParse(t, torrent(with(single(), fields{"length": integer(3 * 16384), "pieces": text(sums)}), nil))
	v := got.Verifier()
	for i := range 3 {
		for j := range 3 {
			h := v.NewHash(i)
			h.Write(piece(j))
			if v.Matches(i, h.Sum(nil)) != (i == j) {
				t.Errorf("bytes of piece %d judged wrongly as piece %d", j, i)
			}
		}
		if got.PieceHash(i) != sha1.Sum(piece(i)) {
			t.Errorf("hash of piece %d", i)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a piece out of range did not panic")
		}
	}()
	v.Matches(3, nil)
}

func TestParseInfoReadsWhatPeersSend(t *testing.T) {
	b := []byte(dict(multi()))
	info, err := metainfo.ParseInfo(b)
	if err != nil || info.ID().V1 != metainfo.HashInfo(b) || len(info.Files) != 2 {
		t.Fatalf("%v %v", info, err)
	}
	whole := metainfo.Torrent{Info: *info, Announce: [][]string{{"http://t.example/"}}}
	if got := mustParse(t, whole.Encode()); got.ID() != info.ID() || len(got.Announce) != 1 {
		t.Error("the info-hash changed on the way into a .torrent file")
	}
}

func TestManyFilesNeedFewAllocations(t *testing.T) {
	const files = 100_000
	file := dict(fields{"length": integer(1), "path": list(text("some folder"), text("some file"))})
	b := torrent(with(multi(), fields{
		"files":  "l" + strings.Repeat(file, files) + "e",
		"pieces": text(strings.Repeat("0123456789abcdefghij", (files+16383)/16384)),
	}), nil)
	n := testing.AllocsPerRun(1, func() {
		if got := mustParse(t, b); len(got.Files) != files {
			t.Fatal("files are missing")
		}
	})
	if n > files/500 {
		t.Errorf("%v allocations", n)
	}
}
