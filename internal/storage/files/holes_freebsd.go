package files

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent/internal/storage"
)

// judgeHole says whether what the file system of f calls a hole is one. These know
// what waits in the cache for data; many releases of ZFS call it a hole.
func judgeHole(f *os.File) storage.HoleEvidence {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return storage.HoleUnknown
	}
	switch unix.ByteSliceToString(st.Fstypename[:]) {
	case "ufs", "tmpfs":
		return storage.AllHole
	}
	return storage.HoleUnknown
}
