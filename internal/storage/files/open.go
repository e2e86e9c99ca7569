package files

import (
	"os"

	"github.com/etorrent/etorrent/internal/storage"
)

// acquire returns file i open in at least the given mode, for use until
// release.
func (s *store) acquire(i int, mode storage.Access) (*handle, error) {
	if h := s.handles.find(s, i, mode); h != nil {
		return h, nil
	}
	s.makeRoom(s.flushAlone)
	return s.open(i, mode)
}

// acquireToFlush is acquire for the holder of the place in syncing.
func (s *store) acquireToFlush(i int) (*handle, error) {
	if h := s.handles.find(s, i, flushMode); h != nil {
		return h, nil
	}
	s.makeRoom(s.flush)
	return s.open(i, flushMode)
}

// open opens file i and puts it into the budget.
func (s *store) open(i int, mode storage.Access) (*handle, error) {
	h, err := s.openOnce(i, mode)
	for err == errAgain {
		h, err = s.openOnce(i, mode)
	}
	if err != nil {
		return nil, err
	}
	if _, err := s.heldRoot(); err != nil {
		// The store closed meanwhile and could not see this file.
		s.discard(i)
		s.release(h)
		return nil, err
	}
	return h, nil
}

func (s *store) openOnce(i int, mode storage.Access) (*handle, error) {
	before := s.memoryNow(i)
	f, err := s.openFile(i, mode)
	if err != nil {
		return nil, err
	}
	h := &handle{f: f.File, owner: s, file: i, home: f.home, mode: mode, id: identityOf(f.File, f.info)}
	h, surplus, err := s.handles.admit(h, before, s.sizeIn(f.home, i, f.info.Size()))
	if surplus != nil {
		shut(surplus)
	}
	return h, err
}

// discard takes file i out of the budget, and lends nothing of it that is mapped.
func (s *store) discard(i int) {
	s.dropWindows(i)
	if f := s.handles.dropFile(s, i); f != nil {
		shut(f)
	}
}

// release ends the use of a handle.
func (s *store) release(h *handle) {
	if f := s.handles.release(h); f != nil {
		shut(f)
	}
}

// openedFile is an open file, what there is to know of it, and whether it is the
// torrent's or the parts file.
type openedFile struct {
	*os.File
	info os.FileInfo
	home home
}

// openFile opens what has the bytes of file i, if that is a regular file.
func (s *store) openFile(i int, mode storage.Access) (openedFile, error) {
	root, err := s.openRoot()
	if err != nil {
		return openedFile{}, err
	}
	at, err := s.homeOf(root, i)
	if err != nil {
		return openedFile{}, err
	}
	name := s.spec.Files[i].Path
	if at == inParts {
		name = s.spec.Parts
	}
	flags := os.O_RDONLY
	if mode == storage.ReadWrite {
		flags = os.O_RDWR
	}
	f, err := root.OpenFile(name, flags|openAtOnce, 0)
	if err != nil {
		return openedFile{}, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = storage.ErrNotRegular
	}
	if err != nil {
		shut(f)
		return openedFile{}, err
	}
	return openedFile{f, info, at}, nil
}

// viewOwnership refuses a write to a file that has other names. It looks once at each
// handle: to be flushed, a file may be open for writing before anybody writes.
func (s *store) viewOwnership(h *handle) error {
	s.handles.mu.Lock()
	seen := h.owns
	s.handles.mu.Unlock()
	if seen == oursAlone {
		return nil
	}
	root, err := s.openRoot()
	if err != nil {
		return err
	}
	info, err := h.f.Stat()
	if err != nil {
		return err
	}
	name := s.spec.Files[h.file].Path
	if h.home == inParts {
		name = s.spec.Parts
	}
	if linksOf(root, name, info) > 1 {
		return storage.ErrLinked
	}
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	h.owns = oursAlone
	return nil
}

// makeRoom closes files until the budget has a place for one more. A file with
// unsynced writes is flushed before: closed, it could lose the news of a failed
// write-back. How a flush went is noted there, for the next Sync to tell.
func (s *store) makeRoom(flush func(*handle) error) {
	for tries := 0; ; {
		surplus, unsynced := s.handles.excess(s)
		switch {
		case surplus != nil:
			shut(surplus)
		case unsynced == nil:
			return
		case tries > 0:
			s.release(unsynced)
			return
		default:
			tries++
			_ = flush(unsynced)
			s.release(unsynced)
		}
	}
}

// flushAlone is flush for those who do not hold the place in syncing.
func (s *store) flushAlone(h *handle) error {
	s.syncing <- struct{}{}
	defer func() { <-s.syncing }()
	return s.flush(h)
}
