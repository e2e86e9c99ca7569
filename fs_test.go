package etorrent_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/metainfo"
)

// contentOf is a torrent of files with given paths and bytes.
func contentOf(t *testing.T, name string, piece int64, files map[string][]byte) *etorrenttest.Content {
	t.Helper()
	spec := metainfo.Spec{Name: name, PieceLength: piece, Layout: metainfo.MultiFile}
	var all []byte
	for _, path := range slices.Sorted(func(yield func(string) bool) {
		for p := range files {
			if !yield(p) {
				return
			}
		}
	}) {
		spec.Files = append(spec.Files, metainfo.SpecFile{Path: strings.Split(path, "/"), Length: int64(len(files[path]))})
		all = append(all, files[path]...)
	}
	b, err := metainfo.NewBuilder(spec)
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < int64(len(all)); at += piece {
		b.PushPiece(sha1.Sum(all[at:min(at+piece, int64(len(all)))]))
	}
	meta, err := metainfo.Parse(b.Build())
	if err != nil {
		t.Fatal(err)
	}
	return &etorrenttest.Content{Metainfo: meta, Bytes: all}
}

// bytesOf are n bytes that repeat late.
func bytesOf(seed byte, n int) []byte {
	out := make([]byte, n)
	x := uint32(seed) + 1
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = byte(x >> 24)
	}
	return out
}

func TestTheFSOfATorrentIsAnFSWhileItComes(t *testing.T) {
	long(t)
	inSwarm(t, func(t *testing.T, s *swarm) {
		files := map[string][]byte{
			"a.txt": []byte("hello"), "empty": nil, "deep/er/b.bin": bytesOf(1, 100_000), "deep/c.bin": bytesOf(2, 70_000),
		}
		c := contentOf(t, "tree", 16<<10, files)
		_, fetching := watched(t, s, c, 2, 100_000)
		tree := fetching.FS(t.Context())
		if err := fstest.TestFS(tree, "a.txt", "empty", "deep/er/b.bin", "deep/c.bin"); err != nil {
			t.Error(err)
		}
		for name, want := range files {
			got, err := fs.ReadFile(tree, name)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, %v", name, len(got), err)
			}
		}
		var told []string
		for f := range fetching.Files() {
			info, err := fs.Stat(tree, f.Path)
			if err != nil || info.Size() != f.Size {
				t.Errorf("%s: %v, %v", f.Path, info, err)
			}
			told = append(told, f.Path)
		}
		if len(told) != len(files) {
			t.Errorf("files %q", told)
		}
	})
}

func TestTheFSIsThereBeforeAnyByteIsAndEndsWithItsContext(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "nobody has it", 16<<10, 100_000, 5)
		fetching := c.Fetch(t, s.join().Client)
		ctx, cancel := context.WithCancel(t.Context())
		tree := fetching.FS(ctx)
		list, err := fs.ReadDir(tree, ".")
		if err != nil || len(list) != 2 {
			t.Fatalf("%v, %v", list, err)
		}
		f, err := tree.Open("0.bin")
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Minute, cancel)
		began := time.Now()
		var named *fs.PathError
		if _, err := f.Read(make([]byte, 1)); !errors.As(err, &named) || named.Path != "0.bin" || !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		if d := time.Since(began); d != time.Minute {
			t.Errorf("it took %v", d)
		}
		if _, err := tree.Open("0.bin"); !errors.Is(err, context.Canceled) {
			t.Errorf("opened: %v", err)
		}
		for name, want := range map[string]error{"nothing": fs.ErrNotExist, "../x": fs.ErrInvalid, "": fs.ErrInvalid, "0.bin/x": fs.ErrNotExist} {
			if _, err := fetching.FS(t.Context()).Open(name); !errors.Is(err, want) {
				t.Errorf("%q: %v", name, err)
			}
		}
	})
}

// What a torrent says of its names may be anything; what its FS says may not.
func TestHostileNamesAreSafeInTheFS(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		var info bytes.Buffer
		info.WriteString("d4:infod5:filesl")
		for _, path := range []string{"l2:..6:passwde", "l1:.0:1:ae", "l1:a1:be", "l4:x/\x00ye", "l2:\xff\xfee"} {
			fmt.Fprintf(&info, "d6:lengthi1e4:path%se", path)
		}
		sum := sha1.Sum([]byte("12345"))
		info.WriteString("e4:name3:bad12:piece lengthi16384e6:pieces20:" + string(sum[:]) + "ee")
		meta, err := metainfo.Parse(info.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		fetching, err := s.join().Add(t.Context(), etorrent.FromMetainfo(meta))
		if err != nil {
			t.Fatal(err)
		}
		var told, found []string
		for f := range fetching.Files() {
			told = append(told, f.Path)
		}
		err = fs.WalkDir(fetching.FS(t.Context()), ".", func(path string, d fs.DirEntry, err error) error {
			if !d.IsDir() {
				found = append(found, path)
			}
			return err
		})
		slices.Sort(told)
		slices.Sort(found)
		if err != nil || len(told) != 5 || !slices.Equal(told, found) || strings.Contains(strings.Join(told, " "), "..") {
			t.Errorf("told %q, found %q, %v", told, found, err)
		}
	})
}

func TestAZIPIsReadWhileItComes(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		var archive bytes.Buffer
		z := zip.NewWriter(&archive)
		want := bytesOf(3, 900_000)
		for _, name := range []string{"first", "second"} {
			w, err := z.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(want); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		c := contentOf(t, "zipped", 32<<10, map[string][]byte{"a.zip": archive.Bytes(), "later.bin": bytesOf(4, 2_000_000)})
		_, fetching := watched(t, s, c, 2, 100_000)
		f, err := fetching.FS(t.Context()).Open("a.zip")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, err := zip.NewReader(f.(io.ReaderAt), int64(archive.Len()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := fs.ReadFile(r, "second")
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if st := fetching.Stats(); st.Durable == st.Pieces {
			t.Error("all was there before")
		}
	})
}
