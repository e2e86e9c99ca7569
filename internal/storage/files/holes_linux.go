package files

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent/internal/storage"
)

// judgeHole says whether what the file system of f calls a hole is one. These know
// what waits in the cache for data. Others may not: many releases of ZFS call it a
// hole, and so may a server of NFS or the program behind a FUSE mount.
func judgeHole(f *os.File) storage.HoleEvidence {
	var st unix.Statfs_t
	if err := withDescriptor(f, func(fd int) error { return unix.Fstatfs(fd, &st) }); err != nil {
		return storage.HoleUnknown
	}
	switch uint32(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC:
		return storage.AllHole
	}
	return storage.HoleUnknown
}
