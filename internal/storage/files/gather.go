package files

import "github.com/etorrent/etorrent/internal/storage"

// WriteGathered writes spans to the torrent's bytes: at once where one file of its
// own has them all, else one by one.
func (s *store) WriteGathered(spans [][]byte, off int64) (int, error) {
	length := 0
	for _, p := range spans {
		length += len(p)
	}
	if i, at := s.wholly(off, length); i >= 0 {
		return s.writeGathered(i, spans, at)
	}
	return storage.WriteSpans(s, spans, off)
}

// wholly is the file that has all of a range, and where in it the range begins; -1
// where several have parts of it, or none.
func (s *store) wholly(off int64, length int) (file int, at int64) {
	if off < 0 || int64(length) > s.spec.Geometry.TotalLength-off {
		return -1, 0
	}
	for seg := range s.spec.Segments(off, length) {
		if seg.To-seg.From == length && s.spec.Files[seg.File].Role == storage.Data {
			return seg.File, seg.Offset
		}
		break
	}
	return -1, 0
}

func (s *store) writeGathered(i int, spans [][]byte, at int64) (int, error) {
	if err := s.mayChange("write"); err != nil {
		return 0, err
	}
	h, err := s.acquireToWrite(i)
	if err != nil {
		return 0, s.fileError("write", i, err)
	}
	defer s.release(h)
	n := 0
	if h.home == inPlace {
		n, err = gather(h.f, spans, at)
	} else {
		n, err = storage.WriteSpans(kept{s, h}, spans, at)
	}
	s.handles.changed(h, at+int64(n))
	if err != nil {
		return n, s.fileError("write", i, err)
	}
	return n, nil
}

// kept is what the parts file keeps of a file.
type kept struct {
	s *store
	h *handle
}

func (k kept) WriteAt(p []byte, off int64) (int, error) {
	return k.s.moveFile(k.h, p, off, k.h.f.WriteAt)
}
