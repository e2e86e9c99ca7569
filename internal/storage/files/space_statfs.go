//go:build linux || darwin || freebsd

package files

import (
	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent/internal/storage"
)

// ViewSpace asks the volume for its room.
func (s *store) ViewSpace() storage.SpaceEvidence {
	var st unix.Statfs_t
	if err := unix.Statfs(existing(s.spec.Dir), &st); err != nil {
		return storage.SpaceUnknown{}
	}
	return storage.SpaceKnown{Free: int64(st.Bavail) * int64(st.Bsize)}
}
