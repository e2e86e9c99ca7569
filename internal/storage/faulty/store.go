package faulty

import (
	"context"
	"errors"
	"slices"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// store wraps one open store. doubts, guarded by home.mu, has the files whose
// sync was made to fail: as with a real store they fail until Recheck.
type store struct {
	storage.Store
	home   *Storage
	spec   storage.Spec
	doubts map[int]*storage.Error
}

// Features are those of the inner store, but for a limit that was set.
func (s *store) Features() storage.Features {
	f := s.Store.Features()
	s.home.mu.Lock()
	defer s.home.mu.Unlock()
	if s.home.limit != storage.SizeLimitUnknown {
		f.Largest = s.home.limit
	}
	return f
}

// ViewSpace asks the inner store, if it can tell, but for room that was set.
func (s *store) ViewSpace() storage.SpaceEvidence {
	s.home.mu.Lock()
	room := s.home.room
	s.home.mu.Unlock()
	if room != nil {
		return room
	}
	if viewer, can := storage.As[storage.SpaceViewer](s.Store); can {
		return viewer.ViewSpace()
	}
	return storage.SpaceUnknown{}
}

// ReadAt reads from the inner store.
func (s *store) ReadAt(p []byte, off int64) (int, error) { return s.move(Read, s.Store.ReadAt, p, off) }

// WriteAt writes to the inner store.
func (s *store) WriteAt(p []byte, off int64) (int, error) {
	return s.move(Write, s.Store.WriteAt, p, off)
}

// move carries out a call that moves bytes, with its fault.
func (s *store) move(op Op, call func([]byte, int64) (int, error), p []byte, off int64) (int, error) {
	switch f := s.home.next(op).(type) {
	case nil:
	case Fail:
		return 0, failure(op, s.spec.Dir, f.Err)
	case Torn:
		n, err := call(p[:min(f.Bytes, len(p))], off)
		if err == nil {
			err = failure(op, s.spec.Dir, f.Err)
		}
		return n, err
	case Stall:
		<-f.Until
	}
	return call(p, off)
}

// Prepare prepares the inner store.
func (s *store) Prepare(ctx context.Context, files []int) ([]int, error) {
	if err := s.home.meet(ctx, Prepare, s.spec.Dir); err != nil {
		return nil, err
	}
	return s.Store.Prepare(ctx, files)
}

// Sync syncs the inner store. A fault puts all files of the pieces in doubt;
// files in doubt fail whatever the inner store says of them.
func (s *store) Sync(ctx context.Context, pieces *pieceset.Set) error {
	if err := s.home.meet(ctx, Sync, s.spec.Dir); err != nil {
		var fault *storage.Error
		if !errors.As(err, &fault) {
			return err
		}
		s.doubt(pieces, fault)
		if faults := s.faultsOf(pieces, nil); len(faults) > 0 {
			return &storage.SyncError{Faults: faults}
		}
		return fault
	}
	err := s.Store.Sync(ctx, pieces)
	var inner *storage.SyncError
	if err != nil && !errors.As(err, &inner) {
		return err
	}
	if faults := s.faultsOf(pieces, inner); len(faults) > 0 {
		return &storage.SyncError{Faults: faults}
	}
	return nil
}

func (s *store) doubt(pieces *pieceset.Set, err *storage.Error) {
	s.home.mu.Lock()
	defer s.home.mu.Unlock()
	for i := range s.spec.FilesOf(pieces) {
		if s.doubts[i] == nil {
			s.doubts[i] = err
		}
	}
}

// faultsOf merges what is in doubt of the pieces with the inner store's faults.
func (s *store) faultsOf(pieces *pieceset.Set, inner *storage.SyncError) []storage.FileFault {
	s.home.mu.Lock()
	defer s.home.mu.Unlock()
	var faults []storage.FileFault
	if inner != nil {
		faults = slices.Clone(inner.Faults)
	}
	for i := range s.spec.FilesOf(pieces) {
		if err := s.doubts[i]; err != nil {
			faults = append(faults, storage.FileFault{File: i, Err: err})
		}
	}
	slices.SortStableFunc(faults, func(a, b storage.FileFault) int { return a.File - b.File })
	return slices.CompactFunc(faults, func(a, b storage.FileFault) bool { return a.File == b.File })
}

// Recheck ends the doubts that this wrapper made, and the inner store's.
func (s *store) Recheck(ctx context.Context, files []int) error {
	if err := s.home.meet(ctx, Recheck, s.spec.Dir); err != nil {
		return err
	}
	s.home.mu.Lock()
	for _, i := range files {
		delete(s.doubts, i)
	}
	s.home.mu.Unlock()
	return s.Store.Recheck(ctx, files)
}

// ViewHoles asks the inner store, if it can tell.
func (s *store) ViewHoles(off int64, n int) storage.HoleEvidence {
	if viewer, can := storage.As[storage.HoleViewer](s.Store); can {
		return viewer.ViewHoles(off, n)
	}
	return storage.HoleUnknown
}

// Examine examines the inner store.
func (s *store) Examine(ctx context.Context) ([]storage.FileFacts, error) {
	if err := s.home.meet(ctx, Examine, s.spec.Dir); err != nil {
		return nil, err
	}
	return s.Store.Examine(ctx)
}

// Delete deletes from the inner store.
func (s *store) Delete(ctx context.Context, files []int) error {
	if err := s.home.meet(ctx, Delete, s.spec.Dir); err != nil {
		return err
	}
	return s.Store.Delete(ctx, files)
}

// ViewFile looks at a file of the inner store, which Examine has to do where that
// cannot look at one.
func (s *store) ViewFile(ctx context.Context, i int) storage.FileFacts {
	if err := s.home.meet(ctx, View, s.spec.Dir); err != nil {
		return storage.Unusable{Err: err}
	}
	if v, can := storage.As[storage.FileViewer](s.Store); can {
		return v.ViewFile(ctx, i)
	}
	facts, err := s.Store.Examine(ctx)
	if err != nil {
		return storage.Unusable{Err: err}
	}
	return facts[i]
}
