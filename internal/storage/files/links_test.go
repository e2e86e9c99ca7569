//go:build unix

package files

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/metainfo"
)

// withLinks is twoFiles with links behind them, from file 2 on: "path -> target".
func withLinks(dir string, links ...string) storage.Spec {
	spec := twoFiles(dir)
	for _, l := range links {
		path, target, _ := strings.Cut(l, " -> ")
		spec.Files = append(spec.Files, storage.File{Path: path, Target: target, Offset: 8, Role: storage.Link})
	}
	return spec
}

func mustMakeLinks(t *testing.T, st *store, files ...int) {
	t.Helper()
	if refused, err := st.Link(t.Context(), files); len(refused) > 0 || err != nil {
		t.Fatalf("refused %v, %v", refused, err)
	}
}

func TestLinksAreMadeAsTheySayAndNotOpenedWhenTheirFolderIsSynced(t *testing.T) {
	dir := t.TempDir()
	s, w := watched(dir, Options{})
	st := prepared(t, s, withLinks(dir, "content/l -> a", "content/new/m -> ../b", "content/new/n -> .."))
	if err := st.Sync(t.Context(), both()); err != nil {
		t.Fatal(err)
	}
	w.take()
	mustMakeLinks(t, st, 4, 2, 3, 2, 0)
	for path, want := range map[string]string{"content/l": "a", "content/new/m": "../b", "content/new/n": ".."} {
		if got, err := os.Readlink(filepath.Join(dir, path)); got != want {
			t.Errorf("%s says %q, %v, want %q", path, got, err, want)
		}
	}
	if err := st.Sync(t.Context(), pieceset.New(2)); err != nil {
		t.Fatal(err)
	}
	if got, want := w.take(), []string{"content", "content/new"}; !slices.Equal(got, want) {
		t.Errorf("sync flushed %v, want %v", got, want)
	}
	if err := st.Sync(t.Context(), pieceset.New(2)); err != nil || len(w.take()) > 0 {
		t.Errorf("sync of what is durable flushed something, %v", err)
	}
}

func TestALinkWhoseFolderFailedToSyncIsInDoubtUntilRecheck(t *testing.T) {
	dir := t.TempDir()
	s, w := watched(dir, Options{})
	st := prepared(t, s, withLinks(dir, "content/new/l -> .."))
	mustMakeLinks(t, st, 2)
	w.fail["content/new"] = syscall.EIO
	wantFaults(t, st.Sync(t.Context(), both()), 2)
	clear(w.fail)
	wantFaults(t, st.Sync(t.Context(), both()), 2)
	if err := st.Recheck(t.Context(), []int{2}); err != nil {
		t.Fatal(err)
	}
	if err := st.Sync(t.Context(), both()); err != nil {
		t.Error(err)
	}
}

func TestWhatLiesInALinksPlaceIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	st := prepared(t, New(Options{}), withLinks(dir, "content/file -> a", "content/folder -> a", "content/link -> a", "content/none -> a", "content/new/ours -> ../a"))
	if err := (disk{}).Put(filepath.Join(dir, "content", "file"), []byte("theirs")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "content", "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc", filepath.Join(dir, "content", "link")); err != nil {
		t.Fatal(err)
	}
	mustMakeLinks(t, st, 2, 3, 4, 6)
	want := []storage.LinkEvidence{storage.LinkOther{}, storage.LinkOther{}, storage.LinkOther{}, storage.LinkAbsent{}, storage.LinkThere{}}
	for i, want := range want {
		if got := st.ViewLink(2 + i); got != want {
			t.Errorf("%s is %#v, want %#v", st.spec.Files[2+i].Path, got, want)
		}
	}
	facts, err := st.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range facts[2:] {
		if f != (storage.Virtual{}) {
			t.Errorf("%s is %#v, want Virtual", st.spec.Files[2+i].Path, f)
		}
	}
	if err := st.Delete(t.Context(), []int{2, 3, 4, 5, 6}); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(filepath.Join(dir, "content"))
	if got := names(entries); !slices.Equal(got, []string{"a", "b", "file", "folder", "link"}) {
		t.Errorf("left are %v", got)
	}
	if err := st.Sync(t.Context(), both()); err != nil {
		t.Errorf("sync of what was deleted before: %v", err)
	}
}

func names(entries []os.DirEntry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestALinkThatCannotBeIsRefusedAndTheOthersAreMade(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("x", 300)
	st := prepared(t, New(Options{}), withLinks(dir, "content/"+long+" -> a", "content/a/l -> b", "content/ours -> a"))
	refused, err := st.Link(t.Context(), []int{2, 3, 4})
	if err != nil {
		t.Fatal(err)
	}
	got := map[int]storage.FaultEvidence{}
	for _, r := range refused {
		got[r.File] = storage.View(r.Err)
	}
	if want := map[int]storage.FaultEvidence{2: storage.NameRefused{}, 3: storage.PathBlocked{}}; !maps.Equal(got, want) {
		t.Errorf("refused %v, want %v", got, want)
	}
	if st.ViewLink(4) != (storage.LinkThere{}) {
		t.Errorf("the last is %#v", st.ViewLink(4))
	}
}

func TestOnlyWhatAFileWouldMeetAsWellFailsALink(t *testing.T) {
	for errno, want := range map[syscall.Errno]refusal{
		syscall.EPERM: linkRefused, syscall.EACCES: linkRefused, syscall.EOPNOTSUPP: linkRefused,
		syscall.ENOSYS: linkRefused, syscall.EINVAL: linkRefused, syscall.ENAMETOOLONG: linkRefused,
		syscall.ENOSPC: linkFailed, syscall.EDQUOT: linkFailed, syscall.EROFS: linkFailed, syscall.EIO: linkFailed,
		syscall.ENOENT: linkFailed,
	} {
		err := &storage.Error{Op: "link", Path: "x", Err: cause(&os.LinkError{Op: "symlinkat", Old: "a", New: "b", Err: errno})}
		if got := ofLinksAlone(err); got != want {
			t.Errorf("%v: %v, want %v", errno, got, want)
		}
	}
}

func TestAReadOnlyStoreMakesNoLink(t *testing.T) {
	dir := t.TempDir()
	prepared(t, New(Options{}), twoFiles(dir)).Close()
	spec := withLinks(dir, "content/l -> a")
	spec.Access = storage.ReadOnly
	st := opened(t, New(Options{}), spec)
	if _, err := st.Link(t.Context(), []int{2}); storage.View(err) != (storage.NoPermission{}) {
		t.Errorf("link: %v", err)
	}
	if st.ViewLink(2) != (storage.LinkAbsent{}) {
		t.Errorf("it is %#v", st.ViewLink(2))
	}
}

func TestOnlyFilesThatAreMadeAreMadeExecutable(t *testing.T) {
	dir := t.TempDir()
	mask := syscall.Umask(0o027)
	defer syscall.Umask(mask)
	spec := twoFiles(dir)
	spec.Files = append(spec.Files, storage.File{Path: "content/c", Offset: 8, Attributes: metainfo.Executable},
		storage.File{Path: "content/d", Offset: 8, Attributes: metainfo.Executable | metainfo.Hidden}, storage.File{Path: "content/e", Offset: 8, Attributes: metainfo.Hidden})
	if err := (disk{}).Put(filepath.Join(dir, "content", "c"), nil); err != nil {
		t.Fatal(err)
	}
	st := opened(t, New(Options{}), spec)
	if _, err := st.Prepare(t.Context(), []int{0, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"a": 0o640, "c": 0o640, "d": 0o750, "e": 0o640} {
		if info, err := os.Stat(filepath.Join(dir, "content", name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
}
