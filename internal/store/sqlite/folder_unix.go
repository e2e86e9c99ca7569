//go:build unix

package sqlite

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// syncWay makes the names in a folder durable, and those in the folders above it
// on its volume, since folders are made on one volume.
func syncWay(dir string) error {
	var first unix.Stat_t
	if err := unix.Stat(dir, &first); err != nil {
		return &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	for ; ; dir = filepath.Dir(dir) {
		var st unix.Stat_t
		if err := unix.Stat(dir, &st); err != nil {
			return &os.PathError{Op: "stat", Path: dir, Err: err}
		}
		if st.Dev != first.Dev {
			return nil
		}
		if err := syncFolder(dir); err != nil {
			return err
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// syncFolder makes the names in a folder durable, where the file system can. A
// folder that this user may not look into holds nothing of this program.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if errors.Is(err, os.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return nil
	}
	return err
}
