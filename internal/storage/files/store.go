package files

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/etorrent/etorrent/internal/storage"
)

// store is one torrent's files. The fields from files on are guarded by
// handles.mu, root and closed by rootMu; no lock is held across a system call
// that can wait.
type store struct {
	spec     storage.Spec // Dir is absolute
	features storage.Features
	numbers  numbers
	handles  *Handles
	windows  *windowSet
	flusher  flusher
	copier   copier

	// syncing has one place: whoever flushes a file of this store holds it. An
	// operating system tells a failed write-back once, so that of two flushes at
	// a time only one would learn of it.
	syncing chan struct{}

	rootMu sync.Mutex
	root   *os.Root
	closed bool

	edges   *storage.Edges // nil without Spec.Parts
	files   []fileState
	folders map[string]*mark
	empties map[int]struct{} // files of length 0 that were made and not synced
}

// fileState is what the store knows of one file.
type fileState struct {
	handle *handle
	home   home
	mark   mark
	memory memory
	// doubt is the first failed flush since the last Recheck, or what a look found.
	doubt error
}

// Features says what holds for the store as long as it is open.
func (s *store) Features() storage.Features { return s.features }

// ReadAt reads p from the torrent's bytes.
func (s *store) ReadAt(p []byte, off int64) (int, error) {
	if _, err := s.heldRoot(); err != nil {
		return 0, s.folderError("read", "", err)
	}
	if off < 0 || off > s.spec.Geometry.TotalLength {
		return 0, s.folderError("read", "", storage.ErrOutOfRange)
	}
	for seg := range s.spec.Segments(off, len(p)) {
		part := p[seg.From:seg.To]
		if s.spec.Files[seg.File].Role != storage.Data {
			clear(part)
			continue
		}
		n, err := s.readFile(seg.File, part, seg.Offset)
		if err != nil {
			return seg.From + n, s.fileError("read", seg.File, err)
		}
	}
	if have := s.spec.Geometry.TotalLength - off; int64(len(p)) > have {
		return int(have), io.EOF
	}
	return len(p), nil
}

// mayChange refuses a change to a store that is closed or for reading only.
func (s *store) mayChange(op string) error {
	if _, err := s.heldRoot(); err != nil {
		return s.folderError(op, "", err)
	}
	if s.spec.Access == storage.ReadOnly {
		return s.folderError(op, "", storage.ErrReadOnly)
	}
	return nil
}

// mayName refuses the next file of a list when the call was cancelled or the
// torrent has no such file.
func (s *store) mayName(ctx context.Context, op string, i int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if i < 0 || i >= len(s.spec.Files) {
		return s.folderError(op, "", storage.ErrOutOfRange)
	}
	return nil
}

// readFile reads p from one file and tells an early end from other errors.
func (s *store) readFile(i int, p []byte, off int64) (int, error) {
	h, err := s.acquire(i, storage.ReadOnly)
	if err != nil {
		return 0, err
	}
	defer s.release(h)
	n, err := s.moveFile(h, p, off, h.f.ReadAt)
	if err == io.EOF {
		err = storage.ErrTruncated
	}
	return n, err
}

// WriteAt writes p to the torrent's bytes.
func (s *store) WriteAt(p []byte, off int64) (int, error) {
	if err := s.mayChange("write"); err != nil {
		return 0, err
	}
	if off < 0 || int64(len(p)) > s.spec.Geometry.TotalLength-off {
		return 0, s.folderError("write", "", storage.ErrOutOfRange)
	}
	for seg := range s.spec.Segments(off, len(p)) {
		if s.spec.Files[seg.File].Role != storage.Data {
			continue
		}
		n, err := s.writeFile(seg.File, p[seg.From:seg.To], seg.Offset)
		if err != nil {
			return seg.From + n, s.fileError("write", seg.File, err)
		}
	}
	return len(p), nil
}

// writeFile writes p to one file.
func (s *store) writeFile(i int, p []byte, off int64) (int, error) {
	h, err := s.acquireToWrite(i)
	if err != nil {
		return 0, err
	}
	defer s.release(h)
	n, err := s.moveFile(h, p, off, h.f.WriteAt)
	s.handles.changed(h, off+int64(n))
	return n, err
}

// acquireToWrite is acquire for a write that may be. The change is to be noted after
// the write, so that a flush which began before the write ended does not count for
// it.
func (s *store) acquireToWrite(i int) (*handle, error) {
	h, err := s.acquire(i, storage.ReadWrite)
	if err != nil {
		return nil, err
	}
	err = s.mayWrite(h)
	if err == nil {
		err = s.viewOwnership(h)
	}
	if err != nil {
		s.release(h)
		return nil, err
	}
	return h, nil
}

// Close releases root and handles. What is in use is closed by its last user.
func (s *store) Close() error {
	s.rootMu.Lock()
	root := s.root
	s.root, s.closed = nil, true
	s.rootMu.Unlock()
	for _, f := range s.handles.drop(s) {
		shut(f)
	}
	s.dropAllWindows()
	if root != nil {
		return root.Close()
	}
	return nil
}

// openRoot returns the open folder. It opens it when it was not there before.
func (s *store) openRoot() (*os.Root, error) {
	root, err := s.heldRoot()
	if root != nil || err != nil {
		return root, err
	}
	info, err := os.Stat(s.spec.Dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, storage.ErrNotFolder
	}
	fresh, err := os.OpenRoot(s.spec.Dir)
	if err != nil {
		return nil, err
	}
	root, err = s.holdRoot(fresh)
	if root != fresh {
		shut(fresh)
	}
	return root, err
}

// heldRoot is the folder if it is open, nil if it was not there so far.
func (s *store) heldRoot() (*os.Root, error) {
	s.rootMu.Lock()
	defer s.rootMu.Unlock()
	if s.closed {
		return nil, storage.ErrClosed
	}
	return s.root, nil
}

// holdRoot keeps fresh unless another call was faster or the store closed, and
// returns the folder that counts.
func (s *store) holdRoot(fresh *os.Root) (*os.Root, error) {
	s.rootMu.Lock()
	defer s.rootMu.Unlock()
	if s.closed {
		return nil, storage.ErrClosed
	}
	if s.root == nil {
		s.root = fresh
	}
	return s.root, nil
}

// path is a file's or folder's place for people.
func (s *store) path(rel string) string {
	return filepath.Join(s.spec.Dir, filepath.FromSlash(rel))
}
