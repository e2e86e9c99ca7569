package metainfo_test

import (
	"errors"
	"math"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etorrent/etorrent/bencode"
	"github.com/etorrent/etorrent/metainfo"
)

// bomb is a document that is made to cost much.
type bomb struct {
	name string
	doc  []byte
	want string // what the error says; "" for a torrent that is legal
}

func bombs() []bomb {
	tiny := dict(fields{"length": "i0e", "path": list(text("a"))})
	many := func(n int) fields {
		return with(multi(), fields{"files": list(strings.Repeat(tiny, n)), "pieces": text("")})
	}
	deep := func(n int) string { return strings.Repeat("l", n) + strings.Repeat("e", n) }
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(text("x" + strconv.Itoa(i)))
			b.WriteString("i0e")
		}
		return "d" + b.String() + "e"
	}
	return []bomb{
		{"a hundred thousand files", torrent(many(100_000), nil), ""},
		{"a file too many", torrent(many(metainfo.MaxFiles+1), nil), "info.files"},
		{"nested a hundred thousand deep", torrent(with(single(), fields{"x": deep(100_000)}), nil), "nested"},
		{"a path of a hundred thousand parts", torrent(oneFile(fields{"length": integer(40_000), "path": list(strings.Repeat(text("a"), 100_000))}), nil), ""},
		{"a hundred thousand empty lists", torrent(single(), fields{"x": list(strings.Repeat("le", 100_000))}), ""},
		{"a hundred thousand trackers", torrent(single(), fields{"announce-list": list(strings.Repeat(list(text("a")), 100_000))}), ""},
		{"a hundred thousand unsorted keys", torrent(single(), fields{"x": keys(100_000)}), ""},
		{"a hundred thousand repeated keys", torrent(single(), fields{"x": "d" + strings.Repeat("1:ai0e", 100_000) + "e"}), ""},
		{"a hundred thousand zeros before numbers", torrent(single(), fields{"x": list(strings.Repeat("i00e", 100_000))}), ""},
		{"a number of a million digits", torrent(with(single(), fields{"length": "i" + strings.Repeat("9", 1_000_000) + "e"}), nil), "info.length"},
		{"a text longer than the document", []byte("d4:info9223372036854775807:x"), "byte"},
		{"a text of no length that there is", []byte("d4:info99999999999999999999999999:x"), "byte"},
		{"more pieces than there may be", torrent(with(single(), fields{"piece length": integer(1), "length": integer(metainfo.MaxPieces + 1)}), nil), "info.length"},
		{"two files that overflow together", torrent(with(multi(), fields{"piece length": integer(metainfo.MaxPieceLength), "files": list(
			dict(fields{"length": integer(metainfo.MaxPieces * metainfo.MaxPieceLength), "path": list(text("a"))}),
			dict(fields{"length": integer(math.MaxInt64), "path": list(text("b"))}),
		)}), nil), "info.files[1].length"},
		{"a piece length of 2^63", torrent(with(single(), fields{"piece length": "i9223372036854775808e"}), nil), "info.piece length"},
	}
}

// What a document costs is a small multiple of its own size, whatever it says.
func TestWhatATorrentCostsIsBoundedByItsOwnSize(t *testing.T) {
	for _, b := range bombs() {
		t.Run(b.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := metainfo.Parse(b.doc)
			runtime.ReadMemStats(&after)
			if took, most := after.TotalAlloc-before.TotalAlloc, uint64(40*len(b.doc)+1<<20); took > most {
				t.Errorf("%d bytes took %d", len(b.doc), took)
			}
			switch {
			case b.want == "" && err != nil:
				t.Errorf("%v", err)
			case b.want != "" && (err == nil || !strings.Contains(err.Error(), b.want)):
				t.Errorf("%v, want %q", err, b.want)
			}
		})
	}
}

func TestADocumentOverItsSizeIsRefusedUnread(t *testing.T) {
	_, err := metainfo.Parse(make([]byte, metainfo.MaxTorrentBytes+1))
	var got *bencode.SyntaxError
	if !errors.As(err, &got) {
		t.Errorf("%v", err)
	}
}

// Of two infos the first is the torrent: else two readers would see two torrents.
func TestOfTwoInfosTheFirstCounts(t *testing.T) {
	other := dict(with(single(), fields{"name": text("other")}))
	doc := []byte("d4:info" + dict(single()) + "4:info" + other + "e")
	got := mustParse(t, doc)
	if got.ID() != mustParse(t, torrent(single(), nil)).ID() {
		t.Error("the second info is the torrent")
	}
	if d := cmp.Diff([]string{": dictionary key occurs again"}, kinds(got.Findings)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Names are bytes: what they mean is decided where files are made.
func TestNamesOfEveryBadSortAreKeptAsTheyCame(t *testing.T) {
	for _, part := range []string{
		"", ".", "..", "a/b", "/", "\\", "a\x00b", "CON", "a.", " ", "\xff\xfe", "a:b", strings.Repeat("n", 100_000), "\u202etxt.exe",
	} {
		got := mustParse(t, torrent(oneFile(fields{"length": integer(40_000), "path": list(text("a"), text(part))}), fields{"encoding": text("GBK")}))
		if path := got.Files[0].Path; len(path) != 2 || path[1] != part {
			t.Errorf("%.20q is %.40q", part, path)
		}
	}
}
