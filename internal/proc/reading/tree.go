package reading

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Entry is a file of a Tree. Its Path is one of package fs, and no other entry has it
// or has it on its way.
type Entry struct {
	Path  string
	Index int // in the torrent
	File
}

// Tree is the files of a torrent in their folders. It does not change.
type Tree struct{ at map[string]*node }

// node is a file or folder. It is its own description.
type node struct {
	name string
	file *Entry        // nil: a folder
	kids []fs.DirEntry // of a folder, by name
}

// NewTree returns the tree of files. Those whose Path is none of package fs are left
// out.
func NewTree(files []Entry) *Tree {
	t := &Tree{at: map[string]*node{".": {name: "."}}}
	for _, f := range files {
		if !fs.ValidPath(f.Path) || t.at[f.Path] != nil {
			continue
		}
		t.put(f.Path, &node{name: path.Base(f.Path), file: &f})
	}
	for _, n := range t.at {
		slices.SortFunc(n.kids, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return t
}

// put puts a node into its folder, which is made if need be.
func (t *Tree) put(at string, n *node) {
	for {
		t.at[at] = n
		folder := path.Dir(at)
		in := t.at[folder]
		known := in != nil
		if !known {
			in = &node{name: path.Base(folder)}
		}
		in.kids = append(in.kids, n)
		if known {
			return
		}
		at, n = folder, in
	}
}

// find returns a node for package fs.
func (t *Tree) find(op, name string) (*node, error) {
	n := t.at[name]
	switch {
	case !fs.ValidPath(name):
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	case n == nil:
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return n, nil
}

// Name is the last component of the path.
func (n *node) Name() string { return n.name }

// Size is that of a file, in bytes.
func (n *node) Size() int64 {
	if n.file == nil {
		return 0
	}
	return n.file.Size
}

// Mode says that nothing may be written.
func (n *node) Mode() fs.FileMode {
	if n.file == nil {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// ModTime is not known of what was never changed.
func (n *node) ModTime() time.Time { return time.Time{} }

// IsDir says whether it is a folder.
func (n *node) IsDir() bool { return n.file == nil }

// Sys is nil.
func (n *node) Sys() any { return nil }

// Type is that of Mode.
func (n *node) Type() fs.FileMode { return n.Mode().Type() }

// Info is the node itself.
func (n *node) Info() (fs.FileInfo, error) { return n, nil }

// String describes it in a line.
func (n *node) String() string { return fs.FormatFileInfo(n) }
