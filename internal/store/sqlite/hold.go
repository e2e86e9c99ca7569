package sqlite

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/etorrent/etorrent/internal/store"
)

// errLocked says that another open file has the lock.
var errLocked = errors.New("the file is locked")

// pidLength bounds what is read of a lock file.
const pidLength = 20

// hold is a torrent's lock file, open and locked. The kernel unlocks it when
// its program ends in whatever way.
type hold struct {
	of    *Driver
	key   store.Key
	owner string
	file  *os.File
}

// Hold implements store.Driver. The files of the locks hold the decimal pid of
// their holder.
func (d *Driver) Hold(ctx context.Context, key store.Key, owner string) (store.Hold, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if h, err := d.heldAlready(key, owner); h != nil || err != nil {
		return h, err
	}
	f, err := takeLock(d.lockPath(key))
	var locked *lockedError
	switch {
	case errors.As(err, &locked):
		return nil, &store.HeldError{Key: key, PID: locked.pid}
	case err != nil:
		return nil, &store.DriverError{Op: "hold", Err: err}
	}
	h := &hold{of: d, key: key, owner: owner, file: f}
	if err := d.keep(h); err != nil {
		return nil, errors.Join(err, dropLock(f))
	}
	return h, nil
}

// heldAlready looks among the holds of this driver; nil is a key that none has.
func (d *Driver) heldAlready(key store.Key, owner string) (store.Hold, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h, held := d.holds[key]
	switch {
	case d.closed != nil:
		return nil, d.closed
	case !held:
		return nil, nil
	case h.owner != owner:
		return nil, &store.HeldError{Key: key, PID: os.Getpid()}
	}
	return h, nil
}

func (d *Driver) keep(h *hold) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed != nil {
		return d.closed
	}
	d.holds[h.key] = h
	return nil
}

func (d *Driver) lockPath(key store.Key) string {
	return filepath.Join(d.held, key.String()+".lock")
}

// Release implements store.Hold.
func (h *hold) Release() error {
	if !h.of.forget(h) {
		return nil
	}
	return dropLock(h.file)
}

// forget takes the hold out and says whether it was there.
func (d *Driver) forget(h *hold) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.holds[h.key] != h {
		return false
	}
	delete(d.holds, h.key)
	return true
}

// lockedError carries the pid that a locked file names, 0 if none.
type lockedError struct{ pid int }

func (*lockedError) Error() string { return errLocked.Error() }

// takeLock opens and locks the file without waiting, and writes the pid in it.
func takeLock(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		err = lockFile(f)
		switch {
		case errors.Is(err, errLocked):
			err = &lockedError{pid: readPID(f)}
		case err == nil && !named(f, path):
			f.Close() // its holder removed it between the two calls
			continue
		case err == nil:
			err = writePID(f)
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		return f, nil
	}
}

// named says whether path still names the open file.
func named(f *os.File, path string) bool {
	has, err := f.Stat()
	if err != nil {
		return false
	}
	is, err := os.Stat(path)
	return err == nil && os.SameFile(has, is)
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func readPID(f *os.File) int {
	b := make([]byte, pidLength)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(b[:n])))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}
