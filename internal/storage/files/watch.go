package files

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/etorrent/etorrent/internal/storage"
)

// ViewFile looks at file i by its path. One that is open for writing and has
// nothing unsynced is closed: some systems set the time of the last write only
// then.
func (s *store) ViewFile(ctx context.Context, i int) storage.FileFacts {
	if _, err := s.heldRoot(); err != nil {
		return storage.Unusable{Err: s.folderError("look at", "", err)}
	}
	if err := s.mayName(ctx, "look at", i); err != nil {
		return storage.Unusable{Err: err}
	}
	facts := s.viewFile(i) // while it is open its numbers stay
	if f := s.handles.dropWriter(s, i); f != nil {
		shut(f)
		facts = s.viewFile(i)
	}
	if p, there := facts.(storage.Present); there {
		return s.lasting(p)
	}
	return facts
}

// viewFile looks whether the file in use still lies at its path. One that does not
// is in doubt from then on.
func (s *store) viewFile(i int) storage.FileFacts {
	if s.spec.Files[i].Role != storage.Data {
		return storage.Virtual{}
	}
	root, err := s.openRoot()
	if isMissing(err) {
		return storage.Absent{}
	}
	if err != nil {
		return storage.Unusable{Err: s.fileError("look at", i, err)}
	}
	for {
		s.handles.mu.Lock()
		before := s.files[i]
		s.handles.mu.Unlock()
		facts := s.examineFile(root, i)
		if seen := s.judge(i, &before, facts); seen != nil {
			return seen
		}
	}
}

// judge compares what a look found with the file in use; nil where the store
// itself changed the file meanwhile.
func (s *store) judge(i int, before *fileState, facts storage.FileFacts) storage.FileFacts {
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	state := &s.files[i]
	if before.memory.turn != state.memory.turn {
		return nil
	}
	if err := viewStray(before, state, facts); err != nil {
		state.stray(s.fileError("look at", i, err))
	}
	if _, absent := facts.(storage.Absent); !absent && storage.ViewStray(state.doubt) != nil {
		return storage.Unusable{Err: state.doubt}
	}
	return facts
}

// viewStray says what became of a file in use, nil if nothing did. It may have been
// opened or closed during the look, so that what fits either is well.
func viewStray(before, after *fileState, facts storage.FileFacts) error {
	if before.memory.state == notInUse {
		return nil
	}
	switch f := facts.(type) {
	case storage.Absent:
		return storage.ErrRemoved
	case storage.Present:
		at := identity{f.Device, f.Inode}
		if before.view(at) == otherFile && after.view(at) == otherFile {
			return storage.ErrReplaced
		}
		if f.Size < before.memory.size {
			return storage.ErrShortened
		}
	case storage.Unusable:
		if _, blocked := storage.View(f.Err).(storage.PathBlocked); blocked || isMissing(f.Err) {
			return storage.ErrReplaced // by what is no file, or a link that leads nowhere
		}
	case storage.Virtual:
	}
	return nil
}

// errAgain says that the store itself put another file in the place of one that was
// opened meanwhile.
var errAgain = errors.New("to be opened again")

// recognise says whether a file with this identity and size, which was opened and
// looked at after its memory was before, is the one in use; it takes it into use where there is
// none. One that was shortened can still be read. handles.mu is held.
func (s *store) recognise(i int, before memory, id identity, size int64) error {
	state := &s.files[i]
	m := &state.memory
	switch {
	case m.state == notInUse:
		state.renew(s.memoryOf(id, size))
	case m.id.view(id) == otherFile && (m.heir == identity{} || m.heir != id):
		if m.turn != before.turn {
			return errAgain
		}
		state.stray(s.fileError("open", i, storage.ErrReplaced))
		return state.doubt
	case size < before.size && m.turn == before.turn: // it may have grown since it was looked at
		state.stray(s.fileError("open", i, storage.ErrShortened))
	}
	return nil
}

// memoryNow is what is known of file i now.
func (s *store) memoryNow(i int) memory {
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	return s.files[i].memory
}

// stray puts a file in doubt that is not what or where it was; the first that was
// seen of that counts.
func (f *fileState) stray(err *storage.Error) {
	if storage.ViewStray(f.doubt) == nil {
		f.doubt = err
	}
}

// mayWrite refuses a write to a file that is not as we left it. A write behind
// the end of a file that somebody shortened would hide it.
func (s *store) mayWrite(h *handle) error {
	s.handles.mu.Lock()
	before := s.files[h.file]
	s.handles.mu.Unlock()
	if storage.ViewStray(before.doubt) != nil {
		return before.doubt
	}
	size, err := h.f.Seek(0, io.SeekEnd) // unlike Stat it allocates nothing; nobody reads or writes at the place
	if err != nil || s.sizeIn(h.home, h.file, size) >= before.memory.size {
		return err
	}
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	state := &s.files[h.file]
	if h.place != nil { // else it is another file by now
		state.stray(s.fileError("write", h.file, storage.ErrShortened))
	}
	return state.doubt
}

// viewPlace says whether Spec.Dir still leads to the folder that is open.
func (s *store) viewPlace() *storage.Error {
	root, err := s.openRoot()
	if err != nil {
		return s.folderError("sync", "", err)
	}
	ours, err := root.Stat(".")
	if err != nil {
		return s.folderError("sync", "", err)
	}
	now, err := os.Stat(s.spec.Dir)
	switch {
	case isMissing(err):
		err = storage.ErrFolderGone
	case err == nil && !os.SameFile(ours, now):
		err = storage.ErrFolderReplaced
	}
	if err != nil {
		return s.folderError("sync", "", err)
	}
	return nil
}
