package files

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/etorrent/etorrent/internal/storage"
)

// home says where the bytes of a file are looked for. It is decided when the
// file is first looked at and changes only by KeepParts, Prepare and Delete, so
// that a file that somebody removes is missing rather than looked for elsewhere.
type home uint8

const (
	undecided home = iota
	inPlace
	inParts
)

// errNotInParts is the cause of a read or write of bytes that are not in the parts file,
// of a file that is.
var errNotInParts = fmt.Errorf("only its edges are kept, in the pieces that it shares: %w", fs.ErrNotExist)

// homeOf decides where file i is looked for.
func (s *store) homeOf(root *os.Root, i int) (home, error) {
	if s.edges == nil || s.edges.View(i) == storage.NoEdge {
		return inPlace, nil
	}
	if known := s.homeIs(i); known != undecided {
		return known, nil
	}
	_, err := root.Lstat(s.spec.Files[i].Path)
	if err == nil {
		return s.settle(i, inPlace), nil
	}
	if !isMissing(err) {
		return undecided, err
	}
	if _, err := root.Lstat(s.spec.Parts); err == nil {
		return s.settle(i, inParts), nil
	}
	return undecided, nil
}

// homeIs is what was decided of file i.
func (s *store) homeIs(i int) home {
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	return s.files[i].home
}

// settle notes the home of file i.
func (s *store) settle(i int, at home) home {
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	s.files[i].home = at
	return at
}

// KeepParts lets absent files be without a file of their own.
func (s *store) KeepParts(ctx context.Context, files []int) error {
	if err := s.mayChange("keep parts"); err != nil {
		return err
	}
	if s.edges == nil {
		return s.folderError("keep parts", "", storage.ErrOutOfRange)
	}
	for _, i := range files {
		if err := s.mayName(ctx, "keep parts", i); err != nil {
			return err
		}
		if s.edges.View(i) == storage.NoEdge {
			continue
		}
		if err := s.makeDir(); err != nil {
			return s.folderError("keep parts", "", err)
		}
		if err := s.keepParts(i); err != nil {
			return s.partsError("keep parts", err)
		}
	}
	return nil
}

func (s *store) keepParts(i int) error {
	root, err := s.openRoot()
	if err != nil {
		return err
	}
	at, err := s.homeOf(root, i)
	if err != nil || at == inPlace {
		return err
	}
	if err := s.makeParts(root); err != nil {
		return err
	}
	s.settle(i, inParts)
	return nil
}

// makeParts makes the parts file, with room for all edges. One that is shorter was
// cut by somebody, and what was in it is known to be gone.
func (s *store) makeParts(root *os.Root) error {
	f, err := root.OpenFile(s.spec.Parts, os.O_RDWR|os.O_CREATE|openAtOnce, 0o666)
	if err != nil {
		return err
	}
	defer shut(f)
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return storage.ErrNotRegular
	case info.Size() >= s.edges.Size():
		return nil
	}
	s.handles.mu.Lock()
	s.folder(path.Dir(s.spec.Parts)).changed()
	s.handles.mu.Unlock()
	return f.Truncate(s.edges.Size())
}

// partsError is an error of the file that keeps edges.
func (s *store) partsError(op string, err error) *storage.Error {
	return &storage.Error{Op: op, Path: s.path(s.spec.Parts), Err: cause(err)}
}

// examineAbsent looks at what is kept of file i, of which nothing lies at its path.
func (s *store) examineAbsent(root *os.Root, i int) storage.FileFacts {
	if at, err := s.homeOf(root, i); err != nil || at != inParts {
		return storage.Absent{}
	}
	info, err := root.Lstat(s.spec.Parts)
	if isMissing(err) {
		return storage.Absent{}
	}
	if err == nil && !info.Mode().IsRegular() {
		err = storage.ErrNotRegular
	}
	if err != nil {
		return storage.Unusable{Err: s.partsError("examine", err)}
	}
	facts, there := presentOf(root, s.spec.Parts, info).(storage.Present)
	if !there {
		return storage.Absent{}
	}
	facts.Home, facts.Size = storage.InParts, s.sizeIn(inParts, i, facts.Size)
	return facts
}

// sizeIn is the size that file i has where what has its bytes has size: the parts
// file has room for all edges, unless somebody cut it.
func (s *store) sizeIn(at home, i int, size int64) int64 {
	switch {
	case at != inParts:
		return size
	case size < s.edges.Size():
		return 0
	}
	return s.spec.Files[i].Length
}

// moveFile carries out a read or write of a file, part by part where only its
// edges are kept.
func (s *store) moveFile(h *handle, p []byte, off int64, call func([]byte, int64) (int, error)) (int, error) {
	if h.home != inParts {
		return call(p, off)
	}
	for done := 0; done < len(p); {
		at, n := s.edges.Place(h.file, off+int64(done), len(p)-done)
		if n == 0 {
			return done, errNotInParts
		}
		moved, err := call(p[done:done+n], at)
		done += moved
		if err != nil {
			return done, err
		}
	}
	return len(p), nil
}

// bringHome makes file i, which is absent, with what is kept of it. It is whole
// and durable before it has its name: a file at its path is taken for the
// torrent's.
func (s *store) bringHome(ctx context.Context, root *os.Root, i int) error {
	name := s.spec.Files[i].Path
	if _, err := root.Lstat(name); err == nil {
		return fs.ErrExist
	}
	from, err := root.OpenFile(s.spec.Parts, os.O_RDONLY|openAtOnce, 0)
	if err != nil {
		return err
	}
	defer shut(from)
	if err := s.makeFolders(root, path.Dir(name)); err != nil {
		return err
	}
	return s.replace(root, i, modeOf(s.spec.Files[i].Attributes), func(to *os.File) error {
		if err := s.furnish(i, to); err != nil {
			return err
		}
		return s.copyEdges(ctx, i, from, to)
	})
}

// copyEdges copies what is kept of file i to its places in the file.
func (s *store) copyEdges(ctx context.Context, i int, from, to *os.File) error {
	for _, edge := range s.edges.Of(i) {
		if err := ctx.Err(); err != nil {
			return err
		}
		kept := io.NewSectionReader(from, edge.At, edge.Length)
		if _, err := io.Copy(io.NewOffsetWriter(to, edge.Offset), kept); err != nil {
			return err
		}
	}
	return nil
}

// dropParts removes the file that keeps edges when it keeps none any more.
func (s *store) dropParts() error {
	if s.edges == nil {
		return nil
	}
	root, err := s.openRoot()
	if err != nil {
		return s.partsError("remove", err)
	}
	if _, err := root.Lstat(s.spec.Parts); isMissing(err) {
		return nil
	}
	for i := range s.spec.Files {
		at, err := s.homeOf(root, i)
		if err != nil || at == inParts {
			return nil
		}
	}
	return s.removeParts(root)
}

// forgetParts notes that nothing is kept of file i.
func (s *store) forgetParts(i int) {
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	s.files[i].home = undecided
	s.files[i].renew(memory{})
}

func (s *store) removeParts(root *os.Root) error {
	err := root.Remove(s.spec.Parts)
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return s.partsError("remove", err)
	}
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	s.folder(path.Dir(s.spec.Parts)).changed()
	return nil
}

// deleteParts removes the parts file when no file of the torrent is left, since
// parts of pieces are of no use to anybody.
func (s *store) deleteParts(root *os.Root) error {
	if s.edges == nil {
		return nil
	}
	for i, f := range s.spec.Files {
		if f.Role != storage.Data {
			continue
		}
		if _, err := root.Lstat(f.Path); err == nil {
			return nil
		}
		if s.homeIs(i) == inParts {
			s.discard(i)
			s.forgetParts(i)
		}
	}
	return s.removeParts(root)
}
