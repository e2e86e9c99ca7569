//go:build unix && !linux && !darwin && !freebsd

package files

import "github.com/etorrent/etorrent/internal/storage"

// ViewSpace cannot tell.
func (s *store) ViewSpace() storage.SpaceEvidence { return storage.SpaceUnknown{} }
