package files

import (
	"errors"
	"io"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// gathered is how many spans go into one call: for more, the list of them that the
// call makes would be allocated.
const gathered = 8

// gather writes spans one behind the other to a file from off on.
func gather(f *os.File, spans [][]byte, off int64) (int, error) {
	defer runtime.KeepAlive(f)
	fd, done := int(f.Fd()), 0
	for len(spans) > 0 {
		part := spans[:min(gathered, len(spans))]
		n, err := unix.Pwritev(fd, part, off+int64(done))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return done, err
		}
		if n == 0 {
			return done, io.ErrShortWrite
		}
		done += n
		for len(spans) > 0 && n >= len(spans[0]) {
			n -= len(spans[0])
			spans = spans[1:]
		}
		if n == 0 {
			continue
		}
		// The system took a part of a span, as at the end of the space.
		m, err := f.WriteAt(spans[0][n:], off+int64(done))
		done += m
		if err != nil {
			return done, err
		}
		spans = spans[1:]
	}
	return done, nil
}
