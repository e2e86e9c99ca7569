package files

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/storagetest"
)

// disk reaches files as any program does.
type disk struct{}

func (disk) Put(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o666)
}

func (disk) Get(name string) ([]byte, error)        { return os.ReadFile(name) }
func (disk) Truncate(name string, size int64) error { return os.Truncate(name, size) }
func (disk) Remove(name string) error               { return os.Remove(name) }
func (disk) subject(dir string, o Options) storagetest.Subject {
	return storagetest.Subject{Storage: New(o), Dir: dir, Outside: disk{}}
}

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Subject {
		return disk{}.subject(t.TempDir(), Options{})
	})
}

func TestConformanceWithTwoHandlesInAFolderToBeMade(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Subject {
		dir := filepath.Join(t.TempDir(), "new", "folder")
		return disk{}.subject(dir, Options{Handles: NewHandles(2)})
	})
}

// twoFiles has the files content/a and content/b of one piece each.
func twoFiles(dir string) storage.Spec {
	return storage.Spec{
		Name: "two", Dir: dir, Geometry: geometry.Geometry{TotalLength: 8, PieceLength: 4},
		Files: []storage.File{{Path: "content/a", Length: 4}, {Path: "content/b", Offset: 4, Length: 4}},
	}
}

func opened(t *testing.T, s *Storage, spec storage.Spec) *store {
	t.Helper()
	st, err := s.Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st.(*store)
}

// prepared opens, makes and writes both files of twoFiles.
func prepared(t *testing.T, s *Storage, spec storage.Spec) *store {
	t.Helper()
	st := opened(t, s, spec)
	if _, err := st.Prepare(t.Context(), []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.WriteAt([]byte("aaaabbbb"), 0); err != nil {
		t.Fatal(err)
	}
	return st
}

func both() *pieceset.Set { return pieceset.Full(2) }

func TestLinkOutOfTheFolderIsRefused(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	if err := (disk{}).Put(filepath.Join(elsewhere, "a"), []byte("secret")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "content")); err != nil {
		t.Skip(err)
	}
	st := opened(t, New(Options{}), twoFiles(dir))
	_, readErr := st.ReadAt(make([]byte, 4), 0)
	_, writeErr := st.WriteAt(make([]byte, 4), 0)
	_, prepareErr := st.Prepare(t.Context(), []int{0, 1})
	for what, err := range map[string]error{"read": readErr, "write": writeErr, "prepare": prepareErr} {
		if _, ok := storage.View(err).(storage.PathBlocked); !ok {
			t.Errorf("%s: %v, want PathBlocked", what, err)
		}
	}
	facts, err := st.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := facts[0].(storage.Unusable); !ok {
		t.Errorf("examine: %#v, want Unusable", facts[0])
	}
	if err := st.Delete(t.Context(), []int{0}); err != nil {
		t.Errorf("delete: %v", err)
	}
	if got, err := os.ReadFile(filepath.Join(elsewhere, "a")); string(got) != "secret" {
		t.Errorf("the file elsewhere: %q, %v", got, err)
	}
}

func TestLinkWithinTheFolderIsFollowed(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, "content")); err != nil {
		t.Skip(err)
	}
	st := prepared(t, New(Options{}), twoFiles(dir))
	if err := st.Sync(t.Context(), both()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "real", "b")); string(got) != "bbbb" {
		t.Errorf("file behind the link: %q, %v", got, err)
	}
}

func TestFolderInAFilesPlaceIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "content", "a"), 0o777); err != nil {
		t.Fatal(err)
	}
	st := opened(t, New(Options{}), twoFiles(dir))
	_, readErr := st.ReadAt(make([]byte, 4), 0)
	_, writeErr := st.WriteAt(make([]byte, 4), 0)
	for what, err := range map[string]error{"read": readErr, "write": writeErr} {
		if _, ok := storage.View(err).(storage.PathBlocked); !ok {
			t.Errorf("%s: %v, want PathBlocked", what, err)
		}
	}
	if err := st.Delete(t.Context(), []int{0}); err != nil {
		t.Errorf("delete: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "content", "a")); err != nil {
		t.Errorf("the folder in the file's place: %v", err)
	}
}

func TestFileInAFoldersPlaceIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := (disk{}).Put(filepath.Join(dir, "content"), []byte("theirs")); err != nil {
		t.Fatal(err)
	}
	st := opened(t, New(Options{}), twoFiles(dir))
	_, err := st.Prepare(t.Context(), []int{0})
	if _, ok := storage.View(err).(storage.PathBlocked); !ok {
		t.Errorf("prepare: %v, want PathBlocked", err)
	}
	if err := st.Delete(t.Context(), []int{0}); err != nil {
		t.Errorf("delete: %v", err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "content")); string(got) != "theirs" {
		t.Errorf("the file in the folder's place: %q, %v", got, err)
	}
}

func TestHardLinksAreCounted(t *testing.T) {
	dir := t.TempDir()
	st := prepared(t, New(Options{}), twoFiles(dir))
	if err := os.Link(filepath.Join(dir, "content", "a"), filepath.Join(dir, "other")); err != nil {
		t.Skip(err)
	}
	facts, err := st.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, b := facts[0].(storage.Present), facts[1].(storage.Present)
	if a.Links != 2 || b.Links != 1 || a.Inode == b.Inode || a.Device != b.Device {
		t.Errorf("facts: %+v and %+v", a, b)
	}
}

func TestEmptyFoldersGoWithTheirFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	st := prepared(t, New(Options{}), twoFiles(dir))
	if err := st.Delete(t.Context(), []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}

func TestSpaceAndVolumeAreKnown(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "made")
	st := opened(t, New(Options{}), twoFiles(dir))
	other := opened(t, New(Options{}), twoFiles(filepath.Dir(filepath.Dir(dir))))
	if st.Features().Volume != other.Features().Volume {
		t.Errorf("volumes %q and %q differ", st.Features().Volume, other.Features().Volume)
	}
	if s, ok := st.ViewSpace().(storage.SpaceKnown); ok && s.Free <= 0 {
		t.Errorf("space: %+v", s)
	}
}
