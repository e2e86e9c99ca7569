package etorrenttest

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"path"
	"testing"

	"github.com/etorrent/etorrent/internal/storage/memory"
	"github.com/etorrent/etorrent/metainfo"
)

// Storage keeps the files of torrents in memory, by their full path. It
// outlives the client that uses it.
type Storage = memory.Storage

// NewStorage returns an empty Storage.
func NewStorage() *Storage { return memory.New() }

// Content is a torrent with its bytes.
type Content struct {
	Metainfo *metainfo.Torrent
	// Bytes are those of all files, one behind the other.
	Bytes []byte
}

// NewContent makes a torrent of files with the given sizes in bytes. One size
// makes a torrent of a single file called name; more make a folder of that name
// with the files "0.bin", "1.bin" and so on. The bytes are random, and the same
// whenever name and sizes are.
func NewContent(t testing.TB, name string, pieceLength int, sizes ...int) *Content {
	t.Helper()
	spec := metainfo.Spec{Name: name, PieceLength: int64(pieceLength)}
	total := 0
	for i, size := range sizes {
		spec.Files = append(spec.Files, metainfo.SpecFile{Path: []string{fmt.Sprintf("%d.bin", i)}, Length: int64(size)})
		total += size
	}
	if len(sizes) > 1 {
		spec.Layout = metainfo.MultiFile
	}
	b, err := metainfo.NewBuilder(spec)
	if err != nil {
		t.Fatal(err)
	}
	data := randomBytes(name, total)
	for at := 0; at < total; at += pieceLength {
		b.PushPiece(sha1.Sum(data[at:min(at+pieceLength, total)]))
	}
	meta, err := metainfo.Parse(b.Build())
	if err != nil {
		t.Fatal(err)
	}
	return &Content{Metainfo: meta, Bytes: data}
}

func randomBytes(name string, n int) []byte {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	out := make([]byte, n)
	source := rand.NewChaCha8([32]byte(h.Sum(make([]byte, 24))))
	_, _ = source.Read(out)
	return out
}

// Put stores all files below a folder.
func (c *Content) Put(t testing.TB, s *Storage, dir string) { c.put(t, s, dir, c.Bytes) }

// PutPieces stores the files with the bytes of some pieces, and zeros for the
// others.
func (c *Content) PutPieces(t testing.TB, s *Storage, dir string, pieces ...int) {
	some := make([]byte, len(c.Bytes))
	length := int(c.Metainfo.PieceLength)
	for _, i := range pieces {
		copy(some[i*length:], c.Bytes[i*length:min((i+1)*length, len(some))])
	}
	c.put(t, s, dir, some)
}

func (c *Content) put(t testing.TB, s *Storage, dir string, data []byte) {
	t.Helper()
	for i, f := range c.Metainfo.Files {
		if err := s.Put(c.path(dir, i), data[f.Offset:f.Offset+f.Length]); err != nil {
			t.Fatal(err)
		}
	}
}

// Check fails the test unless all files lie below a folder as they should.
func (c *Content) Check(t testing.TB, s *Storage, dir string) {
	t.Helper()
	for i := range c.Metainfo.Files {
		c.CheckFile(t, s, dir, i)
	}
}

// CheckFile fails the test unless one file, in the torrent's order, lies below a
// folder as it should.
func (c *Content) CheckFile(t testing.TB, s *Storage, dir string, i int) {
	t.Helper()
	f := c.Metainfo.Files[i]
	got, err := s.Get(c.path(dir, i))
	switch {
	case err != nil:
		t.Errorf("%s: %v", c.path(dir, i), err)
	case !bytes.Equal(got, c.Bytes[f.Offset:f.Offset+f.Length]):
		t.Errorf("%s: other bytes than the torrent's", c.path(dir, i))
	}
}

// path is where file i lies below a folder.
func (c *Content) path(dir string, i int) string {
	if c.Metainfo.Layout == metainfo.SingleFile {
		return path.Join(dir, c.Metainfo.Name)
	}
	return path.Join(append([]string{dir, c.Metainfo.Name}, c.Metainfo.Files[i].Path...)...)
}
