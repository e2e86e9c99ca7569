//go:build unix

package files

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func TestPipeInAFilesPlaceIsRefusedAtOnce(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "content"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "content", "a"), 0o666); err != nil {
		t.Skip(err)
	}
	st := opened(t, New(Options{}), twoFiles(dir))
	_, readErr := st.ReadAt(make([]byte, 4), 0)
	_, writeErr := st.WriteAt(make([]byte, 4), 0)
	for what, err := range map[string]error{"read": readErr, "write": writeErr} {
		if _, ok := storage.View(err).(storage.PathBlocked); !ok {
			t.Errorf("%s: %v, want PathBlocked", what, err)
		}
	}
}

func TestReadingNeedsNoRightToWrite(t *testing.T) {
	dir := t.TempDir()
	prepared(t, New(Options{}), twoFiles(dir)).Close()
	for _, name := range []string{"content/a", "content/b"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	for _, access := range []storage.Access{storage.ReadOnly, storage.ReadWrite} {
		spec := twoFiles(dir)
		spec.Access = access
		st := opened(t, New(Options{}), spec)
		got := make([]byte, 8)
		if _, err := st.ReadAt(got, 0); err != nil || string(got) != "aaaabbbb" {
			t.Errorf("read %q, %v", got, err)
		}
		if err := st.Sync(t.Context(), both()); err != nil {
			t.Errorf("sync: %v", err)
		}
		for i := range st.files {
			if h := st.files[i].handle; h == nil || h.mode != storage.ReadOnly {
				t.Errorf("file %d is open as %+v, want for reading only", i, h)
			}
		}
	}
}

func TestEmptyFileIsSyncedWithTheNextSync(t *testing.T) {
	base := t.TempDir()
	s, w := watched(base, Options{})
	spec := twoFiles(base)
	spec.Files = append(spec.Files, storage.File{Path: "content/sub/none", Offset: 8})
	st := prepared(t, s, spec)
	if _, err := st.Prepare(t.Context(), []int{2}); err != nil {
		t.Fatal(err)
	}
	w.fail["content/sub/none"] = syscall.EDQUOT
	err := st.Sync(t.Context(), pieceset.New(2))
	wantFaults(t, err, 2)
	if _, ok := storage.View(err).(storage.QuotaExceeded); !ok {
		t.Errorf("sync: %v, want QuotaExceeded", err)
	}
	delete(w.fail, "content/sub/none")
	if err := st.Recheck(t.Context(), []int{2}); err != nil {
		t.Fatal(err)
	}
	w.take()
	if err := st.Sync(t.Context(), pieceset.New(2)); err != nil {
		t.Fatal(err)
	}
	want := []string{".", "..", "content", "content/sub", "content/sub/none"}
	if got := w.take(); !slices.Equal(got, want) {
		t.Errorf("flushed %v, want %v", got, want)
	}
}

func TestFullAllocationTakesTheSpaceAtOnce(t *testing.T) {
	dir := t.TempDir()
	spec := twoFiles(dir)
	spec.Geometry.PieceLength, spec.Geometry.TotalLength = 1<<20, 2<<20
	spec.Files[0].Length, spec.Files[1].Offset, spec.Files[1].Length = 1<<20, 1<<20, 1<<20
	spec.Allocate = storage.Full
	st := prepared(t, New(Options{}), spec)
	facts, err := st.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if size := facts[1].(storage.Present).Size; size != 1<<20 {
		t.Skipf("the file has %d bytes: this system cannot set space aside", size)
	}
}

func TestNoSpaceIsSetAsideForAFileThatCannotGetSoLarge(t *testing.T) {
	spec := twoFiles(t.TempDir())
	spec.Allocate = storage.Full
	st := opened(t, New(Options{}), spec)
	st.features.Largest = 3
	made, err := st.Prepare(t.Context(), []int{0, 1})
	if err != nil || len(made) != 2 {
		t.Fatalf("made %v, %v", made, err)
	}
	facts, err := st.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if size := facts[0].(storage.Present).Size; size != 0 {
		t.Errorf("the file has %d bytes", size)
	}
}

func TestErrorsOfTheSystemAreViewed(t *testing.T) {
	for errno, want := range map[syscall.Errno]storage.FaultEvidence{
		syscall.ENOSPC: storage.NoSpace{}, syscall.EDQUOT: storage.QuotaExceeded{},
		syscall.EROFS: storage.ReadOnlyFileSystem{}, syscall.EFBIG: storage.FileTooLarge{},
		syscall.EIO: storage.InputOutput{}, syscall.ENOENT: storage.Missing{},
		syscall.EACCES: storage.NoPermission{}, syscall.EPERM: storage.NoPermission{},
		syscall.EMFILE: storage.TooManyFiles{}, syscall.ENAMETOOLONG: storage.NameRefused{},
		syscall.ENOTDIR: storage.PathBlocked{},
	} {
		err := &storage.Error{Op: "write", Path: "x", Err: cause(&os.PathError{Op: "pwrite", Path: "x", Err: errno})}
		if got := storage.View(err); got != want {
			t.Errorf("%v views as %T, want %T", err, got, want)
		}
		if !errors.Is(err, errno) {
			t.Errorf("%v hides its cause", err)
		}
	}
}

// ISO 9660 and squashfs cannot flush and say EINVAL; ext4 and btrfs say EROFS when
// they gave up writing.
func TestOnlyWhatWasNotWrittenIsDurableWhereNothingCanBeFlushed(t *testing.T) {
	base := t.TempDir()
	prepared(t, New(Options{}), twoFiles(base)).Close()
	for _, c := range []struct {
		cause error
		want  []int // the files that are not durable
		write []byte
	}{
		{cause: syscall.EINVAL},
		{cause: syscall.ENOTSUP},
		{cause: syscall.EROFS, want: []int{0, 1}},
		{cause: syscall.EINVAL, write: []byte("bbbb"), want: []int{0}},
	} {
		s, w := watched(base, Options{})
		st := opened(t, s, twoFiles(base))
		if _, err := st.WriteAt(c.write, 0); err != nil {
			t.Fatal(err)
		}
		w.fail["content/a"], w.fail["content/b"] = c.cause, c.cause
		err := st.Sync(t.Context(), both())
		if len(c.want) == 0 && err != nil {
			t.Errorf("%v: %v", c.cause, err)
		}
		if len(c.want) > 0 {
			wantFaults(t, err, c.want...)
		}
		st.Close()
	}
}
