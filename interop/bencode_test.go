//go:build linux

package interop

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// fields are the values of a dictionary, encoded already; an empty one is left
// out.
type fields map[string]string

// with returns a copy in which others stand for those of the same name.
func (f fields) with(others fields) fields {
	out := maps.Clone(f)
	maps.Copy(out, others)
	return out
}

func (f fields) encode() string {
	var b strings.Builder
	b.WriteByte('d')
	for _, key := range slices.Sorted(maps.Keys(f)) {
		if f[key] != "" {
			b.WriteString(text(key) + f[key])
		}
	}
	return b.String() + "e"
}

func text(s string) string          { return fmt.Sprintf("%d:%s", len(s), s) }
func integer(n int64) string        { return fmt.Sprintf("i%de", n) }
func list(members ...string) string { return "l" + strings.Join(members, "") + "e" }
func hashes(n int) string           { return text(strings.Repeat("x", 20*n)) }
func torrent(info fields) string    { return fields{"info": info.encode()}.encode() }
func multi(files ...string) fields {
	return single().with(fields{"length": "", "files": list(files...)})
}
func member(of fields) string         { return of.encode() }
func infoWith(others fields) string   { return torrent(single().with(others)) }
func inFolder(files ...string) string { return torrent(multi(files...)) }

// single is the info of one file of two pieces.
func single() fields {
	return fields{
		"length": integer(20_000), "name": text("name"), "piece length": integer(16384), "pieces": hashes(2),
	}
}
