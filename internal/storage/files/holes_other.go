//go:build !linux && !freebsd

package files

import (
	"os"

	"github.com/etorrent/etorrent/internal/storage"
)

// viewHole cannot tell. APFS of macOS may call data a hole that was not written out
// yet; the other systems have no such call.
func viewHole(*os.File, int64, int64) storage.HoleEvidence { return storage.HoleUnknown }
