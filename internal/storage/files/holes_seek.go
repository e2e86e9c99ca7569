//go:build linux || freebsd

package files

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent/internal/storage"
)

// viewHole looks at the bytes from on up to to. It moves the place in the file,
// which nothing here goes by: all reads and writes name theirs.
func viewHole(f *os.File, from, to int64) storage.HoleEvidence {
	data, err := f.Seek(from, unix.SEEK_DATA)
	switch {
	case err == nil && data < to:
		return storage.HasData
	case err != nil && !errors.Is(err, unix.ENXIO): // there is none behind from, or from is behind the end
		return storage.HoleUnknown
	}
	info, err := f.Stat()
	if err != nil || info.Size() < to {
		return storage.HoleUnknown
	}
	return judgeHole(f)
}
