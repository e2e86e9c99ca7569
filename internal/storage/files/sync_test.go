package files

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// flushes counts flushes by path below a folder and lets some fail.
type flushes struct {
	mu   sync.Mutex
	base string
	seen map[string]int
	fail map[string]error
}

// watched is a Storage whose flushes are counted.
func watched(base string, o Options) (*Storage, *flushes) {
	w := &flushes{base: base, seen: make(map[string]int), fail: make(map[string]error)}
	s := New(o)
	s.flusher = flusher{data: w.flush, folder: w.flush}
	return s, w
}

func (w *flushes) flush(f *os.File) error {
	rel, err := filepath.Rel(w.base, f.Name())
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[filepath.ToSlash(rel)]++
	return w.fail[filepath.ToSlash(rel)]
}

// take returns the paths flushed since the last take, sorted.
func (w *flushes) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	paths := slices.Sorted(maps.Keys(w.seen))
	clear(w.seen)
	return paths
}

func TestNewFoldersAreSyncedUpToTheOneThatWasThere(t *testing.T) {
	base := t.TempDir()
	s, w := watched(base, Options{})
	st := prepared(t, s, twoFiles(filepath.Join(base, "new", "dir")))
	if got := w.take(); !slices.Contains(got, ".") || !slices.Contains(got, "new") {
		t.Errorf("making the folder flushed %v, not . and new", got)
	}
	if err := st.Sync(t.Context(), pieceset.Of(2, 1)); err != nil {
		t.Fatal(err)
	}
	want := []string{"new", "new/dir", "new/dir/content", "new/dir/content/b"}
	if got := w.take(); !slices.Equal(got, want) {
		t.Errorf("sync of file b flushed %v, want %v", got, want)
	}
	if err := st.Sync(t.Context(), both()); err != nil {
		t.Fatal(err)
	}
	if got, want := w.take(), []string{"new/dir/content/a"}; !slices.Equal(got, want) {
		t.Errorf("sync of both flushed %v, want %v", got, want)
	}
	if err := st.Sync(t.Context(), both()); err != nil {
		t.Fatal(err)
	}
	if got := w.take(); len(got) > 0 {
		t.Errorf("sync of what is durable flushed %v", got)
	}
}

// A folder that is there was perhaps made by somebody who could not sync it: a
// former run that was killed, or this one before a fault.
func TestTheWayToTheFolderIsSyncedOnceThoughItIsThere(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "new", "dir")
	s, w := watched(base, Options{})
	w.fail["."] = syscall.EIO
	st := opened(t, s, twoFiles(dir))
	if _, err := st.Prepare(t.Context(), []int{0, 1}); err == nil {
		t.Fatal("a folder that could not be synced is no fault")
	}
	delete(w.fail, ".")
	w.take()
	st.Close()
	st = prepared(t, s, twoFiles(dir))
	if got := w.take(); !slices.Contains(got, ".") || slices.Contains(got, "new") {
		t.Errorf("after the fault %v were flushed: . is due, and not new", got)
	}
	st.Close()
	prepared(t, s, twoFiles(filepath.Join(base, "new", "other")))
	if got := w.take(); !slices.Contains(got, "new") || slices.Contains(got, ".") {
		t.Errorf("for a folder beside it %v were flushed: new is due, and not .", got)
	}
}

func TestWritesOfAFormerRunAreSynced(t *testing.T) {
	base := t.TempDir()
	prepared(t, New(Options{}), twoFiles(base)).Close()
	s, w := watched(base, Options{})
	for _, access := range []storage.Access{storage.ReadWrite, storage.ReadOnly} {
		spec := twoFiles(base)
		spec.Access = access
		st := opened(t, s, spec)
		if err := st.Sync(t.Context(), pieceset.Of(2, 0)); err != nil {
			t.Fatal(err)
		}
		if got, want := w.take(), []string{".", "..", "content", "content/a"}; flushMode == storage.ReadOnly && !slices.Equal(got, want) {
			t.Errorf("access %v: flushed %v, want %v", access, got, want)
		}
	}
}

func TestFailedSyncIsNeverRetriedAsProof(t *testing.T) {
	base := t.TempDir()
	s, w := watched(base, Options{})
	st := prepared(t, s, twoFiles(base))
	w.fail["content/a"] = syscall.EIO
	err := st.Sync(t.Context(), both())
	wantFaults(t, err, 0)
	if _, ok := storage.View(err).(storage.InputOutput); !ok {
		t.Errorf("sync: %v, want InputOutput", err)
	}
	delete(w.fail, "content/a")
	if _, err := st.WriteAt([]byte("cccc"), 0); err != nil {
		t.Fatal(err)
	}
	w.take()
	wantFaults(t, st.Sync(t.Context(), both()), 0)
	if got := w.take(); len(got) > 0 {
		t.Errorf("sync of a file in doubt flushed %v", got)
	}
	if err := st.Sync(t.Context(), pieceset.Of(2, 1)); err != nil {
		t.Errorf("sync of the other file: %v", err)
	}
	if err := st.Recheck(t.Context(), []int{0}); err != nil {
		t.Fatal(err)
	}
	if err := st.Sync(t.Context(), both()); err != nil {
		t.Errorf("sync after recheck: %v", err)
	}
	if got := w.take(); !slices.Contains(got, "content/a") {
		t.Errorf("sync after recheck flushed %v only", got)
	}
}

func TestFailedFolderSyncDoubtsEveryFileBelow(t *testing.T) {
	base := t.TempDir()
	s, w := watched(base, Options{})
	st := prepared(t, s, twoFiles(base))
	w.fail["content"] = syscall.EIO
	wantFaults(t, st.Sync(t.Context(), pieceset.Of(2, 1)), 1)
	delete(w.fail, "content")
	wantFaults(t, st.Sync(t.Context(), both()), 0, 1)
	if err := st.Recheck(t.Context(), []int{1}); err != nil {
		t.Fatal(err)
	}
	wantFaults(t, st.Sync(t.Context(), both()), 0)
}

func TestFileThatWentMissingStaysInDoubtWhenAnotherTakesItsPlace(t *testing.T) {
	base := t.TempDir()
	prepared(t, New(Options{}), twoFiles(base)).Close()
	st := opened(t, New(Options{}), twoFiles(base))
	if err := os.Remove(filepath.Join(base, "content", "a")); err != nil {
		t.Fatal(err)
	}
	wantFaults(t, st.Sync(t.Context(), both()), 0)
	if err := (disk{}).Put(filepath.Join(base, "content", "a"), []byte("else")); err != nil {
		t.Fatal(err)
	}
	wantFaults(t, st.Sync(t.Context(), both()), 0)
}

func TestUnsyncedFileIsFlushedBeforeItsPlaceIsTaken(t *testing.T) {
	base := t.TempDir()
	s, w := watched(base, Options{Handles: NewHandles(1)})
	w.fail["content/a"] = syscall.EIO
	st := prepared(t, s, twoFiles(base))
	if got := w.take(); !slices.Contains(got, "content/a") {
		t.Errorf("flushed %v, want content/a among them", got)
	}
	if n := s.handles.Open(); n != 1 {
		t.Errorf("%d files are open, want 1", n)
	}
	wantFaults(t, st.Sync(t.Context(), both()), 0)
}

func TestBudgetIsSharedAndGivenBack(t *testing.T) {
	budget := NewHandles(3)
	var stores []*store
	for range 4 {
		st := prepared(t, New(Options{Handles: budget}), twoFiles(t.TempDir()))
		if err := st.Sync(t.Context(), both()); err != nil {
			t.Fatal(err)
		}
		stores = append(stores, st)
	}
	if n := budget.Open(); n != 3 {
		t.Errorf("%d files are open, want 3", n)
	}
	for _, st := range stores {
		got := make([]byte, 8)
		if _, err := st.ReadAt(got, 0); err != nil || string(got) != "aaaabbbb" {
			t.Errorf("read %q, %v", got, err)
		}
		st.Close()
	}
	if n := budget.Open(); n != 0 {
		t.Errorf("%d files are open after all closed", n)
	}
}

func TestSyncWaitsForItsTurnNoLongerThanItsContext(t *testing.T) {
	st := prepared(t, New(Options{}), twoFiles(t.TempDir()))
	st.syncing <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := st.Sync(ctx, both()); !errors.Is(err, context.Canceled) {
		t.Errorf("sync: %v, want context.Canceled", err)
	}
	<-st.syncing
}

func wantFaults(t *testing.T, err error, files ...int) {
	t.Helper()
	var several *storage.SyncError
	if !errors.As(err, &several) || !slices.Equal(several.Files(), files) {
		t.Fatalf("sync: %v, want faults of files %v", err, files)
	}
}
