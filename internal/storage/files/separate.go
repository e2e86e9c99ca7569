package files

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"os"
	"path"
	"slices"
	"strconv"

	"github.com/etorrent/etorrent/internal/storage"
)

// Separate makes files that have other names (hard links) files of their own.
// Each is copied beside itself, the copy is made durable and takes the name. A
// crash leaves the link or the whole copy, and perhaps a part of one under
// copyName, which the next call replaces and Delete removes.
func (s *store) Separate(ctx context.Context, files []int) error {
	if err := s.mayChange("copy"); err != nil {
		return err
	}
	root, err := s.openRoot()
	if err != nil {
		return s.folderError("copy", "", err)
	}
	for _, i := range files {
		if err := s.mayName(ctx, "copy", i); err != nil {
			return err
		}
		if s.spec.Files[i].Role != storage.Data {
			continue
		}
		if err := s.separateFile(ctx, root, i); err != nil {
			return s.fileError("copy", i, err)
		}
	}
	return nil
}

// copyName is where the copy of a file lies until it is whole: beside it, so that
// it is on its volume, under a name that none of the torrent's files has.
func (s *store) copyName(file string) string {
	name := firstCopyName(file)
	for slices.ContainsFunc(s.spec.Files, func(f storage.File) bool { return f.Path == name }) {
		name += "~"
	}
	return name
}

func firstCopyName(file string) string {
	h := fnv.New64a()
	_, _ = io.WriteString(h, file) // a hash takes everything
	return path.Join(path.Dir(file), ".etorrent-copy-"+strconv.FormatUint(h.Sum64(), 16))
}

// dropLeftCopy removes what a crash left of a copy of a file. Where nothing has the
// first name that it would get, there is none.
func (s *store) dropLeftCopy(root *os.Root, file string) {
	if _, err := root.Lstat(firstCopyName(file)); err == nil {
		_ = root.Remove(s.copyName(file))
	}
}

func (s *store) separateFile(ctx context.Context, root *os.Root, i int) error {
	h, err := s.acquire(i, storage.ReadOnly)
	if err != nil {
		return err
	}
	defer s.release(h)
	info, err := h.f.Stat()
	if err != nil || linksOf(root, s.spec.Files[i].Path, info) < 2 {
		return err
	}
	return s.replace(root, i, info.Mode().Perm(), func(to *os.File) error { return s.copyAll(ctx, h.f, to) })
}

// replace puts a new file with what fill writes at the path of file i. It has its
// name when it is whole and durable, and then for good.
func (s *store) replace(root *os.Root, i int, mode os.FileMode, fill func(*os.File) error) error {
	name := s.spec.Files[i].Path
	temporary := s.copyName(name)
	if err := root.Remove(temporary); err != nil && !isMissing(err) {
		return err
	}
	err := s.makeCopy(root, temporary, mode, fill)
	if err == nil {
		err = s.inherit(root, i, temporary)
	}
	if err != nil {
		return errors.Join(err, dropCopy(root, temporary))
	}
	return s.syncFolder(path.Dir(name))
}

// inherit gives the name of file i to its whole copy, unless somebody put another
// file there while it was made. Whoever looks at the name meanwhile may find
// either of the two.
func (s *store) inherit(root *os.Root, i int, temporary string) error {
	switch f := s.viewFile(i).(type) {
	case storage.Absent:
		return storage.ErrRemoved
	case storage.Unusable:
		return f.Err
	case storage.Present, storage.Virtual:
	}
	info, err := root.Stat(temporary)
	if err != nil {
		return err
	}
	name, heir := s.spec.Files[i].Path, identityAt(root, temporary, info)
	s.handles.mu.Lock()
	m := s.files[i].memory
	m.heir = heir
	s.files[i].renew(m)
	s.handles.mu.Unlock()
	err = root.Rename(temporary, name)
	if old := s.inherited(i, heir, info.Size(), err); old != nil {
		shut(old)
	}
	return err
}

// inherited notes how a copy took the name of file i, and returns what is to be
// closed.
func (s *store) inherited(i int, heir identity, size int64, err error) *os.File {
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	state := &s.files[i]
	state.memory.heir = identity{}
	if err != nil {
		return nil
	}
	state.home, state.mark = inPlace, mark{}
	state.renew(s.memoryOf(heir, size))
	s.folder(path.Dir(s.spec.Files[i].Path)).changed()
	return s.handles.retire(state.handle)
}

// dropCopy removes a copy that did not become whole.
func dropCopy(root *os.Root, temporary string) error {
	if err := root.Remove(temporary); !isMissing(err) {
		return err
	}
	return nil
}

// makeCopy makes a durable file of what fill writes.
func (s *store) makeCopy(root *os.Root, name string, mode os.FileMode, fill func(*os.File) error) error {
	to, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer shut(to)
	if err := fill(to); err != nil {
		return err
	}
	return s.flusher.data(to)
}

// linksOf is how many names a file has.
func linksOf(root *os.Root, name string, info os.FileInfo) uint64 {
	if p, there := presentOf(root, name, info).(storage.Present); there {
		return p.Links
	}
	return 1
}
