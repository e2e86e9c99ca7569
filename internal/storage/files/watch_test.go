//go:build unix

package files

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
)

// changes are what another program can do to a file in use, and what a look says
// then.
var changes = map[string]struct {
	do    func(path string) error
	cause error
}{
	"removed":            {os.Remove, storage.ErrRemoved},
	"renamed away":       {func(path string) error { return os.Rename(path, path+".old") }, storage.ErrRemoved},
	"replaced by rename": {replace, storage.ErrReplaced},
	"replaced by a folder": {func(path string) error {
		return errors.Join(os.Rename(path, path+".old"), os.Mkdir(path, 0o777))
	}, storage.ErrReplaced},
	"replaced by a link to nothing": {func(path string) error {
		return errors.Join(os.Rename(path, path+".old"), os.Symlink("nowhere", path))
	}, storage.ErrReplaced},
	"shortened": {func(path string) error { return os.Truncate(path, 3) }, storage.ErrShortened},
}

// replace puts another file of equal size in a file's place.
func replace(path string) error {
	return errors.Join(os.WriteFile(path+".new", []byte("wxyz"), 0o666), os.Rename(path+".new", path))
}

// touched is a store of two written files, of which a was changed.
func touched(t *testing.T, o Options, change func(path string) error) (st *store, w *flushes, path string) {
	t.Helper()
	base := t.TempDir()
	s, w := watched(base, o)
	st = prepared(t, s, twoFiles(base))
	path = filepath.Join(base, "content", "a")
	if err := change(path); err != nil {
		t.Fatal(err)
	}
	return st, w, path
}

func TestWhatDoesNotLieAtItsPathIsNotDurable(t *testing.T) {
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			st, _, path := touched(t, Options{}, c.do)
			err := st.Sync(t.Context(), both())
			wantFaults(t, err, 0)
			if !errors.Is(err, c.cause) {
				t.Fatalf("sync: %v, want %v", err, c.cause)
			}
			if _, err := st.WriteAt([]byte("cc"), 0); !errors.Is(err, c.cause) {
				t.Errorf("a write: %v", err)
			}
			if err := errors.Join(os.RemoveAll(path), os.WriteFile(path, []byte("else"), 0o666)); err != nil {
				t.Fatal(err)
			}
			if err := st.Sync(t.Context(), both()); !errors.Is(err, c.cause) {
				t.Errorf("sync with another file there: %v", err)
			}
			if _, is := st.ViewFile(t.Context(), 0).(storage.Unusable); !is {
				t.Error("a look says that all is well")
			}
			fetchAgain(t, st, path)
		})
	}
}

// fetchAgain does with file a what a torrent does that goes on.
func fetchAgain(t *testing.T, st *store, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := st.Recheck(t.Context(), []int{0}); err != nil {
		t.Fatal(err)
	}
	if made, err := st.Prepare(t.Context(), []int{0}); err != nil || len(made) != 1 {
		t.Fatalf("made %v, %v", made, err)
	}
	if _, err := st.WriteAt([]byte("cccc"), 0); err != nil {
		t.Fatal(err)
	}
	if err := st.Sync(t.Context(), both()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "cccc" {
		t.Errorf("at its path lies %q, %v", got, err)
	}
}

// needNumbers skips where a file system does not keep a file's numbers.
func needNumbers(t *testing.T, st *store) {
	t.Helper()
	if st.numbers == numbersPass {
		t.Skip("the numbers of this file system pass")
	}
}

// What was durable before does not make up for it: a sync speaks of now.
func TestAFileThatWasFlushedBeforeIsLookedAtAllTheSame(t *testing.T) {
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			st, w, _ := touched(t, Options{}, func(string) error { return nil })
			if err := st.Sync(t.Context(), both()); err != nil {
				t.Fatal(err)
			}
			w.take()
			if err := c.do(st.path("content/a")); err != nil {
				t.Fatal(err)
			}
			if err := st.Sync(t.Context(), both()); !errors.Is(err, c.cause) || len(w.take()) > 0 {
				t.Errorf("sync: %v, want %v", err, c.cause)
			}
		})
	}
}

// A file is known by its numbers also while it is not open.
func TestAFileThatWasReplacedWhileItWasClosedIsNotTaken(t *testing.T) {
	st, _, path := touched(t, Options{Handles: NewHandles(1)}, func(string) error { return nil })
	needNumbers(t, st)
	keep, err := os.Open(path) // so that its number is not given to another
	if err != nil {
		t.Fatal(err)
	}
	defer shut(keep)
	if err := replace(path); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"read": func() error { _, err := st.ReadAt(make([]byte, 4), 0); return err }(),
		"sync": st.Sync(t.Context(), both()),
	} {
		if !errors.Is(err, storage.ErrReplaced) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, is := storage.View(storage.ErrReplaced).(storage.Changed); !is {
		t.Error("it does not view as changed")
	}
}

func TestAFileThatWasReplacedAfterTheFirstLookIsNotTaken(t *testing.T) {
	base := t.TempDir()
	prepared(t, New(Options{}), twoFiles(base)).Close()
	st := opened(t, New(Options{}), twoFiles(base))
	needNumbers(t, st)
	if _, err := st.Examine(t.Context()); err != nil {
		t.Fatal(err)
	}
	keep, err := os.Open(st.path("content/a"))
	if err != nil {
		t.Fatal(err)
	}
	defer shut(keep)
	if err := replace(st.path("content/a")); err != nil {
		t.Fatal(err)
	}
	if _, err := st.WriteAt([]byte("cc"), 0); !errors.Is(err, storage.ErrReplaced) {
		t.Errorf("a write: %v", err)
	}
	if got, _ := os.ReadFile(st.path("content/a")); string(got) != "wxyz" {
		t.Errorf("their file has %q", got)
	}
}

// Where numbers pass a closed file may come back with others; an open one keeps
// its own.
func TestNumbersThatPassAreNotHeldAgainstAFile(t *testing.T) {
	base := t.TempDir()
	s := New(Options{})
	st := opened(t, s, twoFiles(base))
	st.numbers = numbersPass
	if _, err := st.Prepare(t.Context(), []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.WriteAt([]byte("aaaabbbb"), 0); err != nil {
		t.Fatal(err)
	}
	st.discard(0)
	for _, name := range []string{"content/a", "content/b"} {
		if err := replace(st.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	err := st.Sync(t.Context(), both())
	wantFaults(t, err, 1)
	if !errors.Is(err, storage.ErrReplaced) {
		t.Errorf("sync: %v", err)
	}
}

// A write behind the end would hide that the bytes before it are gone.
func TestAFileThatWasShortenedIsNotMadeLongAgain(t *testing.T) {
	st, _, path := touched(t, Options{}, func(path string) error { return os.Truncate(path, 0) })
	if _, err := st.WriteAt([]byte("dd"), 2); !errors.Is(err, storage.ErrShortened) {
		t.Errorf("a write: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 0 {
		t.Errorf("it has %d bytes, %v", info.Size(), err)
	}
	wantFaults(t, st.Sync(t.Context(), both()), 0)
}

func TestAFileThatIsMadeAgainStaysInDoubt(t *testing.T) {
	st, _, _ := touched(t, Options{}, os.Remove)
	if made, err := st.Prepare(t.Context(), []int{0, 1}); err != nil || len(made) != 1 {
		t.Fatalf("made %v, %v", made, err)
	}
	err := st.Sync(t.Context(), both())
	wantFaults(t, err, 0)
	if !errors.Is(err, storage.ErrRemoved) {
		t.Errorf("sync: %v", err)
	}
	if u, is := st.ViewFile(t.Context(), 0).(storage.Unusable); !is || !errors.Is(u.Err, storage.ErrRemoved) {
		t.Errorf("a look says %#v", u)
	}
}

func TestAFolderThatLeftItsPathTakesItsFilesAlong(t *testing.T) {
	for name, c := range map[string]struct {
		after func(dir string) error
		cause error
	}{
		"moved":    {func(string) error { return nil }, storage.ErrFolderGone},
		"replaced": {func(dir string) error { return os.Mkdir(dir, 0o777) }, storage.ErrFolderReplaced},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "downloads")
			st := prepared(t, New(Options{}), twoFiles(dir))
			if err := errors.Join(os.Rename(dir, dir+".old"), c.after(dir)); err != nil {
				t.Fatal(err)
			}
			err := st.Sync(t.Context(), both())
			wantFaults(t, err, 0, 1)
			if _, is := storage.View(err).(storage.Missing); !is || !errors.Is(err, c.cause) {
				t.Errorf("sync: %v, want %v", err, c.cause)
			}
		})
	}
}

// What the store does itself is nobody else's doing, whenever somebody looks.
func TestACopyThatTakesTheNameOfALinkIsNoChange(t *testing.T) {
	st, _, file, other := linked(t)
	if _, err := st.Examine(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var lookers sync.WaitGroup
	for range 2 {
		lookers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if t.Failed() {
					return
				}
				if u, is := st.ViewFile(t.Context(), 0).(storage.Unusable); is {
					t.Error(u.Err)
				}
				if _, err := st.ReadAt(make([]byte, 4), 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 100 {
		if err := st.Separate(t.Context(), []int{0}); err != nil {
			t.Error(err)
			break
		}
		if err := errors.Join(os.Remove(other), os.Link(file, other)); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	lookers.Wait()
}

func TestALinkThatWasReplacedWhileItWasCopiedIsLeftAlone(t *testing.T) {
	st, w, file, _ := linked(t)
	if _, err := st.Examine(t.Context()); err != nil {
		t.Fatal(err)
	}
	flush := st.flusher.data
	st.flusher.data = func(f *os.File) error { return errors.Join(flush(f), replace(file)) }
	if err := st.Separate(t.Context(), []int{0}); !errors.Is(err, storage.ErrReplaced) {
		t.Errorf("separated: %v", err)
	}
	if got, _ := os.ReadFile(file); string(got) != "wxyz" {
		t.Errorf("their file has %q", got)
	}
	if left, _ := filepath.Glob(filepath.Join(w.base, "content", ".etorrent-copy-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestALookClosesWhatWasOpenForWriting(t *testing.T) {
	st, _, _ := touched(t, Options{}, func(string) error { return nil })
	for range 2 {
		if _, is := st.ViewFile(t.Context(), 0).(storage.Present); !is {
			t.Fatal("it is not there")
		}
		if st.files[0].handle == nil {
			t.Fatal("a file with unsynced writes was closed")
		}
		if _, err := st.WriteAt([]byte("aa"), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Sync(t.Context(), both()); err != nil {
		t.Fatal(err)
	}
	if _, is := st.ViewFile(t.Context(), 0).(storage.Present); !is || st.files[0].handle != nil {
		t.Error("it is open, or not there")
	}
}

// Workers that open a file at the same time may find it shorter than it is by the
// time that they are heard.
func TestAFileThatGrowsWhileItIsOpenedWasNotShortened(t *testing.T) {
	for range 200 {
		st := opened(t, New(Options{}), twoFiles(t.TempDir()))
		if _, err := st.Prepare(t.Context(), []int{0}); err != nil {
			t.Fatal(err)
		}
		var writers sync.WaitGroup
		for at := range int64(4) {
			writers.Go(func() {
				if _, err := st.WriteAt([]byte{'a' + byte(at)}, at); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		if t.Failed() {
			return
		}
	}
}
