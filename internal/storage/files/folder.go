package files

import (
	"os"

	"github.com/etorrent/etorrent/internal/storage"
)

// ViewFolder looks at Spec.Dir as its path leads now.
func (s *store) ViewFolder() storage.FolderEvidence {
	info, err := os.Stat(s.spec.Dir)
	if isMissing(err) {
		return storage.FolderMissing{}
	}
	if err != nil {
		return storage.FolderUnknown{}
	}
	return storage.FolderThere{Device: deviceOf(info)}
}
