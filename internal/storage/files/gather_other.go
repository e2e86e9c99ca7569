//go:build !linux

package files

import (
	"os"

	"github.com/etorrent/etorrent/internal/storage"
)

// gather writes spans one behind the other to a file from off on.
func gather(f *os.File, spans [][]byte, off int64) (int, error) {
	return storage.WriteSpans(f, spans, off)
}
