// Package create makes torrents of version 1 from files: it lists them, hashes
// them on all cores, and refuses what changes meanwhile. The same files give the
// same bytes, wherever and whenever they are read.
package create

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/etorrent/etorrent/metainfo"
)

// Tree is the files that a torrent is to be made of.
type Tree struct {
	// Name is that of the file or folder.
	Name   string
	Layout metainfo.Layout
	// Dir is the folder below which the paths of Files lie: the folder itself,
	// or the one that the single file lies in.
	Dir   string
	Files []File // sorted by path
	Total int64  // bytes
}

// File is one file as it was found.
type File struct {
	Path     string // below Tree.Dir, with slashes
	Size     int64
	Modified time.Time
}

// Choice says whether a file or folder goes into the torrent.
type Choice uint8

// The choices.
const (
	Take Choice = iota
	LeaveOut
)

// Filter is asked for every file and folder below the tree's, by its path with
// slashes. What a folder that is left out holds is not looked at.
type Filter func(path string) Choice

// PathError says which path cannot be part of a torrent, and why. Path is where
// it lies below the tree.
type PathError struct {
	Path string
	Err  error
}

// Error names the path and the reason.
func (e *PathError) Error() string { return fmt.Sprintf("%q: %v", e.Path, e.Err) }

// Unwrap returns the reason.
func (e *PathError) Unwrap() error { return e.Err }

var (
	// ErrSymlink is the reason to refuse a symbolic link: the torrent would hold
	// what it leads to, or nothing.
	ErrSymlink = errors.New("is a symbolic link; exclude it, or put the file itself there")
	// ErrSpecial is the reason to refuse a device, pipe or socket.
	ErrSpecial = errors.New("is no regular file; exclude it")
	// ErrNotUTF8 is the reason to refuse a name that other systems cannot store.
	ErrNotUTF8 = errors.New("its name is not UTF-8; rename or exclude it")
	// ErrNothing says that there is no file to put into the torrent.
	ErrNothing = errors.New("holds no file to put into a torrent")
	// ErrChanged says that a file was written to while it was hashed.
	ErrChanged = errors.New("changed while it was being hashed")
)

// ListFolder lists the files of a folder, which fsys shows. dir is its absolute
// path and name its name. Every file is opened once, so that one that may not
// be read is told before the long work begins.
func ListFolder(fsys fs.FS, dir, name string, filter Filter) (*Tree, error) {
	t := &Tree{Name: name, Layout: metainfo.MultiFile, Dir: dir}
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if path != "." && filter(path) == LeaveOut {
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err != nil {
			return &PathError{Path: path, Err: reason(err)}
		}
		if d.IsDir() {
			return nil
		}
		return t.add(fsys, path, d)
	})
	if err != nil {
		return nil, err
	}
	return t.complete()
}

// ListFile makes the tree of a single file called name in the folder dir, which
// fsys shows.
func ListFile(fsys fs.FS, dir, name string) (*Tree, error) {
	t := &Tree{Name: name, Layout: metainfo.SingleFile, Dir: dir}
	info, err := fs.Lstat(fsys, name)
	if err != nil {
		return nil, &PathError{Path: name, Err: reason(err)}
	}
	if err := t.add(fsys, name, fs.FileInfoToDirEntry(info)); err != nil {
		return nil, err
	}
	return t.complete()
}

func (t *Tree) add(fsys fs.FS, path string, d fs.DirEntry) error {
	switch {
	case d.Type()&fs.ModeSymlink != 0:
		return &PathError{Path: path, Err: ErrSymlink}
	case !d.Type().IsRegular():
		return &PathError{Path: path, Err: ErrSpecial}
	case !utf8.ValidString(path):
		return &PathError{Path: path, Err: ErrNotUTF8}
	}
	f, err := fsys.Open(path)
	if err != nil {
		return &PathError{Path: path, Err: reason(err)}
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return &PathError{Path: path, Err: reason(err)}
	}
	t.Files = append(t.Files, File{Path: path, Size: info.Size(), Modified: info.ModTime()})
	t.Total += info.Size()
	return nil
}

// complete sorts the files as metainfo.SortFiles has it.
func (t *Tree) complete() (*Tree, error) {
	if len(t.Files) == 0 {
		return nil, &PathError{Path: t.Name, Err: ErrNothing}
	}
	specs, byPath := make([]metainfo.SpecFile, len(t.Files)), make(map[string]File, len(t.Files))
	for i, f := range t.Files {
		specs[i] = metainfo.SpecFile{Path: strings.Split(f.Path, "/")}
		byPath[f.Path] = f
	}
	metainfo.SortFiles(specs)
	for i, s := range specs {
		t.Files[i] = byPath[strings.Join(s.Path, "/")]
	}
	return t, nil
}

// reason is what the system said, without the operation and path before it.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
