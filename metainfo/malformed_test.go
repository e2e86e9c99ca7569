package metainfo_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/bencode"
	"github.com/etorrent/etorrent/metainfo"
	"github.com/google/go-cmp/cmp"
)

// unusable is a torrent with a field that cannot be used, and what is said of it.
type unusable struct {
	name   string
	doc    []byte
	field  string
	reason string
}

func unusables() []unusable {
	sums := func(n int) string { return text(strings.Repeat("x", n)) }
	path := list(text("a"))
	return []unusable{
		{"a list", []byte("le"), "the document", "is of type list"},
		{"no info", []byte(dict(fields{"announce": text("x")})), "info", "is missing"},
		{"info of another type", torrent(nil, fields{"info": text("x")}), "info", "is of type string"},
		{"no name", torrent(with(single(), fields{"name": ""}), nil), "info.name", "is missing"},
		{"name of another type", torrent(with(single(), fields{"name": "i1e"}), nil), "info.name", "is of type integer"},
		{"no piece length", torrent(with(single(), fields{"piece length": ""}), nil), "info.piece length", "is missing"},
		{"piece length 0", torrent(with(single(), fields{"piece length": "i0e"}), nil), "info.piece length", "is less than 1"},
		{"negative piece length", torrent(with(single(), fields{"piece length": "i-16384e"}), nil), "info.piece length", "is negative"},
		{"huge piece length", torrent(with(single(), fields{"piece length": integer(metainfo.MaxPieceLength + 1)}), nil), "info.piece length", "is more than"},
		{"piece length of 100 digits", torrent(with(single(), fields{"piece length": "i" + strings.Repeat("9", 100) + "e"}), nil), "info.piece length", "is more than"},
		{"no pieces", torrent(with(single(), fields{"pieces": ""}), nil), "info.pieces", "is missing"},
		{"pieces as a list", torrent(with(single(), fields{"pieces": list(text("x"))}), nil), "info.pieces", "is of type list"},
		{"half a hash", torrent(with(single(), fields{"pieces": sums(6*20 - 1)}), nil), "info.pieces", "has 119 bytes"},
		{"a hash too few", torrent(with(single(), fields{"pieces": sums(5 * 20)}), nil), "info.pieces", "has 5 hashes, but the files fill 6"},
		{"a hash too many", torrent(with(single(), fields{"pieces": sums(7 * 20)}), nil), "info.pieces", "has 7 hashes, but the files fill 6"},
		{"hashes of nothing", torrent(with(single(), fields{"length": "i0e"}), nil), "info.pieces", "fill 0 pieces"},
		{"neither length nor files", torrent(with(single(), fields{"length": ""}), nil), "info.length", "is missing"},
		{"negative length", torrent(with(single(), fields{"length": "i-1e"}), nil), "info.length", "is negative"},
		{"length as text", torrent(with(single(), fields{"length": text("1")}), nil), "info.length", "is of type string"},
		{"too many pieces", torrent(with(single(), fields{"length": integer(16384*metainfo.MaxPieces + 1)}), nil), "info.length", "is more than"},
		{"files as a dictionary", torrent(with(multi(), fields{"files": dict(nil)}), nil), "info.files", "is of type dictionary"},
		{"no file", torrent(with(multi(), fields{"files": list()}), nil), "info.files", "is empty"},
		{"a file that is text", torrent(with(multi(), fields{"files": list(text("x"))}), nil), "info.files[0]", "is of type string"},
		{"a file without length", torrent(oneFile(fields{"path": path}), nil), "info.files[0].length", "is missing"},
		{"a file of negative length", torrent(oneFile(fields{"path": path, "length": "i-5e"}), nil), "info.files[0].length", "is negative"},
		{"a file beyond all pieces", torrent(oneFile(fields{"path": path, "length": integer(math.MaxInt64)}), nil), "info.files[0].length", "is more than"},
		{"a file without path", torrent(oneFile(fields{"length": "i1e"}), nil), "info.files[0].path", "is missing"},
		{"a file with an empty path", torrent(oneFile(fields{"length": "i1e", "path": list()}), nil), "info.files[0].path", "is empty"},
		{"a path that is text", torrent(oneFile(fields{"length": "i1e", "path": text("a/b")}), nil), "info.files[0].path", "is of type string"},
		{"a number in a path", torrent(oneFile(fields{"length": "i1e", "path": list(text("a"), "i1e")}), nil), "info.files[0].path[1]", "is of type integer"},
		{"a link without target", torrent(oneFile(fields{"attr": text("l"), "path": path}), nil), "info.files[0].symlink path", "is missing"},
		{"version 1 without pieces", torrent(with(single(), fields{"meta version": "i1e", "pieces": ""}), nil), "info.pieces", "is missing"},
		{"version 0", torrent(with(single(), fields{"meta version": "i0e"}), nil), "info.meta version", "is less than 1"},
		{"meta version as text", torrent(with(single(), fields{"meta version": text("2")}), nil), "info.meta version", "is of type string"},
	}
}

func TestParseNamesTheFieldThatIsUnusable(t *testing.T) {
	for _, c := range unusables() {
		t.Run(c.name, func(t *testing.T) {
			_, err := metainfo.Parse(c.doc)
			var got *metainfo.FieldError
			if !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			if got.Field != c.field || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("got %v, want %s … %s", got, c.field, c.reason)
			}
			if got.Offset < 0 || got.Offset >= len(c.doc) {
				t.Errorf("offset %d of %d bytes", got.Offset, len(c.doc))
			}
		})
	}
}

func TestFieldErrorsSayWhere(t *testing.T) {
	b := torrent(with(multi(), fields{"files": list(
		dict(fields{"length": "i1e", "path": list(text("a"))}),
		dict(fields{"length": "i-1e", "path": list(text("b"))}),
	)}), nil)
	_, err := metainfo.Parse(b)
	var got *metainfo.FieldError
	if !errors.As(err, &got) || got.Field != "info.files[1].length" || !strings.HasPrefix(string(b[got.Offset:]), "i-1e") {
		t.Errorf("got %v", err)
	}
}

func TestLengthsCannotOverflow(t *testing.T) {
	file := func(n int64) string { return dict(fields{"length": integer(n), "path": list(text("a"))}) }
	var members []string
	for range 3 {
		members = append(members, file(math.MaxInt64/2))
	}
	_, err := metainfo.Parse(torrent(with(multi(), fields{"files": list(members...)}), nil))
	var got *metainfo.FieldError
	if !errors.As(err, &got) || got.Field != "info.files[0].length" {
		t.Errorf("got %v", err)
	}
}

func TestOtherVersionsAreUnsupported(t *testing.T) {
	tree := dict(fields{"a": dict(fields{"": dict(fields{"length": "i1e"})})})
	v2 := fields{"file tree": tree, "length": "", "meta version": "i2e", "pieces": ""}
	for name, info := range map[string]fields{
		"version 2":              with(single(), v2),
		"version 2, not said so": with(single(), with(v2, fields{"meta version": ""})),
		"version 3":              with(single(), fields{"meta version": "i3e"}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := metainfo.Parse(torrent(info, nil))
			var got *metainfo.UnsupportedError
			if !errors.As(err, &got) || !strings.Contains(err.Error(), "not supported") {
				t.Errorf("got %v", err)
			}
		})
	}
	hybrid := with(single(), fields{"file tree": tree, "meta version": "i2e"})
	got := mustParse(t, torrent(hybrid, nil))
	if d := cmp.Diff([]string{"info: version 2 of this torrent ignored"}, kinds(got.Findings)); d != "" {
		t.Error(d)
	}
}

func TestParseReportsWhatIsUnusual(t *testing.T) {
	for _, c := range []struct {
		name string
		doc  []byte
		want string
	}{
		{"unsorted info", []byte("d4:infod4:name1:a6:lengthi1e12:piece lengthi16384e6:pieces20:0123456789abcdefghijee"), "info: dictionary keys are not sorted"},
		{"unsorted outside", []byte("d4:info" + dict(single()) + "7:comment1:xe"), ": dictionary keys are not sorted"},
		{"line end", append(torrent(single(), nil), '\n'), ": bytes follow the document"},
		{"leading zero", torrent(with(single(), fields{"length": "i0081921e"}), nil), "info: integer has leading zeros"},
		{"UTF-8 name", torrent(with(single(), fields{"name.utf-8": text("ä")}), nil), "info.name: the UTF-8 variant of this key was used"},
		{"UTF-8 name of another type", torrent(with(single(), fields{"name.utf-8": "i1e"}), nil), "info.name.utf-8: unusable, ignored"},
		{"UTF-8 path", torrent(oneFile(fields{"length": integer(40000), "path": list(text("?")), "path.utf-8": list(text("ä"))}), nil), "info.files[0].path: the UTF-8 variant of this key was used"},
		{"empty name", torrent(with(single(), fields{"name": text("")}), nil), "info.name: the name is empty"},
		{"odd piece length", torrent(with(single(), fields{"piece length": integer(81921), "pieces": text(strings.Repeat("x", 20))}), nil), "info.piece length: no multiple of 16 KiB"},
		{"odd private", torrent(with(single(), fields{"private": text("1")}), nil), "info.private: neither 0 nor 1, read as 1"},
		{"both layouts", torrent(with(multi(), fields{"length": "i1e"}), nil), "info.length: unusable, ignored"},
		{"comment of another type", torrent(single(), fields{"comment": "i1e"}), "comment: unusable, ignored"},
		{"date before the epoch", torrent(single(), fields{"creation date": "i-1e"}), "creation date: unusable, ignored"},
		{"date after all years", torrent(single(), fields{"creation date": integer(math.MaxInt64)}), "creation date: unusable, ignored"},
		{"node without port", torrent(single(), fields{"nodes": list(list(text("h")))}), "nodes: unusable, ignored"},
		{"nodes as text", torrent(single(), fields{"nodes": text("h")}), "nodes: unusable, ignored"},
		{"trackers without tiers", torrent(single(), fields{"announce-list": list(text("a"), text("b"))}), "announce-list: trackers without tiers"},
		{"web seed of another type", torrent(single(), fields{"url-list": "i1e"}), "url-list: unusable, ignored"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := mustParse(t, c.doc)
			if d := cmp.Diff([]string{c.want}, kinds(got.Findings)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestPrivateMeansEveryValueButZero(t *testing.T) {
	for value, want := range map[string]metainfo.Privacy{
		"": metainfo.Public, "i0e": metainfo.Public, "i1e": metainfo.Private, "i2e": metainfo.Private,
		"i-1e": metainfo.Private, "1:1": metainfo.Private, "le": metainfo.Private,
	} {
		if got := mustParse(t, torrent(with(single(), fields{"private": value}), nil)); got.Privacy != want {
			t.Errorf("%q gave %v", value, got.Privacy)
		}
	}
}

func TestEveryBeginningOfATorrentIsTruncated(t *testing.T) {
	b := torrent(multi(), fields{"announce-list": list(list(text("a"))), "nodes": list(list(text("h"), "i1e"))})
	for n := range b {
		_, err := metainfo.Parse(b[:n])
		var got *bencode.SyntaxError
		if !errors.As(err, &got) || got.Reason != bencode.Truncated {
			t.Fatalf("%q: %v", b[:n], err)
		}
	}
	info := []byte(dict(multi()))
	for n := range info {
		if _, err := metainfo.ParseInfo(info[:n]); err == nil {
			t.Fatalf("%q is an info", info[:n])
		}
	}
}

func TestParseInfoRefusesWhatIsNoInfo(t *testing.T) {
	for _, s := range []string{"le", "i1e", dict(single()) + "x", dict(single()) + dict(single())} {
		_, err := metainfo.ParseInfo([]byte(s))
		var got *metainfo.FieldError
		if !errors.As(err, &got) || got.Field != "info" {
			t.Errorf("%q: %v", s, err)
		}
	}
}
