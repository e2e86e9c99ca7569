package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/etorrent/etorrent/internal/storage"
)

// Link makes the absent links of the given files.
func (s *store) Link(ctx context.Context, files []int) (refused []storage.FileFault, err error) {
	if err := s.mayChange("link"); err != nil {
		return nil, err
	}
	if err := s.makeDir(); err != nil {
		return nil, s.folderError("link", "", err)
	}
	files = slices.Clone(files)
	slices.Sort(files)
	for _, i := range slices.Compact(files) {
		if err := s.mayName(ctx, "link", i); err != nil {
			return refused, err
		}
		if s.spec.Files[i].Role != storage.Link {
			continue
		}
		err := s.makeLink(i)
		if err == nil || errors.Is(err, fs.ErrExist) {
			continue
		}
		failed := s.fileError("link", i, err)
		if ofLinksAlone(failed) != linkRefused {
			return refused, failed
		}
		refused = append(refused, storage.FileFault{File: i, Err: failed})
	}
	return refused, nil
}

func (s *store) makeLink(i int) error {
	root, err := s.openRoot()
	if err != nil {
		return err
	}
	f := &s.spec.Files[i]
	err = root.Symlink(filepath.FromSlash(f.Target), f.Path)
	if isMissing(err) {
		if err := s.makeFolders(root, path.Dir(f.Path)); err != nil {
			return err
		}
		err = root.Symlink(filepath.FromSlash(f.Target), f.Path)
	}
	if err == nil {
		s.noteMade(i, notInUse, identity{})
	}
	return err
}

// refusal says whether a failed link is worth a pause.
type refusal uint8

const (
	linkRefused refusal = iota
	linkFailed
)

// ofLinksAlone tells what files meet as well from what only links do: systems have
// many errors for a link that they cannot make, and one that is missing harms
// nobody.
func ofLinksAlone(err error) refusal {
	switch storage.View(err).(type) {
	case storage.NoSpace, storage.QuotaExceeded, storage.ReadOnlyFileSystem, storage.InputOutput, storage.Missing,
		storage.TooManyFiles, storage.Changed, storage.StoreClosed:
		return linkFailed
	case storage.FileTooLarge, storage.Truncated, storage.NoPermission, storage.NameRefused, storage.PathBlocked, storage.OtherFault:
	}
	return linkRefused
}

// ViewLink looks at what lies in the place of link i.
func (s *store) ViewLink(i int) storage.LinkEvidence {
	root, err := s.openRoot()
	if isMissing(err) {
		return storage.LinkAbsent{}
	}
	if err != nil {
		return storage.LinkUnknown{Err: s.fileError("examine", i, err)}
	}
	return s.viewLink(root, i)
}

func (s *store) viewLink(root *os.Root, i int) storage.LinkEvidence {
	f := &s.spec.Files[i]
	info, err := root.Lstat(f.Path)
	if isMissing(err) {
		return storage.LinkAbsent{}
	}
	if err == nil && info.Mode()&fs.ModeSymlink == 0 {
		return storage.LinkOther{}
	}
	text := ""
	if err == nil {
		text, err = root.Readlink(f.Path)
	}
	switch {
	case err != nil:
		return storage.LinkUnknown{Err: s.fileError("examine", i, err)}
	case filepath.ToSlash(text) != f.Target:
		return storage.LinkOther{}
	}
	return storage.LinkThere{}
}
