//go:build unix

package files

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/etorrent/etorrent/internal/storage"
)

// openAtOnce keeps the opening of a pipe from waiting for its other end.
const openAtOnce = syscall.O_NONBLOCK

// flushMode is what a file must be open for to be flushed.
const flushMode = storage.ReadOnly

// flushFolder makes the entries of a folder durable. Some file systems cannot
// and say so; theirs need no flush or have none.
func flushFolder(d *os.File) error {
	err := d.Sync()
	if isUnable(err) {
		return nil
	}
	return err
}

// hide does nothing: a name is hidden by its dot.
func hide(*os.File) {}

// isUnable says whether a flush failed because the file system has none, as those
// for reading only. EROFS is none of these errors: ext4 and btrfs say it when they
// gave up writing because of a fault, and what was written is lost.
func isUnable(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP)
}

// viewVolume names the device that holds dir.
func viewVolume(dir string) (storage.Features, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return storage.Features{}, err
	}
	volume := "unknown"
	if device := deviceOf(info); device != 0 {
		volume = fmt.Sprintf("device %x", device)
	}
	return storage.Features{Volume: volume, Sparseness: viewSparseness(dir), Largest: viewSizeLimit(dir)}, nil
}

// deviceOf is the number of the device that a file lies on.
func deviceOf(info os.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev)
	}
	return 0
}

// identityOf is the identity of an open file.
func identityOf(_ *os.File, info os.FileInfo) identity {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return identity{uint64(st.Dev), uint64(st.Ino)}
	}
	return identity{}
}

// storedBytes is what a file takes, without its holes.
func storedBytes(info os.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return min(info.Size(), int64(st.Blocks)*512)
	}
	return info.Size()
}

// presentOf is what stat tells of a regular file.
func presentOf(_ *os.Root, _ string, info os.FileInfo) storage.FileFacts {
	facts := storage.Present{Size: info.Size(), ModTime: info.ModTime(), Links: 1}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		facts.Device, facts.Inode, facts.Links = uint64(st.Dev), uint64(st.Ino), uint64(st.Nlink)
	}
	return facts
}
