package files

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/etorrent/etorrent/internal/storage"
)

// fileError wraps err with operation and path of file i.
func (s *store) fileError(op string, i int, err error) *storage.Error {
	return s.folderError(op, s.spec.Files[i].Path, err)
}

// folderError wraps err with operation and path below the folder.
func (s *store) folderError(op, rel string, err error) *storage.Error {
	var done *storage.Error
	if errors.As(err, &done) {
		return done
	}
	err = cause(err)
	if err.Error() == escapeText {
		err = storage.ErrEscapes
	}
	return &storage.Error{Op: op, Path: s.path(rel), Err: err}
}

// escapeText is how os.Root says that a link leads out of it; the error has no
// exported name.
const escapeText = "path escapes from parent"

// cause is err without the paths that package os put around it.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Err
	}
	return err
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// shut closes what holds no news: what was written there is either synced or
// counts as unsynced, however the close ends.
func shut(c io.Closer) { c.Close() }
