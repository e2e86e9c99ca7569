package files

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// threeFiles has files of 11 bytes in pieces of 4: pieces 2 and 5 lie in two files
// each.
func threeFiles(dir string) storage.Spec {
	spec := storage.Spec{
		Name: "three", Dir: dir, Parts: storage.PartsName("00ff"), Geometry: geometry.Geometry{TotalLength: 33, PieceLength: 4},
	}
	for i, name := range []string{"content/a", "content/b", "content/c"} {
		spec.Files = append(spec.Files, storage.File{Path: name, Offset: int64(11 * i), Length: 11})
	}
	return spec
}

// onlyMiddle has the middle one of threeFiles, whose pieces 2 to 5 are written.
func onlyMiddle(t *testing.T, s *Storage, dir string) *store {
	t.Helper()
	st := opened(t, s, threeFiles(dir))
	if made, err := st.Prepare(t.Context(), []int{1}); err != nil || len(made) != 1 {
		t.Fatal(made, err)
	}
	if err := st.KeepParts(t.Context(), []int{0, 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.WriteAt([]byte("AAABBBBBBBBBBBCC"), 8); err != nil {
		t.Fatal(err)
	}
	return st
}

func mustRead(t *testing.T, st storage.Store, off int64, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := st.ReadAt(got, off); err != nil || string(got) != want {
		t.Errorf("at %d: %q, %d, %v", off, got, n, err)
	}
}

func mustNotBeThere(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEdgesOfUnwantedFilesLieInThePartsFile(t *testing.T) {
	dir := t.TempDir()
	s, w := watched(dir, Options{})
	st := onlyMiddle(t, s, dir)
	mustNotBeThere(t, filepath.Join(dir, "content", "a"), filepath.Join(dir, "content", "c"))
	if _, err := st.ReadAt(make([]byte, 4), 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a byte that is kept nowhere: %v", err)
	}
	if _, err := st.WriteAt([]byte("x"), 5); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a write to it: %v", err)
	}
	w.take()
	if err := st.Sync(t.Context(), pieceset.Of(9, 2)); err != nil {
		t.Fatal(err)
	}
	if got := w.take(); !bytes.Contains([]byte(join(got)), []byte(st.spec.Parts)) {
		t.Errorf("flushed %v, not the parts file", got)
	}
	st.Close()
	again := opened(t, New(Options{}), threeFiles(dir))
	facts, err := again.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, home := range []storage.Home{storage.InParts, storage.InPlace, storage.InParts} {
		if p, there := facts[i].(storage.Present); !there || p.Home != home || p.Size != 11 {
			t.Errorf("file %d: %+v", i, facts[i])
		}
	}
	mustRead(t, again, 8, "AAABBBBBBBBBBBCC")
}

func join(names []string) string {
	var b bytes.Buffer
	for _, n := range names {
		b.WriteString(n + "\n")
	}
	return b.String()
}

func TestAFileThatIsWantedLaterHasItsEdgesFromThePartsFile(t *testing.T) {
	dir := t.TempDir()
	st := onlyMiddle(t, New(Options{}), dir)
	for _, i := range []int{0, 2} {
		if made, err := st.Prepare(t.Context(), []int{0, 1, i}); err != nil || len(made) != 1 {
			t.Fatal(made, err)
		}
		mustRead(t, st, 8, "AAABBBBBBBBBBBCC")
	}
	if got, err := os.ReadFile(filepath.Join(dir, "content", "a")); err != nil || string(got) != "\x00\x00\x00\x00\x00\x00\x00\x00AAA" {
		t.Errorf("%q, %v", got, err)
	}
	mustNotBeThere(t, filepath.Join(dir, st.spec.Parts))
	if entries, err := os.ReadDir(filepath.Join(dir, "content")); err != nil || len(entries) != 3 {
		t.Errorf("%v, %v", entries, err)
	}
}

// A file takes its name only when what is kept of it is there for good.
func TestAFileWhoseEdgesCannotBeCopiedIsNotMade(t *testing.T) {
	dir := t.TempDir()
	s, w := watched(dir, Options{})
	st := onlyMiddle(t, s, dir)
	w.fail["content/"+filepath.Base(st.copyName("content/a"))] = syscall.EIO
	if made, err := st.Prepare(t.Context(), []int{0}); !errors.Is(err, syscall.EIO) || len(made) > 0 {
		t.Fatal(made, err)
	}
	mustNotBeThere(t, filepath.Join(dir, "content", "a"))
	mustRead(t, st, 8, "AAAB")
}

func TestAPartsFileThatWasCutKeepsNothing(t *testing.T) {
	dir := t.TempDir()
	st := onlyMiddle(t, New(Options{}), dir)
	if err := os.Truncate(filepath.Join(dir, st.spec.Parts), 1); err != nil {
		t.Fatal(err)
	}
	facts, err := st.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p, there := facts[0].(storage.Present); !there || p.Size != 0 {
		t.Errorf("%+v", facts[0])
	}
	if _, ok := facts[1].(storage.Present); !ok {
		t.Errorf("%+v", facts[1])
	}
}

// Bytes are not looked for in the parts file because a file was removed.
func TestARemovedFileIsMissingThoughThereIsAPartsFile(t *testing.T) {
	dir := t.TempDir()
	st := onlyMiddle(t, New(Options{}), dir)
	if err := os.Remove(filepath.Join(dir, "content", "b")); err != nil {
		t.Fatal(err)
	}
	st.discard(1)
	if _, err := st.ReadAt(make([]byte, 2), 12); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if facts, err := st.Examine(t.Context()); err != nil || facts[1] != (storage.Absent{}) {
		t.Errorf("%+v, %v", facts[1], err)
	}
}

func TestThePartsFileGoesWithTheLastFile(t *testing.T) {
	dir := t.TempDir()
	st := onlyMiddle(t, New(Options{}), dir)
	parts := filepath.Join(dir, st.spec.Parts)
	if err := st.Delete(t.Context(), []int{0}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(parts); err != nil {
		t.Error(err)
	}
	if err := st.Delete(t.Context(), []int{1}); err != nil {
		t.Fatal(err)
	}
	mustNotBeThere(t, parts, filepath.Join(dir, "content"))
}

func TestAPartsFileThatLeadsElsewhereIsNotWritten(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(elsewhere, []byte("precious, and long enough for all edges"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, threeFiles(dir).Parts)); err != nil {
		t.Skip(err)
	}
	st := opened(t, New(Options{}), threeFiles(dir))
	if err := st.KeepParts(t.Context(), []int{0}); err == nil {
		if _, err := st.WriteAt([]byte("xx"), 8); err == nil {
			t.Error("it was written")
		}
	}
	if got, _ := os.ReadFile(elsewhere); !bytes.HasPrefix(got, []byte("precious")) {
		t.Errorf("%q", got)
	}
}
