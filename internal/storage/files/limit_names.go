//go:build darwin || freebsd

package files

import (
	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent/internal/storage"
)

// viewSizeLimit asks the file system that holds dir for its name.
func viewSizeLimit(dir string) storage.SizeLimit {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return storage.SizeLimitUnknown
	}
	switch unix.ByteSliceToString(st.Fstypename[:]) {
	case "msdos", "msdosfs":
		return storage.SizeLimitFAT
	}
	return storage.SizeLimitUnknown
}
