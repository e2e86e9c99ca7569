package files

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
)

func TestOnlyFilesThatAreMadeAreHidden(t *testing.T) {
	dir := t.TempDir()
	if err := (disk{}).Put(filepath.Join(dir, "content", "a"), nil); err != nil {
		t.Fatal(err)
	}
	spec := twoFiles(dir)
	spec.Files[0].Attributes, spec.Files[1].Attributes = metainfo.Hidden, metainfo.Hidden
	prepared(t, New(Options{}), spec)
	for name, want := range map[string]uint32{"a": 0, "b": syscall.FILE_ATTRIBUTE_HIDDEN} {
		info, err := os.Stat(filepath.Join(dir, "content", name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Win32FileAttributeData).FileAttributes & syscall.FILE_ATTRIBUTE_HIDDEN; got != want {
			t.Errorf("%s: %#x, want %#x", name, got, want)
		}
	}
}
