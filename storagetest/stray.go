package storagetest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
)

// strayFileIsTold takes one of three written files away, in each way that there
// is.
func strayFileIsTold(t *testing.T, s Subject) {
	out := outside(t, s)
	for name, c := range map[string]struct {
		change func(file string) error
		cause  error
	}{
		"removed":   {out.Remove, storage.ErrRemoved},
		"shortened": {func(file string) error { return out.Truncate(file, 4) }, storage.ErrShortened},
		"replaced": {func(file string) error {
			return errors.Join(out.Remove(file), out.Put(file, bytes.Repeat([]byte{9}, 10)))
		}, storage.ErrReplaced},
	} {
		t.Run(name, func(t *testing.T) {
			sub := s
			sub.Dir += "/" + name
			spec := specOf(sub, file("a", 10), padding(54), file("b", 10), padding(54), file("c", 10))
			st := openPrepared(t, sub, spec)
			write(t, st, bytes.Repeat([]byte{7}, 138), 0)
			if err := c.change(sub.Dir + "/b"); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				wantStray(t, st.Sync(t.Context(), allPieces(spec)), c.cause)
			}
			seenAstray(t, st, c.cause)
			madeAgain(t, st, spec)
			if got, err := out.Get(sub.Dir + "/b"); err != nil || !bytes.Equal(got, bytes.Repeat([]byte{8}, 10)) {
				t.Errorf("at its path lies %v, %v", got, err)
			}
		})
	}
}

// wantStray expects the fault of file 2 alone.
func wantStray(t *testing.T, err, cause error) {
	t.Helper()
	var several *storage.SyncError
	if !errors.As(err, &several) || len(several.Faults) != 1 || several.Faults[0].File != 2 || !errors.Is(err, cause) {
		t.Fatalf("sync: %v, want a fault of file 2 alone that is %v", err, cause)
	}
}

// seenAstray expects that file 2 is seen to be astray and is not written.
func seenAstray(t *testing.T, st storage.Store, cause error) {
	t.Helper()
	if v, can := storage.As[storage.FileViewer](st); can {
		switch f := v.ViewFile(t.Context(), 2).(type) {
		case storage.Absent:
			if !errors.Is(cause, storage.ErrRemoved) {
				t.Errorf("it is absent, want %v", cause)
			}
		case storage.Unusable:
			if !errors.Is(f.Err, cause) {
				t.Errorf("it is unusable by %v, want %v", f.Err, cause)
			}
		case storage.Present, storage.Virtual:
			t.Errorf("it is %#v, want %v", f, cause)
		}
	}
	if _, err := st.WriteAt([]byte{8}, 64); err == nil {
		t.Error("a file that is astray was written")
	}
}

// madeAgain makes, writes and syncs file 2 again.
func madeAgain(t *testing.T, st storage.Store, spec storage.Spec) {
	t.Helper()
	if err := st.Recheck(t.Context(), []int{2}); err != nil {
		t.Fatalf("recheck: %v", err)
	}
	prepareAll(t, st, spec)
	write(t, st, bytes.Repeat([]byte{8}, 10), 64)
	syncAll(t, st, spec)
}

// ownChangesAreWell writes, closes, makes and deletes files, none of which is
// somebody else's doing.
func ownChangesAreWell(t *testing.T, s Subject) {
	spec := specOf(s, file("a", 100), file("b", 100))
	st := openPrepared(t, s, spec)
	viewer, can := storage.As[storage.FileViewer](st)
	if !can {
		t.Skip("the store cannot look at a file")
	}
	for at := int64(0); at < 200; at += 40 {
		write(t, st, bytes.Repeat([]byte{7}, 40), at)
		for i := range spec.Files {
			f, is := viewer.ViewFile(t.Context(), i).(storage.Present)
			if e := examine(t, st)[i].(storage.Present); !is || f != e {
				t.Errorf("after %d bytes file %d is %#v, want %#v", at+40, i, f, e)
			}
		}
		syncAll(t, st, spec)
	}
	if err := st.Delete(t.Context(), []int{1}); err != nil {
		t.Fatalf("delete: %v", err)
	}
	if _, is := viewer.ViewFile(t.Context(), 1).(storage.Absent); !is {
		t.Error("a deleted file is not absent")
	}
	prepareAll(t, st, spec)
	write(t, st, bytes.Repeat([]byte{7}, 100), 100)
	syncAll(t, st, spec)
}
