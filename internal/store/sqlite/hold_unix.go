//go:build unix

package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes flock(2) of the open file without waiting.
func lockFile(f *os.File) error {
	var err error = unix.EINTR
	for err == unix.EINTR {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

// dropLock removes the file while it is still locked, so that locks of torrents
// that rest leave nothing, and closes it, which unlocks it.
func dropLock(f *os.File) error {
	if !named(f, f.Name()) {
		return f.Close() // somebody removed it: the name may be another's by now
	}
	return errors.Join(os.Remove(f.Name()), f.Close())
}
