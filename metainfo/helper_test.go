package metainfo_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
)

// fields are the pairs of a dictionary; values are encoded already.
type fields map[string]string

// dict encodes pairs in sorted order.
func dict(f fields) string {
	var b strings.Builder
	b.WriteByte('d')
	for _, key := range slices.Sorted(maps.Keys(f)) {
		b.WriteString(text(key) + f[key])
	}
	return b.String() + "e"
}

func text(s string) string { return fmt.Sprintf("%d:%s", len(s), s) }

func integer(n int64) string { return fmt.Sprintf("i%de", n) }

func list(members ...string) string { return "l" + strings.Join(members, "") + "e" }

// with returns base with some pairs changed; an empty value removes the pair.
func with(base, changes fields) fields {
	f := maps.Clone(base)
	for key, value := range changes {
		if f[key] = value; value == "" {
			delete(f, key)
		}
	}
	return f
}

// single is the info of a file of 5 pieces of 16 KiB and one byte.
func single() fields {
	return fields{
		"length":       integer(5*16384 + 1),
		"name":         text("a.bin"),
		"piece length": integer(16384),
		"pieces":       text(strings.Repeat("0123456789abcdefghij", 6)),
	}
}

// multi is the info of two files in three pieces.
func multi() fields {
	return with(single(), fields{
		"length": "",
		"name":   text("folder"),
		"files": list(
			dict(fields{"length": integer(20000), "path": list(text("b"), text("c"))}),
			dict(fields{"length": integer(20000), "path": list(text("d"))})),
		"pieces": text(strings.Repeat("0123456789abcdefghij", 3)),
	})
}

// oneFile is the info of one file in a folder, which is the dictionary given.
func oneFile(file fields) fields { return with(multi(), fields{"files": list(dict(file))}) }

func torrent(info fields, outer fields) []byte {
	return []byte(dict(with(fields{"announce": text("http://t.example/announce"), "info": dict(info)}, outer)))
}

func mustParse(t *testing.T, b []byte) *metainfo.Torrent {
	t.Helper()
	parsed, err := metainfo.Parse(b)
	if err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	return parsed
}

// kinds are the findings as "field: kind", in order.
func kinds(found []metainfo.Finding) []string {
	var s []string
	for _, f := range found {
		s = append(s, f.Field+": "+f.Kind.String())
	}
	return s
}
