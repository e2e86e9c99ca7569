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
	done := 0
	for _, p := range spans {
		n, err := s.WriteAt(p, off+int64(done))
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
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
		n, err = s.moveSpans(h, spans, at)
	}
	s.handles.changed(h, at+int64(n))
	if err != nil {
		return n, s.fileError("write", i, err)
	}
	return n, nil
}

// moveSpans writes spans to what the parts file keeps of a file.
func (s *store) moveSpans(h *handle, spans [][]byte, at int64) (int, error) {
	done := 0
	for _, p := range spans {
		n, err := s.moveFile(h, p, at+int64(done), h.f.WriteAt)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}
