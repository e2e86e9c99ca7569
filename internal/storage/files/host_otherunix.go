//go:build unix && !linux

package files

import (
	"errors"
	"os"

	"github.com/etorrent/etorrent/internal/storage"
)

// flushData makes data and size of a file durable.
func flushData(f *os.File) error { return f.Sync() }

// dropCache does nothing: these systems have no call for it.
func dropCache(*os.File) {}

// allocate leaves the file sparse: these systems have no common call for it,
// or copy on write.
func allocate(*os.File, int64) error { return nil }

// viewNumbers trusts the numbers that these systems give.
func viewNumbers(string) numbers { return numbersStay }

// cloneFile cannot make a file share the bytes of another.
func cloneFile(to, from *os.File) error { return errors.ErrUnsupported }

// viewSparseness cannot tell.
func viewSparseness(string) storage.Sparseness { return storage.SparsenessUnknown }
