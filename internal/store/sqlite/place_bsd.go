//go:build darwin || freebsd

package sqlite

import "golang.org/x/sys/unix"

// ViewPlace looks on what the folder lies.
func ViewPlace(dir string) Place {
	var s unix.Statfs_t
	var err error = unix.EINTR
	for err == unix.EINTR {
		err = unix.Statfs(dir, &s)
	}
	if err != nil || s.Flags&unix.MNT_LOCAL == 0 {
		return PlaceShared
	}
	return PlaceLocal
}
