package create_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etorrent/etorrent/internal/create"
	"github.com/etorrent/etorrent/metainfo"
)

func all(string) create.Choice { return create.Take }

// tree is a folder of files by name; a name that ends in a slash is a folder,
// and content that begins with "->" is a symbolic link.
type tree map[string]string

func (tr tree) make(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "show")
	for name, content := range tr {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case name[len(name)-1] == '/':
			err = os.MkdirAll(at, 0o777)
		case len(content) > 2 && content[:2] == "->":
			err = os.Symlink(content[2:], at)
		default:
			err = os.WriteFile(at, []byte(content), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func list(t *testing.T, dir string, filter create.Filter) (*create.Tree, error) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return create.ListFolder(root.FS(), dir, filepath.Base(dir), filter)
}

func paths(tr *create.Tree) []string {
	var out []string
	for _, f := range tr.Files {
		out = append(out, f.Path)
	}
	return out
}

func TestFilesAreSortedByComponentsAndFoldersLeftOutAreNotRead(t *testing.T) {
	dir := tree{"b": "1", "a!": "2", "a/z": "3", "a/b/c": "4", "empty/": "", "no/x": "5", "no/way": "6"}.make(t)
	got, err := list(t, dir, func(p string) create.Choice {
		if p == "no" {
			return create.LeaveOut
		}
		if path.Dir(p) == "no" {
			t.Errorf("looked at %s", p)
		}
		return create.Take
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a/b/c", "a/z", "a!", "b"}, paths(got)); d != "" || got.Total != 4 {
		t.Errorf("%d bytes (-want +got):\n%s", got.Total, d)
	}
}

func TestWhatCannotBeInATorrentIsNamed(t *testing.T) {
	for _, c := range []struct {
		tree tree
		path string
		want error
	}{
		{tree{"a": "1", "in/link": "->../a"}, "in/link", create.ErrSymlink},
		{tree{"a": "1", "link": "->in/"}, "link", create.ErrSymlink},
		{tree{"in/": ""}, "show", create.ErrNothing},
		{tree{"in/bad\xff": "1"}, "in/bad\xff", create.ErrNotUTF8},
	} {
		_, err := list(t, c.tree.make(t), all)
		var got *create.PathError
		if !errors.As(err, &got) || got.Path != c.path || !errors.Is(err, c.want) {
			t.Errorf("%v: got %v", c.tree, err)
		}
	}
}

func TestAFileThatMayNotBeReadIsNamed(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("this user may read everything")
	}
	dir := tree{"a": "1", "in/secret": "2"}.make(t)
	if err := os.Chmod(filepath.Join(dir, "in/secret"), 0); err != nil {
		t.Fatal(err)
	}
	_, err := list(t, dir, all)
	var got *create.PathError
	if !errors.As(err, &got) || got.Path != "in/secret" || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

func TestEqualTreesGiveEqualBytes(t *testing.T) {
	files := tree{"large": string(make([]byte, 300_000)), "in/small": "abc", "in/empty": "", "ü": "x"}
	var first []byte
	for range 2 {
		dir := files.make(t)
		if err := os.Chtimes(filepath.Join(dir, "large"), time.Now(), time.Unix(int64(len(first)), 0)); err != nil {
			t.Fatal(err)
		}
		tr, err := list(t, dir, all)
		if err != nil {
			t.Fatal(err)
		}
		told := int64(0)
		raw, err := create.Torrent(t.Context(), tr, metainfo.Spec{}, func(done, _ int64) { told = done })
		if err != nil || told != tr.Total {
			t.Fatalf("told of %d bytes, error %v", told, err)
		}
		if first != nil && !bytes.Equal(first, raw) {
			t.Errorf("%q\n%q", first, raw)
		}
		first = raw
		meta, err := metainfo.Parse(raw)
		if err != nil || len(meta.Findings) > 0 {
			t.Fatalf("findings %v, error %v", meta.Findings, err)
		}
	}
}

func TestAFileThatChangesWhileItIsHashedIsNamed(t *testing.T) {
	for name, change := range map[string]func(string) error{
		"shorter": func(at string) error { return os.Truncate(at, 100_000) },
		"longer":  func(at string) error { return os.Truncate(at, 400_000) },
		"gone":    os.Remove,
		"touched": func(at string) error { return os.Chtimes(at, time.Time{}, time.Unix(1, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree{"a": "1", "in/large": string(make([]byte, 300_000))}.make(t)
			tr, err := list(t, dir, all)
			if err != nil {
				t.Fatal(err)
			}
			if err := change(filepath.Join(dir, "in/large")); err != nil {
				t.Fatal(err)
			}
			_, err = create.Torrent(t.Context(), tr, metainfo.Spec{}, func(int64, int64) {})
			var got *create.PathError
			if !errors.As(err, &got) || got.Path != "in/large" || !errors.Is(err, create.ErrChanged) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestASingleFileGivesASingleFileTorrent(t *testing.T) {
	dir := tree{"one.bin": "some bytes", "link": "->one.bin"}.make(t)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	tr, err := create.ListFile(root.FS(), dir, "one.bin")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := create.Torrent(t.Context(), tr, metainfo.Spec{}, func(int64, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	meta, err := metainfo.Parse(raw)
	if err != nil || meta.Layout != metainfo.SingleFile || meta.Name != "one.bin" || meta.TotalLength != 10 {
		t.Errorf("%q: %v", raw, err)
	}
	if _, err := create.ListFile(root.FS(), dir, "link"); !errors.Is(err, create.ErrSymlink) {
		t.Errorf("a link gave %v", err)
	}
}

// mktorrent 1.1 (Debian 12) sorts by strcmp of the whole path, so the tree has
// no name that both orders would place differently.
func TestMktorrentGivesTheSameInfoHash(t *testing.T) {
	mktorrent, err := exec.LookPath("mktorrent")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("mktorrent is not installed")
		}
		t.Skip("mktorrent is not installed")
	}
	dir := tree{"large": string(make([]byte, 300_000)), "in/deep/small": "abc", "in/tiny": "", "ü": "x"}.make(t)
	out := filepath.Join(t.TempDir(), "theirs.torrent")
	cmd := exec.CommandContext(t.Context(), mktorrent, "-l", "15", "-o", out, dir)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := metainfo.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := list(t, dir, all)
	if err != nil {
		t.Fatal(err)
	}
	raw, err = create.Torrent(t.Context(), tr, metainfo.Spec{PieceLength: 1 << 15}, func(int64, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := metainfo.Parse(raw)
	if err != nil || ours.ID() != theirs.ID() {
		t.Errorf("error %v\n%q\n%q", err, theirs.InfoBytes, ours.InfoBytes)
	}
}
