package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
)

// linked is a store whose first file has another name elsewhere.
func linked(t *testing.T) (st *store, w *flushes, file, other string) {
	t.Helper()
	dir := t.TempDir()
	s, w := watched(dir, Options{})
	st = prepared(t, s, twoFiles(dir))
	file, other = filepath.Join(dir, filepath.FromSlash(st.spec.Files[0].Path)), filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(file, []byte("as it was"), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o666); err != nil { // more than the mask leaves of a new file
		t.Fatal(err)
	}
	if err := os.Link(file, other); err != nil {
		t.Skip(err)
	}
	w.take()
	st.discard(0) // it was opened before there was a link
	return st, w, file, other
}

func TestALinkedFileIsNotWrittenButSeparatedAndThenWritten(t *testing.T) {
	st, _, file, other := linked(t)
	if _, err := st.WriteAt([]byte("x"), 0); !errors.Is(err, storage.ErrLinked) {
		t.Fatalf("a write to a linked file: %v", err)
	}
	if err := st.Separate(t.Context(), []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.WriteAt([]byte("is"), 0); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{file: "is it was", other: "as it was"} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// A flush opens files for writing on Windows. That is no write, and must not let the
// next one through either.
func TestALinkedFileThatIsOpenToBeFlushedIsNotWritten(t *testing.T) {
	st, _, _, _ := linked(t)
	h, err := st.open(0, storage.ReadWrite)
	if err != nil {
		t.Fatalf("opened to be flushed: %v", err)
	}
	st.release(h)
	if err := st.Sync(t.Context(), both()); err != nil {
		t.Error(err)
	}
	if _, err := st.WriteAt([]byte("x"), 0); !errors.Is(err, storage.ErrLinked) {
		t.Errorf("a write to a linked file: %v", err)
	}
}

// The copy takes what the original takes.
func TestTheCopyOfALinkedFileHasItsHoles(t *testing.T) {
	const size, at = 64 << 20, 5 << 20
	st, _, file, other := linked(t)
	st.copier.clone = func(_, _ *os.File) error { return errors.ErrUnsupported }
	if err := os.Truncate(file, size); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("in the middle"), at); err != nil {
		t.Fatal(err)
	}
	if err := st.Separate(t.Context(), []int{0}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	want, _ := os.ReadFile(other)
	if err != nil || len(got) != size || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, not those of the original (%v)", len(got), err)
	}
	mine, _ := os.Stat(file)
	theirs, _ := os.Stat(other)
	if storedBytes(theirs) > size/2 {
		t.Skip("the file system fills holes")
	}
	if storedBytes(mine) > size/2 {
		t.Errorf("it takes %d bytes, the original %d", storedBytes(mine), storedBytes(theirs))
	}
}

func TestTheCopyOfALinkedFileIsSetAsideWhereThatIsAskedFor(t *testing.T) {
	const size = 8 << 20
	st, _, file, _ := linked(t)
	st.copier.clone = func(_, _ *os.File) error { return errors.ErrUnsupported }
	st.spec.Allocate = storage.Full
	if err := os.Truncate(file, size); err != nil {
		t.Fatal(err)
	}
	trial, err := os.Create(filepath.Join(t.TempDir(), "trial"))
	if err != nil {
		t.Fatal(err)
	}
	defer trial.Close()
	if err := allocate(trial, size); err != nil {
		t.Fatal(err)
	}
	if err := st.Separate(t.Context(), []int{0}); err != nil {
		t.Fatal(err)
	}
	mine, _ := os.Stat(file)
	theirs, _ := trial.Stat()
	if storedBytes(mine) < storedBytes(theirs) {
		t.Errorf("it takes %d bytes, one that was set aside %d", storedBytes(mine), storedBytes(theirs))
	}
}

func TestALinkedFileIsNotCopiedWithoutRoomUnlessItsBytesCanBeShared(t *testing.T) {
	st, _, file, other := linked(t)
	st.copier = copier{
		clone: func(_, _ *os.File) error { return errors.ErrUnsupported },
		space: func() storage.SpaceEvidence { return storage.SpaceKnown{Free: 4} },
	}
	err := st.Separate(t.Context(), []int{0})
	if err == nil {
		t.Fatal("copied without room")
	}
	if _, full := storage.View(err).(storage.NoSpace); !full && runtime.GOOS != "windows" {
		t.Errorf("%v", err)
	}
	one, _ := os.Stat(file)
	two, _ := os.Stat(other)
	if entries, _ := os.ReadDir(filepath.Dir(file)); !os.SameFile(one, two) || len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
	st.copier.clone = func(to, from *os.File) error {
		_, err := io.Copy(to, from)
		return err
	}
	if err := st.Separate(t.Context(), []int{0}); err != nil {
		t.Fatalf("a copy that takes no room: %v", err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "as it was" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDeletingAFileDeletesWhatACrashLeftOfItsCopy(t *testing.T) {
	st, _, file, other := linked(t)
	temporary := filepath.Join(filepath.Dir(file), filepath.Base(st.copyName(st.spec.Files[0].Path)))
	if err := os.WriteFile(temporary, []byte("part"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := st.Delete(t.Context(), []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(file)); !os.IsNotExist(err) {
		t.Errorf("the folder is still there (%v)", err)
	}
	if got, _ := os.ReadFile(other); string(got) != "as it was" {
		t.Errorf("the other name has %q", got)
	}
}

func TestTheCopyOfALinkedFileIsDurableBeforeItTakesTheName(t *testing.T) {
	st, w, file, other := linked(t)
	temporary := filepath.Join(filepath.Dir(file), filepath.Base(st.copyName(st.spec.Files[0].Path)))
	rel, _ := filepath.Rel(w.base, temporary)
	w.fail[filepath.ToSlash(rel)] = syscall.EIO
	if err := st.Separate(t.Context(), []int{0}); !errors.Is(err, syscall.EIO) {
		t.Fatalf("a copy that cannot be synced: %v", err)
	}
	one, _ := os.Stat(file)
	two, _ := os.Stat(other)
	if !os.SameFile(one, two) {
		t.Error("a copy that is not durable took the name")
	}
	if _, err := os.Stat(temporary); err == nil {
		t.Error("it was left behind")
	}
}

func TestACopyThatACrashLeftIsReplaced(t *testing.T) {
	st, _, file, other := linked(t)
	temporary := filepath.Join(filepath.Dir(file), filepath.Base(st.copyName(st.spec.Files[0].Path)))
	if err := os.WriteFile(temporary, bytes.Repeat([]byte("old"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := st.Separate(t.Context(), []int{0}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "as it was" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := os.Stat(temporary); err == nil {
		t.Error("it is still there")
	}
	if got, _ := os.ReadFile(other); string(got) != "as it was" {
		t.Errorf("the other name has %q", got)
	}
}

func TestSeparatingEndsWithItsContext(t *testing.T) {
	st, _, file, other := linked(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := st.Separate(ctx, []int{0}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	one, _ := os.Stat(file)
	two, _ := os.Stat(other)
	if !os.SameFile(one, two) {
		t.Error("separated all the same")
	}
}

func TestACopyTakesNoNameOfTheTorrents(t *testing.T) {
	st, _, _, _ := linked(t)
	st.spec.Files[1].Path = st.copyName(st.spec.Files[0].Path)
	if name := st.copyName(st.spec.Files[0].Path); name == st.spec.Files[1].Path {
		t.Errorf("it would take %s", name)
	}
}
