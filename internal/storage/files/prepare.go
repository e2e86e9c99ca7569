package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/metainfo"
)

// Prepare makes the absent ones of the given files.
func (s *store) Prepare(ctx context.Context, files []int) (made []int, err error) {
	if err := s.mayChange("prepare"); err != nil {
		return nil, err
	}
	if err := s.makeDir(); err != nil {
		return nil, s.folderError("prepare", "", err)
	}
	files = slices.Clone(files)
	slices.Sort(files)
	for _, i := range slices.Compact(files) {
		if err := s.mayName(ctx, "prepare", i); err != nil {
			return made, err
		}
		if s.spec.Files[i].Role != storage.Data {
			continue
		}
		err := s.prepareFile(ctx, i, &made)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return made, s.fileError("prepare", i, err)
		}
	}
	if len(made) == 0 {
		return nil, nil
	}
	return made, s.dropParts()
}

// prepareFile makes file i, with what is kept of it, and adds it to made as soon
// as it is there.
func (s *store) prepareFile(ctx context.Context, i int, made *[]int) error {
	root, err := s.openRoot()
	if err != nil {
		return err
	}
	at, err := s.homeOf(root, i)
	if err != nil {
		return err
	}
	if at == inParts {
		if err := s.bringHome(ctx, root, i); err != nil {
			return err
		}
		*made = append(*made, i)
		return nil
	}
	f, err := s.makeFile(root, i)
	if err != nil {
		return err
	}
	defer shut(f)
	*made = append(*made, i)
	return s.furnish(i, f)
}

// makeDir makes Spec.Dir where it is missing. Its way down lies outside of what
// Sync looks at, and is made durable here.
func (s *store) makeDir() error {
	_, err := s.openRoot()
	if isMissing(err) {
		from := existing(s.spec.Dir)
		err = os.MkdirAll(s.spec.Dir, 0o777)
		s.handles.wayChanged(from, s.spec.Dir)
	}
	if err == nil {
		err = s.syncWay()
	}
	if err != nil {
		return err
	}
	_, err = s.openRoot()
	return err
}

// syncWay makes the entries of the folders above Spec.Dir durable, once while the
// program runs: whoever made them may have been stopped, or met a fault, before it
// synced them. Folders are made on one volume, so those of others do not matter.
func (s *store) syncWay() error {
	device := uint64(0)
	for dir := filepath.Dir(s.spec.Dir); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || device != 0 && deviceOf(info) != device {
			return err
		}
		device = deviceOf(info)
		if due, level := s.handles.viewWay(dir); due != flushed {
			if err := s.syncOutside(dir); err != nil {
				return err
			}
			s.handles.wayFlushed(dir, level)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func (s *store) syncOutside(dir string) error {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer shut(d)
	return s.flusher.folder(d)
}

// makeFile makes file i, and its folders if they are not there.
func (s *store) makeFile(root *os.Root, i int) (*os.File, error) {
	name, mode := s.spec.Files[i].Path, modeOf(s.spec.Files[i].Attributes)
	before := s.memoryNow(i).state
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	f, err := root.OpenFile(name, flags, mode)
	if isMissing(err) {
		if err := s.makeFolders(root, path.Dir(name)); err != nil {
			return nil, err
		}
		f, err = root.OpenFile(name, flags, mode)
	}
	if err != nil {
		return nil, err
	}
	s.discard(i)
	info, err := f.Stat()
	if err != nil {
		shut(f)
		return nil, err
	}
	s.noteMade(i, before, identityOf(f, info))
	return f, nil
}

// modeOf is the mode of a new file, of which the system takes the mask away.
func modeOf(a metainfo.Attributes) os.FileMode {
	if a.Has(metainfo.Executable) {
		return 0o777
	}
	return 0o666
}

// makeFolders makes dir and what is missing above it.
func (s *store) makeFolders(root *os.Root, dir string) error {
	for end := 0; end < len(dir); end++ {
		next := strings.IndexByte(dir[end:], '/')
		if next < 0 {
			end = len(dir)
		} else {
			end += next
		}
		part := dir[:end]
		err := root.Mkdir(part, 0o777)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		s.handles.mu.Lock()
		s.folder(path.Dir(part)).changed()
		*s.folder(part) = mark{}
		s.handles.mu.Unlock()
	}
	return nil
}

// noteMade makes the new file i and its entry due for Sync. Where it was in use
// before, somebody removed it, and what was written to it is gone.
func (s *store) noteMade(i int, before memoryState, id identity) {
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	f := &s.spec.Files[i]
	s.files[i].home, s.files[i].mark, s.files[i].doubt = inPlace, mark{}, nil
	s.files[i].renew(s.memoryOf(id, 0))
	if before == inUse {
		s.files[i].doubt = s.fileError("prepare", i, storage.ErrRemoved)
	}
	s.folder(path.Dir(f.Path)).changed()
	if f.Length == 0 {
		s.empties[i] = struct{}{}
	}
}

// furnish gives the new file i what the spec asks for beside its bytes: to be
// hidden, and its space.
func (s *store) furnish(i int, f *os.File) error {
	if s.spec.Files[i].Attributes.Has(metainfo.Hidden) {
		hide(f)
	}
	n := s.spec.Files[i].Length
	if s.spec.Allocate == storage.Sparse || n == 0 || s.features.Largest.View(n) == storage.SizeExceeds {
		return nil
	}
	return allocate(f, n)
}
