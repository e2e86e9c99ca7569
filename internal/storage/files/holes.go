package files

import "github.com/etorrent/etorrent/internal/storage"

// ViewHoles asks the file system where something is stored.
func (s *store) ViewHoles(off int64, n int) storage.HoleEvidence {
	if _, err := s.heldRoot(); err != nil {
		return storage.HoleUnknown
	}
	if off < 0 || n <= 0 || int64(n) > s.spec.Geometry.TotalLength-off {
		return storage.HoleUnknown
	}
	for seg := range s.spec.Segments(off, n) {
		if s.spec.Files[seg.File].Role == storage.Padding {
			continue
		}
		if seen := s.viewHole(seg); seen != storage.AllHole {
			return seen
		}
	}
	return storage.AllHole
}

// viewHole looks at the part of a range that lies in one file.
func (s *store) viewHole(seg storage.Segment) storage.HoleEvidence {
	h, err := s.acquire(seg.File, storage.ReadOnly)
	if err != nil {
		return storage.HoleUnknown
	}
	defer s.release(h)
	if h.home == inParts {
		return storage.HoleUnknown
	}
	return viewHole(h.f, seg.Offset, seg.Offset+int64(seg.To-seg.From))
}
