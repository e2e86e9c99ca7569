package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockAt is the byte that is locked, far behind the pid: what is locked cannot
// be read by others.
const lockAt = 1 << 30

// lockFile takes the lock of the open file without waiting.
func lockFile(f *os.File) error {
	at := &windows.Overlapped{Offset: lockAt}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errLocked
	}
	return err
}

// dropLock closes the file, which unlocks it. The file stays: an open file
// cannot be removed here.
func dropLock(f *os.File) error { return f.Close() }
