package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

func refusesBadSpecs(t *testing.T, s Subject) {
	good := specOf(s, file("a", 10), file("b/c", 20))
	bad := map[string]func(*storage.Spec){
		"a gap":             func(x *storage.Spec) { x.Files[1].Offset++ },
		"an overlap":        func(x *storage.Spec) { x.Files[1].Offset-- },
		"too few bytes":     func(x *storage.Spec) { x.Geometry.TotalLength++ },
		"too many bytes":    func(x *storage.Spec) { x.Geometry.TotalLength-- },
		"a negative length": func(x *storage.Spec) { x.Files[0].Length = -1 },
		"one path twice":    func(x *storage.Spec) { x.Files[1].Path = "a" },
		"an absolute path":  func(x *storage.Spec) { x.Files[0].Path = "/a" },
		"a way up":          func(x *storage.Spec) { x.Files[0].Path = "b/../../a" },
		"no path":           func(x *storage.Spec) { x.Files[0].Path = "" },
		"no folder":         func(x *storage.Spec) { x.Dir = "" },
		"a link with bytes": func(x *storage.Spec) { x.Files[1].Role, x.Files[1].Target = storage.Link, "a" },
	}
	for _, target := range []string{"", "/a", "../../a", "../..", "x/../../../a", "./a", "c/", "..", "../a/../../b"} {
		bad["a link to "+target] = func(x *storage.Spec) {
			x.Files = append(x.Files, storage.File{Path: "b/l", Offset: 30, Role: storage.Link, Target: target})
		}
	}
	for what, spoil := range bad {
		spec := good
		spec.Files = slices.Clone(good.Files)
		spoil(&spec)
		if st, err := s.Storage.Open(t.Context(), spec); err == nil {
			_ = st.Close()
			t.Errorf("a spec with %s is opened", what)
		}
	}
	empty := storage.Spec{Name: "empty", Dir: s.Dir, Geometry: geometry.Geometry{PieceLength: 64}}
	open(t, s, empty)
}

func openingMakesNothing(t *testing.T, s Subject) {
	spec := specOf(s, file("content/a", 10), file("content/b", 0))
	st := open(t, s, spec)
	for i, f := range examine(t, st) {
		if _, ok := f.(storage.Absent); !ok {
			t.Errorf("file %d: %#v, want Absent", i, f)
		}
	}
	if st.Features().Volume == "" {
		t.Error("the volume has no name")
	}
	if l := st.Features().Largest; l < 0 {
		t.Errorf("a file has at most %v", l)
	}
}

func bytesOutliveClose(t *testing.T, s Subject) {
	spec := specOf(s, file("content/a", 100), padding(28), file("content/b", 50))
	want := make([]byte, 178)
	fill(run(4), want)
	clear(want[100:128])
	st := openPrepared(t, s, spec)
	write(t, st, want, 0)
	syncAll(t, st, spec)
	if err := st.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	for _, access := range []storage.Access{storage.ReadWrite, storage.ReadOnly} {
		spec.Access = access
		again := open(t, s, spec)
		if again.Features().Access != access {
			t.Errorf("features say access %v, want %v", again.Features().Access, access)
		}
		if !bytes.Equal(read(t, again, len(want), 0), want) {
			t.Errorf("access %v: bytes differ after reopening", access)
		}
		syncAll(t, again, spec)
	}
}

func closedStoreRefuses(t *testing.T, s Subject) {
	spec := specOf(s, file("a", 10), padding(54))
	st := openPrepared(t, s, spec)
	write(t, st, make([]byte, 10), 0)
	for range 2 {
		if err := st.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	ctx, p := context.Background(), make([]byte, 10)
	_, readErr := st.ReadAt(p, 0)
	_, padErr := st.ReadAt(p, 20)
	_, writeErr := st.WriteAt(p, 0)
	_, prepareErr := st.Prepare(ctx, []int{0})
	_, examineErr := st.Examine(ctx)
	for what, err := range map[string]error{
		"read": readErr, "read of padding": padErr, "write": writeErr, "prepare": prepareErr,
		"examine": examineErr, "sync": st.Sync(ctx, allPieces(spec)),
		"recheck": st.Recheck(ctx, []int{0}), "delete": st.Delete(ctx, []int{0}),
	} {
		if !errors.Is(err, storage.ErrClosed) {
			t.Errorf("%s after close: %v, want ErrClosed", what, err)
		}
	}
}

func prepareMakesAbsent(t *testing.T, s Subject) {
	for _, how := range []storage.Allocation{storage.Sparse, storage.Full} {
		sub := s
		sub.Dir += []string{"/sparse", "/full"}[how]
		spec := specOf(sub, file("x/a", 10), padding(54), file("x/y/b", 100), file("x/c", 0))
		spec.Allocate = how
		st := open(t, sub, spec)
		if made, err := st.Prepare(t.Context(), []int{2, 2}); err != nil || !slices.Equal(made, []int{2}) {
			t.Fatalf("prepare of file 2: %v, %v", made, err)
		}
		if made := prepareAll(t, st, spec); !slices.Equal(made, []int{0, 3}) {
			t.Fatalf("prepare of all: made %v, want 0 and 3", made)
		}
		if made := prepareAll(t, st, spec); len(made) != 0 {
			t.Fatalf("prepare of all again: made %v", made)
		}
		write(t, st, []byte("behind the begin"), 64+50)
		if got := read(t, st, 50, 64); !bytes.Equal(got, make([]byte, 50)) {
			t.Errorf("what was never written reads as %q", got)
		}
		syncAll(t, st, spec)
	}
}

func prepareLeavesPresent(t *testing.T, s Subject) {
	out := outside(t, s)
	if err := out.Put(s.Dir+"/a", []byte("theirs")); err != nil {
		t.Fatal(err)
	}
	spec := specOf(s, file("a", 3), file("b", 3))
	st := open(t, s, spec)
	if made := prepareAll(t, st, spec); !slices.Equal(made, []int{1}) {
		t.Errorf("made %v, want file 1 only", made)
	}
	if got, err := out.Get(s.Dir + "/a"); string(got) != "theirs" || err != nil {
		t.Errorf("file a: %q, %v", got, err)
	}
}

func syncHeedsContext(t *testing.T, s Subject) {
	spec := specOf(s, file("a", 10))
	st := openPrepared(t, s, spec)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := st.Sync(ctx, allPieces(spec)); !errors.Is(err, context.Canceled) {
		t.Errorf("sync: %v, want context.Canceled", err)
	}
	syncAll(t, st, spec)
}

func recheckLetsGoOn(t *testing.T, s Subject) {
	spec := specOf(s, file("a", 10), padding(54), file("b", 10))
	st := openPrepared(t, s, spec)
	write(t, st, []byte("0123456789"), 0)
	syncAll(t, st, spec)
	if err := st.Recheck(t.Context(), allFiles(spec)); err != nil {
		t.Fatalf("recheck: %v", err)
	}
	if got := read(t, st, 10, 0); string(got) != "0123456789" {
		t.Errorf("after recheck: %q", got)
	}
	syncAll(t, st, spec)
}

func readOnlyChangesNothing(t *testing.T, s Subject) {
	spec := specOf(s, file("content/a", 10))
	write(t, openPrepared(t, s, spec), []byte("0123456789"), 0)
	spec.Access = storage.ReadOnly
	st := open(t, s, spec)
	_, err := st.WriteAt([]byte("x"), 0)
	wantFault[storage.NoPermission](t, err)
	_, err = st.Prepare(t.Context(), []int{0})
	wantFault[storage.NoPermission](t, err)
	wantFault[storage.NoPermission](t, st.Delete(t.Context(), []int{0}))
	if got := read(t, st, 10, 0); string(got) != "0123456789" {
		t.Errorf("read %q", got)
	}
	spec.Dir += "/nowhere"
	none := open(t, s, spec)
	_, err = none.ReadAt(make([]byte, 1), 0)
	wantFault[storage.Missing](t, err)
}

func deleteRemovesNamedOnly(t *testing.T, s Subject) {
	out := outside(t, s)
	spec := specOf(s, file("content/a", 10), file("content/sub/b", 10), padding(44), file("content/sub/c", 0))
	st := openPrepared(t, s, spec)
	write(t, st, make([]byte, 20), 0)
	if err := out.Put(s.Dir+"/content/notes", []byte("theirs")); err != nil {
		t.Fatal(err)
	}
	if err := st.Delete(t.Context(), []int{1, 2, 3}); err != nil {
		t.Fatalf("delete: %v", err)
	}
	if err := st.Delete(t.Context(), []int{1}); err != nil {
		t.Fatalf("delete of what is gone: %v", err)
	}
	for name, want := range map[string]error{
		"content/a": nil, "content/notes": nil, "content/sub/b": fs.ErrNotExist, "content/sub/c": fs.ErrNotExist,
	} {
		if _, err := out.Get(s.Dir + "/" + name); !errors.Is(err, want) {
			t.Errorf("file %s: %v, want %v", name, err, want)
		}
	}
	if made := prepareAll(t, st, spec); !slices.Equal(made, []int{1, 3}) {
		t.Errorf("made again: %v, want 1 and 3", made)
	}
	write(t, st, make([]byte, 20), 0)
	syncAll(t, st, spec)
}
