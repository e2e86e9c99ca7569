package metainfo_test

import (
	"bytes"
	"crypto/sha1"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
	"github.com/google/go-cmp/cmp"
)

// mktorrent runs the program of that name on a tree and parses what it made.
func mktorrent(t *testing.T, root string, options ...string) *metainfo.Torrent {
	t.Helper()
	program, err := exec.LookPath("mktorrent")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("mktorrent is missing")
		}
		t.Skip("mktorrent is missing")
	}
	out := filepath.Join(t.TempDir(), "made.torrent")
	args := append([]string{"-a", "http://t.example/announce", "-l", "16", "-o", out}, append(options, root)...)
	if b, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return mustParse(t, b)
}

// writeTree makes files of random bytes below a new folder of the given name.
func writeTree(t *testing.T, name string, sizes map[string]int) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), name)
	source := rand.NewChaCha8([32]byte{1})
	for path, size := range sizes {
		b := make([]byte, size)
		_, _ = source.Read(b) // never fails
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// respec is the spec of a torrent of which only the pieces are missing.
func respec(t *metainfo.Torrent) metainfo.Spec {
	s := metainfo.Spec{Name: t.Name, Layout: t.Layout, PieceLength: t.PieceLength, Privacy: t.Privacy, Source: t.Source}
	for _, f := range t.Files {
		s.Files = append(s.Files, metainfo.SpecFile{Path: f.Path, Length: f.Length, Attributes: f.Attributes})
	}
	return s
}

// rebuild hashes the files below the folder that holds the content.
func rebuild(t *testing.T, s metainfo.Spec, folder string) *metainfo.Torrent {
	t.Helper()
	b, err := metainfo.NewBuilder(s)
	if err != nil {
		t.Fatal(err)
	}
	var content []byte
	for _, f := range b.Files() {
		more, err := os.ReadFile(filepath.Join(append([]string{folder}, f.Path...)...))
		if err != nil {
			t.Fatal(err)
		}
		content = append(content, more...)
	}
	r, piece := bytes.NewReader(content), make([]byte, s.PieceLength)
	for range b.PieceCount() {
		n, _ := io.ReadFull(r, piece)
		b.PushPiece(sha1.Sum(piece[:n]))
	}
	return mustParse(t, b.Build())
}

func TestAFileOfMktorrentIsRebuilt(t *testing.T) {
	root := writeTree(t, "", map[string]int{"a file.bin": 300_001})
	made := mktorrent(t, filepath.Join(root, "a file.bin"), "-p", "-s", "SRC", "-c", "remark", "-w", "http://s.example/,http://r.example/")
	if made.Privacy != metainfo.Private || made.Source != "SRC" || made.Comment != "remark" || len(made.WebSeeds) != 2 ||
		made.CreationDate.IsZero() || made.Layout != metainfo.SingleFile || made.Findings != nil {
		t.Errorf("parsed as %+v", made)
	}
	if again := rebuild(t, respec(made), root); again.ID() != made.ID() {
		t.Errorf("rebuilt\n%q, made\n%q", again.InfoBytes, made.InfoBytes)
	}
}

func TestAFolderOfMktorrentIsRebuilt(t *testing.T) {
	root := writeTree(t, "folder", map[string]int{"b/c.bin": 100_000, "b/d.bin": 0, "a.bin": 65_536, "z": 1})
	made := mktorrent(t, root, "-d", "-a", "http://u.example/announce,http://v.example/announce")
	want := [][]string{{"http://t.example/announce"}, {"http://u.example/announce", "http://v.example/announce"}}
	if d := cmp.Diff(want, made.Announce); d != "" || !made.CreationDate.IsZero() || made.Findings != nil {
		t.Errorf("date %v, findings %v, announce %s", made.CreationDate, made.Findings, d)
	}
	if again := rebuild(t, respec(made), root); again.ID() != made.ID() {
		t.Errorf("rebuilt\n%q, made\n%q", again.InfoBytes, made.InfoBytes)
	}
}
