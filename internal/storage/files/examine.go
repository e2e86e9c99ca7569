package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/etorrent/etorrent/internal/storage"
)

// Examine looks at every file, and takes those into use that are not yet.
func (s *store) Examine(ctx context.Context) ([]storage.FileFacts, error) {
	facts := make([]storage.FileFacts, len(s.spec.Files))
	root, err := s.openRoot()
	if err != nil && !isMissing(err) {
		return nil, s.folderError("examine", "", err)
	}
	for i, f := range s.spec.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		switch {
		case f.Role != storage.Data:
			facts[i] = storage.Virtual{}
		case root == nil:
			facts[i] = storage.Absent{}
		default:
			facts[i] = s.examineFile(root, i)
		}
		if p, there := facts[i].(storage.Present); there {
			s.take(i, identity{p.Device, p.Inode}, p.Size)
			facts[i] = s.lasting(p)
		}
	}
	return facts, nil
}

// lasting leaves out the number of a file that it will not have for good.
func (s *store) lasting(p storage.Present) storage.Present {
	if s.numbers == numbersPass {
		p.Inode = 0
	}
	return p
}

// examineFile looks at one file. A link that leads to nothing is told from
// nothing: no file can be made in its place.
func (s *store) examineFile(root *os.Root, i int) storage.FileFacts {
	name := s.spec.Files[i].Path
	info, err := root.Stat(name)
	if isMissing(err) {
		itself, linkErr := root.Lstat(name)
		if isMissing(linkErr) {
			return s.examineAbsent(root, i)
		}
		if linkErr == nil && itself.Mode()&fs.ModeSymlink == 0 {
			info, err = itself, nil // it came between the two looks
		}
	}
	if err == nil && !info.Mode().IsRegular() {
		err = storage.ErrNotRegular
	}
	if err != nil {
		return storage.Unusable{Err: s.fileError("examine", i, err)}
	}
	return presentOf(root, name, info)
}

// Delete removes files, then the folders that became empty.
func (s *store) Delete(ctx context.Context, files []int) error {
	if err := s.mayChange("delete"); err != nil {
		return err
	}
	root, err := s.openRoot()
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return s.folderError("delete", "", err)
	}
	var errs []error
	var dirs []string
	for _, i := range files {
		if err := s.mayName(ctx, "delete", i); err != nil {
			return err
		}
		if s.spec.Files[i].Role == storage.Padding {
			continue
		}
		if err := s.deleteFile(root, i); err != nil {
			errs = append(errs, s.fileError("delete", i, err))
			continue
		}
		dirs = append(dirs, s.foldersOf(i)...)
	}
	if len(errs) == 0 {
		if err := s.deleteParts(root); err != nil {
			errs = append(errs, err)
		}
	}
	s.deleteFolders(root, dirs)
	return errors.Join(errs...)
}

// deleteFile removes file or link i unless something else lies there.
func (s *store) deleteFile(root *os.Root, i int) error {
	name := s.spec.Files[i].Path
	s.discard(i)
	s.dropLeftCopy(root, name)
	info, err := root.Lstat(name)
	if isMissing(err) {
		return nil
	}
	if err != nil {
		failed := s.fileError("delete", i, err)
		if _, blocked := storage.View(failed).(storage.PathBlocked); blocked {
			return nil
		}
		return failed
	}
	if !s.isOurs(root, i, info) {
		return nil
	}
	if err := root.Remove(name); err != nil && !isMissing(err) {
		return err
	}
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	s.files[i].mark, s.files[i].doubt = mark{}, nil
	delete(s.empties, i)
	s.files[i].renew(memory{})
	s.folder(path.Dir(name)).changed()
	return nil
}

// isOurs says whether what lies in the place of file i is of its kind.
func (s *store) isOurs(root *os.Root, i int, info fs.FileInfo) bool {
	if s.spec.Files[i].Role == storage.Data {
		return info.Mode().IsRegular()
	}
	_, ours := s.viewLink(root, i).(storage.LinkThere)
	return ours
}

// deleteFolders removes those folders that are empty, the deepest first. A
// folder that is not empty refuses, and so it stays.
func (s *store) deleteFolders(root *os.Root, dirs []string) {
	slices.SortFunc(dirs, func(a, b string) int {
		if n := strings.Count(b, "/") - strings.Count(a, "/"); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	for _, dir := range slices.Compact(dirs) {
		if dir == "." || dir == above {
			continue
		}
		info, err := root.Lstat(dir)
		if err == nil && info.Mode()&fs.ModeType == fs.ModeDir {
			_ = root.Remove(dir)
		}
	}
}
