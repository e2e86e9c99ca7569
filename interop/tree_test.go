//go:build linux

package interop

import (
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree describes the content of a torrent. Its bytes follow from the paths, so
// that two trees of one description are equal.
type tree struct {
	name  string // the torrent's
	files []file // one without a path: the torrent is a single file
}

type file struct {
	path string // below the tree, with slashes
	size int64
}

func (tr tree) size() int64 {
	n := int64(0)
	for _, f := range tr.files {
		n += f.size
	}
	return n
}

// write makes the tree below dir and returns where it lies.
func (tr tree) write(t *testing.T, dir string) string {
	t.Helper()
	top := filepath.Join(dir, tr.name)
	for _, f := range tr.files {
		path := filepath.Join(top, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		out, err := os.Create(path)
		if err == nil {
			_, err = io.CopyN(out, noise(tr.name+"/"+f.path), f.size)
		}
		if err == nil {
			err = out.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return top
}

// noise is an endless stream of bytes that follow from a name.
func noise(name string) io.Reader {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	var seed [32]byte
	copy(seed[:], h.Sum(nil))
	return rand.NewChaCha8(seed)
}

func oneFile(size int64) tree { return tree{"one file.bin", []file{{"", size}}} }

// components are folder and file names that have bitten someone.
var components = []string{
	"plain", "with space", "Ünïcödé", "日本語", "한국어", "עברית", "русский", "😀 emoji", "e\u0301 decomposed",
	"-dash first", "quote's \"two\"", "semi;colon", "percent%20", "#hash", "[brackets]", "a.b.c", ".hidden",
	strings.Repeat("long", 50), strings.Repeat("ж", 100),
}

// nested are n files up to five folders deep, one in ten of them empty.
func nested(n int) tree {
	r := rand.New(rand.NewPCG(1, 2))
	tr := tree{name: "nested ✓ Größe"}
	for i := range n {
		path := ""
		for range r.IntN(6) {
			path += components[r.IntN(len(components))] + "/"
		}
		size := r.Int64N(40_000)
		if i%10 == 3 {
			size = 0
		}
		tr.files = append(tr.files, file{fmt.Sprintf("%s%s %d", path, components[i%len(components)], i), size})
	}
	return tr
}

// small are n files far smaller than a piece; the first, some in the middle and
// the last are empty.
func small(n int) tree {
	r := rand.New(rand.NewPCG(3, 4))
	tr := tree{name: "small"}
	for i := range n {
		size := 1 + r.Int64N(4000)
		if i == 0 || i%17 == 9 || i == n-1 {
			size = 0
		}
		tr.files = append(tr.files, file{fmt.Sprintf("f%04d", i), size})
	}
	return tr
}

// volumes are files of these sizes.
func volumes(name string, sizes ...int64) tree {
	tr := tree{name: name}
	for i, n := range sizes {
		tr.files = append(tr.files, file{fmt.Sprintf("volume %d/data", i), n})
	}
	return tr
}
