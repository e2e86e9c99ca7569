package files

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

const mib = 1 << 20

// sparse lays a file of size bytes that has nothing but the given data.
func sparse(t *testing.T, path string, size int64, data map[int64][]byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for at, b := range data {
		if _, err := f.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
}

// needHoles skips where the folder's file system tells of no holes.
func needHoles(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "probe")
	sparse(t, path, mib, nil)
	defer os.Remove(path)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if viewHole(f, 0, mib) != storage.AllHole {
		t.Skipf("the file system of %s tells of no holes that can be relied on", dir)
	}
}

// laid is a spec of files one behind the other.
func laid(dir string, files ...storage.File) storage.Spec {
	spec := storage.Spec{Name: "sparse", Dir: dir, Geometry: geometry.Geometry{PieceLength: mib}, Files: files}
	for i := range files {
		files[i].Offset = spec.Geometry.TotalLength
		spec.Geometry.TotalLength += files[i].Length
	}
	return spec
}

// wantHoles compares what a store tells of ranges with what it should tell.
func wantHoles(t *testing.T, st *store, want map[[2]int64]storage.HoleEvidence) {
	t.Helper()
	for span, w := range want {
		if got := st.ViewHoles(span[0], int(span[1]-span[0])); got != w {
			t.Errorf("bytes %d to %d: %v, want %v", span[0], span[1], got, w)
		}
	}
}

func TestHolesAreToldFromData(t *testing.T) {
	dir := t.TempDir()
	needHoles(t, dir)
	sparse(t, filepath.Join(dir, "a"), 9*mib, map[int64][]byte{4 * mib: bytes.Repeat([]byte{7}, mib)})
	st := opened(t, New(Options{}), laid(dir, storage.File{Path: "a", Length: 9 * mib}))
	wantHoles(t, st, map[[2]int64]storage.HoleEvidence{
		{0, 4 * mib}:           storage.AllHole,
		{0, 1}:                 storage.AllHole,
		{3 * mib, 4*mib + 1}:   storage.HasData,
		{4 * mib, 5 * mib}:     storage.HasData,
		{5*mib - 1, 6 * mib}:   storage.HasData,
		{5 * mib, 9 * mib}:     storage.AllHole, // no data behind it
		{9*mib - 1, 9 * mib}:   storage.AllHole,
		{0, 9 * mib}:           storage.HasData,
		{8 * mib, 9*mib + 1}:   storage.HoleUnknown,
		{9 * mib, 9*mib + mib}: storage.HoleUnknown,
		{5 * mib, 5 * mib}:     storage.HoleUnknown,
		{-1, mib}:              storage.HoleUnknown,
	})
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	wantHoles(t, st, map[[2]int64]storage.HoleEvidence{{0, mib}: storage.HoleUnknown})
}

func TestWhatEndsEarlyOrIsNotThereIsNoHole(t *testing.T) {
	dir := t.TempDir()
	needHoles(t, dir)
	sparse(t, filepath.Join(dir, "short"), 2*mib, nil)
	st := opened(t, New(Options{}), laid(dir,
		storage.File{Path: "short", Length: 4 * mib}, storage.File{Path: "absent", Length: 4 * mib},
	))
	wantHoles(t, st, map[[2]int64]storage.HoleEvidence{
		{0, 2 * mib}:         storage.AllHole,
		{mib, 2*mib + 1}:     storage.HoleUnknown,
		{2 * mib, 3 * mib}:   storage.HoleUnknown,
		{3 * mib, 5 * mib}:   storage.HoleUnknown,
		{4 * mib, 4*mib + 1}: storage.HoleUnknown,
	})
}

func TestARangeOfManyFilesIsAHoleIfEachPartIs(t *testing.T) {
	dir := t.TempDir()
	needHoles(t, dir)
	for name, data := range map[string]map[int64][]byte{"a": nil, "b": nil, "none": nil, "c": {0: []byte("x")}} {
		size := int64(mib / 2)
		if name == "none" {
			size = 0
		}
		sparse(t, filepath.Join(dir, name), size, data)
	}
	st := opened(t, New(Options{Handles: NewHandles(1)}), laid(dir,
		storage.File{Path: "a", Length: mib / 2}, storage.File{Length: mib / 2, Role: storage.Padding},
		storage.File{Path: "none"}, storage.File{Path: "b", Length: mib / 2},
		storage.File{Path: "c", Length: mib / 2}, storage.File{Length: mib / 2, Role: storage.Padding},
	))
	wantHoles(t, st, map[[2]int64]storage.HoleEvidence{
		{0, mib + mib/2}:         storage.AllHole,
		{mib / 2, mib}:           storage.AllHole, // padding alone
		{0, 2 * mib}:             storage.HasData,
		{mib + mib/2, 2 * mib}:   storage.HasData,
		{2 * mib, 2*mib + mib/2}: storage.AllHole,
	})
}

func TestWhatWasWrittenIsDataBeforeItIsSynced(t *testing.T) {
	dir := t.TempDir()
	needHoles(t, dir)
	st := opened(t, New(Options{}), laid(dir, storage.File{Path: "a", Length: 4 * mib}))
	if _, err := st.Prepare(t.Context(), []int{0}); err != nil {
		t.Fatal(err)
	}
	for _, off := range []int64{3*mib + 100, mib} {
		if _, err := st.WriteAt([]byte("x"), off); err != nil {
			t.Fatal(err)
		}
	}
	wantHoles(t, st, map[[2]int64]storage.HoleEvidence{
		{0, mib}: storage.AllHole, {mib, 2 * mib}: storage.HasData, {2 * mib, 3 * mib}: storage.AllHole,
		{3 * mib, 3*mib + 101}: storage.HasData, {3 * mib, 4 * mib}: storage.HasData,
	})
}
