//go:build linux

package interop

import (
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
)

// sums are the sizes and SHA-256 of all files below dir by path.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		n, err := io.Copy(h, f)
		rel, relErr := filepath.Rel(dir, path)
		out[rel] = fmt.Sprintf("%d bytes, %x", n, h.Sum(nil))
		return errors.Join(err, relErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// mustBeEqual fails the test unless both folders hold the same files with the
// same bytes, and nothing else.
func mustBeEqual(t *testing.T, want, got string) {
	t.Helper()
	a, b := sums(t, want), sums(t, got)
	for path, sum := range a {
		if b[path] == "" {
			t.Errorf("%q is missing", path)
		} else if b[path] != sum {
			t.Errorf("%q is %s, want %s", path, b[path], sum)
		}
	}
	for path, sum := range b {
		if a[path] == "" {
			t.Errorf("%q should not be there (%s)", path, sum)
		}
	}
}

// parse reads a .torrent.
func parse(t *testing.T, path string) *metainfo.Torrent {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := metainfo.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// pieceIsRight says whether the bytes of a piece that lie below dir have the
// hash that the torrent names. It reads the files itself, as they are now.
func pieceIsRight(t *testing.T, m *metainfo.Torrent, dir string, index int) bool {
	t.Helper()
	from := int64(index) * m.PieceLength
	to := min(from+m.PieceLength, m.TotalLength)
	h := sha1.New()
	for _, f := range m.Files {
		begin, end := max(from, f.Offset), min(to, f.Offset+f.Length)
		if begin >= end {
			continue
		}
		parts := append([]string{dir, m.Name}, f.Path...)
		if m.Layout == metainfo.SingleFile {
			parts = parts[:2]
		}
		file, err := os.Open(filepath.Join(parts...))
		if err != nil {
			t.Logf("piece %d: %v", index, err)
			return false
		}
		_, err = io.Copy(h, io.NewSectionReader(file, begin-f.Offset, end-begin))
		_ = file.Close()
		if err != nil {
			t.Logf("piece %d: %v", index, err)
			return false
		}
	}
	return [sha1.Size]byte(h.Sum(nil)) == m.PieceHash(index)
}
