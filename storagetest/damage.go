package storagetest

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func paddingIsVirtual(t *testing.T, s Subject) {
	spec := specOf(s, file("a", 10), padding(54), file("b", 10))
	st := openPrepared(t, s, spec)
	ones := bytes.Repeat([]byte{1}, 74)
	write(t, st, ones, 0)
	want := bytes.Clone(ones)
	clear(want[10:64])
	if got := read(t, st, 74, 0); !bytes.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	if _, ok := examine(t, st)[1].(storage.Virtual); !ok {
		t.Errorf("padding is %#v, want Virtual", examine(t, st)[1])
	}
	if n, err := st.ReadAt(make([]byte, 54), 10); n != 54 || err != nil {
		t.Errorf("read of padding alone: %d, %v", n, err)
	}
}

func zeroLengthFiles(t *testing.T, s Subject) {
	spec := specOf(s, file("e/first", 0), file("e/a", 10), file("e/mid", 0), file("e/last", 0))
	st := openPrepared(t, s, spec)
	write(t, st, []byte("0123456789"), 0)
	if err := st.Sync(t.Context(), pieceset.New(spec.Geometry.Pieces())); err != nil {
		t.Fatalf("sync of no piece: %v", err)
	}
	for i, f := range examine(t, st) {
		if p, ok := f.(storage.Present); !ok || p.Size > spec.Files[i].Length || p.Links != 1 {
			t.Errorf("file %d: %#v", i, f)
		}
	}
	none := specOf(s, file("e/first", 0))
	syncAll(t, open(t, s, none), none)
}

func missingFileIsTold(t *testing.T, s Subject) {
	spec := specOf(s, file("content/a", 10), file("content/b", 10))
	st := open(t, s, spec)
	_, err := st.ReadAt(make([]byte, 5), 0)
	wantFault[storage.Missing](t, err)
	_, err = st.WriteAt(make([]byte, 5), 0)
	wantFault[storage.Missing](t, err)
	if _, err := st.Prepare(t.Context(), []int{0}); err != nil {
		t.Fatalf("prepare: %v", err)
	}
	n, err := st.WriteAt([]byte("0123456789abcdef"), 0)
	wantFault[storage.Missing](t, err)
	if n != 10 {
		t.Errorf("write wrote %d bytes, want the 10 of the file that is there", n)
	}
	n, err = st.ReadAt(make([]byte, 16), 0)
	wantFault[storage.Missing](t, err)
	if n != 10 {
		t.Errorf("read gave %d bytes, want the 10 of the file that is there", n)
	}
	syncTellsMissing(t, st, spec)
}

// syncTellsMissing expects the fault of file 1 alone.
func syncTellsMissing(t *testing.T, st storage.Store, spec storage.Spec) {
	t.Helper()
	err := st.Sync(t.Context(), allPieces(spec))
	wantFault[storage.Missing](t, err)
	var several *storage.SyncError
	if !errors.As(err, &several) || len(several.Faults) != 1 || several.Faults[0].File != 1 {
		t.Errorf("sync: %v, want a fault of file 1 alone", err)
	}
}

func truncatedFileIsTold(t *testing.T, s Subject) {
	out := outside(t, s)
	spec := specOf(s, file("a", 10), file("b", 10), file("c", 10))
	st := openPrepared(t, s, spec)
	write(t, st, bytes.Repeat([]byte{7}, 30), 0)
	syncAll(t, st, spec)
	if err := out.Truncate(s.Dir+"/b", 4); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 30)
	n, err := st.ReadAt(p, 0)
	wantFault[storage.Truncated](t, err)
	if n != 14 || !bytes.Equal(p[:14], bytes.Repeat([]byte{7}, 14)) {
		t.Errorf("read gave %d bytes, want 14", n)
	}
	if f, ok := examine(t, st)[1].(storage.Present); !ok || f.Size != 4 {
		t.Errorf("examine: %#v", examine(t, st)[1])
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Remove(s.Dir + "/b"); err != nil {
		t.Fatal(err)
	}
	again := open(t, s, spec)
	_, err = again.ReadAt(p, 0)
	wantFault[storage.Missing](t, err)
	if _, ok := examine(t, again)[1].(storage.Absent); !ok {
		t.Errorf("examine: %#v, want Absent", examine(t, again)[1])
	}
}

func longerFileStays(t *testing.T, s Subject) {
	out := outside(t, s)
	theirs := bytes.Repeat([]byte{9}, 50)
	if err := out.Put(s.Dir+"/a", theirs); err != nil {
		t.Fatal(err)
	}
	for _, how := range []storage.Allocation{storage.Sparse, storage.Full} {
		spec := specOf(s, file("a", 10), file("b", 10))
		spec.Allocate = how
		st := openPrepared(t, s, spec)
		write(t, st, bytes.Repeat([]byte{1}, 20), 0)
		if got := read(t, st, 20, 0); !bytes.Equal(got, bytes.Repeat([]byte{1}, 20)) {
			t.Errorf("read %v", got)
		}
		syncAll(t, st, spec)
		_ = st.Close()
	}
	copy(theirs, bytes.Repeat([]byte{1}, 10))
	if got, err := out.Get(s.Dir + "/a"); err != nil || !bytes.Equal(got, theirs) {
		t.Errorf("the longer file has %d bytes, %v", len(got), err)
	}
	if _, err := out.Get(s.Dir + "/nothing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Outside.Get of nothing: %v, want fs.ErrNotExist", err)
	}
}
