package metainfo_test

import (
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/metainfo"
)

func FuzzTorrent(f *testing.F) {
	fuzzseed.Add(f)
	f.Add(torrent(single(), nil))
	f.Add(torrent(multi(), fields{"announce-list": list(list(text("a"))), "nodes": list(list(text("h"), "i1e"))}))
	f.Add(torrent(with(single(), fields{"length": "i0e", "pieces": text("")}), fields{"url-list": list(text("w"))}))
	f.Add(torrent(with(multi(), fields{"files": list(
		dict(fields{"attr": text("p"), "length": integer(16384)}),
		dict(fields{"attr": text("l"), "path": list(text("l")), "symlink path": list(text("a"))}),
		dict(fields{"length": integer(20000), "path": list(text("a")), "path.utf-8": list(text("a"))}),
	)}), fields{"creation date": "i-0e"}))
	f.Add([]byte("d4:infod6:lengthi1e4:name1:a12:piece lengthi1e6:pieces20:aaaaaaaaaaaaaaaaaaaaee"))
	for _, c := range unusables() {
		f.Add(c.doc)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := metainfo.Parse(b)
		if err != nil {
			if err.Error() == "" {
				t.Fatalf("%q is refused without a word", b)
			}
			return
		}
		checkInvariants(t, &got.Info)
		again, err := metainfo.Parse(got.Encode())
		if err != nil || again.ID() != got.ID() || again.TotalLength != got.TotalLength || len(again.Files) != len(got.Files) {
			t.Fatalf("%q is written as another torrent %q: %v", b, got.Encode(), err)
		}
		if alone, err := metainfo.ParseInfo(got.InfoBytes); err != nil || alone.ID() != got.ID() {
			t.Fatalf("the info alone: %v", err)
		}
		_ = got.Magnet().String()
		_ = kinds(got.Findings)
	})
}

func checkInvariants(t *testing.T, info *metainfo.Info) {
	t.Helper()
	total := int64(0)
	for i, f := range info.Files {
		if f.Offset != total || f.Length < 0 {
			t.Fatalf("file %d: %d bytes at %d, want %d", i, f.Length, f.Offset, total)
		}
		if f.Role != metainfo.FilePadding && len(info.FullPath(i)) == 0 {
			t.Fatalf("file %d has no path", i)
		}
		total += f.Length
	}
	if total != info.TotalLength || len(info.Files) == 0 {
		t.Fatalf("%d files of %d bytes, said %d", len(info.Files), total, info.TotalLength)
	}
	if info.PieceLength < 1 || info.PieceLength > metainfo.MaxPieceLength {
		t.Fatalf("piece length %d", info.PieceLength)
	}
	pieces := int64(info.PieceCount())
	if pieces > metainfo.MaxPieces || pieces*info.PieceLength < total || (pieces-1)*info.PieceLength >= total && pieces > 0 {
		t.Fatalf("%d pieces for %d bytes", pieces, total)
	}
}

func FuzzMagnet(f *testing.F) {
	fuzzseed.Add(f)
	f.Add("magnet:?xt=urn:btih:" + hash)
	f.Add("magnet:?dn=A+b%20c%2B&xt=urn:btih:" + strings.ToUpper(hash) + "&tr=udp%3A%2F%2Fa%3A1&tr.1=b&amp;xl=7")
	f.Add("magnet:?xt=urn:btih:AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH&x.pe=[::1]:2&ws=http://s/&x.pe=h:0")
	f.Add("magnet:?xt=urn:btmh:1220" + strings.Repeat("ab", 32))
	f.Fuzz(func(t *testing.T, link string) {
		got, err := metainfo.ParseMagnet(link)
		if err != nil {
			return
		}
		again, err := metainfo.ParseMagnet(got.String())
		if len(got.String()) > metainfo.MaxMagnetBytes {
			return
		}
		if err != nil || again.String() != got.String() {
			t.Fatalf("%q is written as %q: %v", link, got, err)
		}
	})
}

// BenchmarkParse reads a .torrent of 100,000 files and 10 MB.
func BenchmarkParse(b *testing.B) {
	const count, length = 100_000, 50_000
	file := dict(fields{"length": integer(length), "path": list(text("some folder"), text("some file.bin"))})
	sums := strings.Repeat("0123456789abcdefghij", (count*length+16383)/16384)
	raw := torrent(with(multi(), fields{"files": "l" + strings.Repeat(file, count) + "e", "pieces": text(sums)}), nil)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := metainfo.Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}
