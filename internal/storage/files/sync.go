package files

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Sync makes the pieces' files and the folders above them durable, and looks
// whether they lie where they belong.
func (s *store) Sync(ctx context.Context, pieces *pieceset.Set) error {
	if _, err := s.heldRoot(); err != nil {
		return s.folderError("sync", "", err)
	}
	select {
	case s.syncing <- struct{}{}:
		defer func() { <-s.syncing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var faults []storage.FileFault
	due := s.filesToSync(pieces)
	for _, i := range due {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.syncFile(i); err != nil {
			faults = append(faults, storage.FileFault{File: i, Err: err})
			continue
		}
		s.noteSynced(i)
	}
	if len(faults) < len(due) {
		if err := s.viewPlace(); err != nil {
			faults = s.doubtAll(due, err)
		}
	}
	if len(faults) > 0 {
		return &storage.SyncError{Faults: faults}
	}
	return nil
}

// filesToSync are the files of the pieces and those of length 0 made since
// they were last synced, which no piece names.
func (s *store) filesToSync(pieces *pieceset.Set) []int {
	s.handles.mu.Lock()
	files := slices.Collect(maps.Keys(s.empties))
	s.handles.mu.Unlock()
	for i := range s.spec.FilesOf(pieces) {
		files = append(files, i)
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// noteSynced takes a file of length 0 off the list of those that each Sync
// looks at.
func (s *store) noteSynced(i int) {
	if s.spec.Files[i].Length > 0 {
		return
	}
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	delete(s.empties, i)
}

// doubtAll puts files in doubt that are not in doubt yet.
func (s *store) doubtAll(files []int, err *storage.Error) []storage.FileFault {
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	var faults []storage.FileFault
	for _, i := range files {
		if s.files[i].doubt == nil {
			s.files[i].doubt = err
		}
		faults = append(faults, storage.FileFault{File: i, Err: s.fileError("sync", i, s.files[i].doubt)})
	}
	return faults
}

// syncFile flushes file i and the folders on its way, innermost first, and looks
// at it then. What was flushed is held open until after the look, so that its
// numbers stay. A link is nothing but an entry of its folder.
func (s *store) syncFile(i int) *storage.Error {
	s.handles.mu.Lock()
	state := s.files[i]
	s.handles.mu.Unlock()
	if state.doubt != nil {
		return s.fileError("sync", i, state.doubt)
	}
	if s.spec.Files[i].Role == storage.Data && state.mark.view() != flushed {
		h, err := s.flushFile(i)
		if h != nil {
			defer s.release(h)
		}
		if err != nil {
			return s.fileError("sync", i, err)
		}
	}
	for _, dir := range s.foldersOf(i) {
		if err := s.syncFolder(dir); err != nil {
			return s.folderError("sync", dir, err)
		}
	}
	switch f := s.viewFile(i).(type) {
	case storage.Absent:
		return s.fileError("sync", i, storage.ErrRemoved)
	case storage.Unusable:
		return s.fileError("sync", i, cmp.Or(storage.ViewStray(f.Err), f.Err))
	case storage.Present, storage.Virtual:
	}
	return nil
}

// flushFile flushes file i, opening it if need be, and returns it for use. One
// that went missing took what was written with it, so that another file in its
// place proves nothing; any other failure to open it leaves a later flush as good
// as this.
func (s *store) flushFile(i int) (*handle, error) {
	if s.spec.Access == storage.ReadOnly && flushMode == storage.ReadWrite {
		return nil, nil
	}
	h, err := s.acquireToFlush(i)
	if isMissing(err) {
		s.handles.mu.Lock()
		defer s.handles.mu.Unlock()
		if s.files[i].memory.state == inUse {
			err = storage.ErrRemoved
		}
		s.files[i].doubt = s.fileError("sync", i, err)
	}
	if err != nil {
		return nil, err
	}
	return h, s.flush(h)
}

// flush makes a file's data and size durable and notes how it went. The caller
// holds the place in syncing. Where the file system cannot flush, a file that this
// run did not change lies on one for reading only, and has nothing to flush.
func (s *store) flush(h *handle) error {
	s.handles.mu.Lock()
	state := &s.files[h.file]
	due, level, doubt := state.mark.view(), state.mark.level(), state.doubt
	s.handles.mu.Unlock()
	if doubt != nil {
		return doubt
	}
	err := s.flusher.data(h.f)
	if due == unproven && isUnable(err) {
		err = nil
	}
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	if err != nil {
		state.doubt = s.fileError("sync", h.file, err)
		return state.doubt
	}
	state.mark.flushed = level
	return nil
}

// above stands for the folder that holds Spec.Dir.
const above = ".."

// foldersOf are the folders on the way of file i, innermost first.
func (s *store) foldersOf(i int) []string {
	var dirs []string
	name := s.spec.Files[i].Path
	if s.homeIs(i) == inParts {
		name = s.spec.Parts
	}
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
		if dir == "." {
			return append(dirs, above)
		}
	}
}

// syncFolder makes a folder's entries durable, once per change.
func (s *store) syncFolder(dir string) error {
	s.handles.mu.Lock()
	state := s.folder(dir)
	due, level := state.view(), state.level()
	s.handles.mu.Unlock()
	if due == flushed {
		return nil
	}
	d, err := s.openFolder(dir)
	if dir == above && errors.Is(err, fs.ErrPermission) {
		// A folder that this user may not look into holds no entry of this run.
		return nil
	}
	if err != nil {
		return err
	}
	defer shut(d)
	err = s.flusher.folder(d)
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	if err != nil {
		s.doubtBelow(dir, s.folderError("sync", dir, err))
		return err
	}
	state.flushed = level
	return nil
}

// doubtBelow puts every file below a folder in doubt; handles.mu is held.
func (s *store) doubtBelow(dir string, err error) {
	for i, f := range s.spec.Files {
		within := dir == above || dir == "." || strings.HasPrefix(f.Path, dir+"/")
		if within && s.files[i].doubt == nil {
			s.files[i].doubt = err
		}
	}
}

// folder is the mark of a folder; handles.mu is held.
func (s *store) folder(dir string) *mark {
	state := s.folders[dir]
	if state == nil {
		state = new(mark)
		s.folders[dir] = state
	}
	return state
}

func (s *store) openFolder(dir string) (*os.File, error) {
	if dir == above {
		return os.Open(filepath.Dir(s.spec.Dir))
	}
	root, err := s.openRoot()
	if err != nil {
		return nil, err
	}
	return root.Open(dir)
}

// Recheck forgets failed flushes, so that the next Sync tries again.
func (s *store) Recheck(ctx context.Context, files []int) error {
	if _, err := s.heldRoot(); err != nil {
		return s.folderError("recheck", "", err)
	}
	select {
	case s.syncing <- struct{}{}:
		defer func() { <-s.syncing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, i := range files {
		if err := s.mayName(ctx, "recheck", i); err != nil {
			return err
		}
		if s.spec.Files[i].Role == storage.Padding {
			continue
		}
		if err := s.forget(i); err != nil {
			return s.fileError("recheck", i, err)
		}
	}
	return nil
}

// forget drops the handle, the cache and the state of file i.
func (s *store) forget(i int) error {
	s.discard(i)
	if s.spec.Files[i].Role == storage.Data {
		f, err := s.openFile(i, storage.ReadOnly)
		if err == nil {
			dropCache(f.File)
			shut(f.File)
		} else if !isMissing(err) {
			return err
		}
	}
	folders := s.foldersOf(i)
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	s.files[i].doubt, s.files[i].mark = nil, mark{}
	s.files[i].renew(memory{})
	for _, dir := range folders {
		*s.folder(dir) = mark{}
	}
	return nil
}
