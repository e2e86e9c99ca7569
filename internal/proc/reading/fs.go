package reading

import (
	"context"
	"errors"
	"io"
	"io/fs"
)

// FS is a torrent as an fs.FS, whose reads wait for what is not there yet. ctx ends
// all of them.
type FS struct {
	tree *Tree
	src  Source
	ctx  context.Context
}

// FS returns the tree as an fs.FS.
func (t *Tree) FS(ctx context.Context, s Source) *FS { return &FS{tree: t, src: s, ctx: ctx} }

// Open opens a file or folder. A file is an io.ReadSeeker and io.ReaderAt too, and has
// nothing fetched before it is read.
func (f *FS) Open(name string) (fs.File, error) {
	n, err := f.find("open", name)
	switch {
	case err != nil:
		return nil, err
	case n.file == nil:
		return &openFolder{node: n, path: name}, nil
	}
	return f.open(n, name), nil
}

func (f *FS) open(n *node, name string) *openFile {
	return &openFile{r: Open(f.ctx, f.src, n.file.File, Options{Start: WhenRead}), node: n, path: name}
}

func (f *FS) find(op, name string) (*node, error) {
	if f.ctx.Err() != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: context.Cause(f.ctx)}
	}
	return f.tree.find(op, name)
}

// Stat describes a file or folder.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	n, err := f.find("stat", name)
	if err != nil {
		return nil, err
	}
	return n, nil
}

// ReadDir lists a folder by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := f.find("readdir", name)
	switch {
	case err != nil:
		return nil, err
	case n.file != nil:
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errNoFolder}
	}
	return append([]fs.DirEntry{}, n.kids...), nil
}

// ReadFile reads a whole file. What a torrent claims of its size costs nothing before
// the bytes are there.
func (f *FS) ReadFile(name string) ([]byte, error) {
	n, err := f.find("read", name)
	switch {
	case err != nil:
		return nil, err
	case n.file == nil:
		return nil, &fs.PathError{Op: "read", Path: name, Err: errFolder}
	}
	file := f.open(n, name)
	defer func() { _ = file.Close() }()
	return io.ReadAll(file)
}

var (
	errFolder   = errors.New("is a folder")
	errNoFolder = errors.New("is no folder")
)

// openFile is an open file, whose errors name it.
type openFile struct {
	r    *Reader
	node *node
	path string
}

// Stat describes the file.
func (o *openFile) Stat() (fs.FileInfo, error) { return o.node, nil }

// Read reads what is there of the next bytes, and waits for the first of them.
func (o *openFile) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	return n, o.name("read", err)
}

// ReadAt reads all of p, and waits for it.
func (o *openFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.r.ReadAt(p, off)
	return n, o.name("read", err)
}

// Seek moves to where the next Read begins.
func (o *openFile) Seek(offset int64, whence int) (int64, error) {
	at, err := o.r.Seek(offset, whence)
	return at, o.name("seek", err)
}

// Close ends all reads of it.
func (o *openFile) Close() error { return o.r.Close() }

// name has an error name the file; io.EOF is none.
func (o *openFile) name(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	var named *fs.PathError
	if errors.As(err, &named) {
		err = named.Err
	}
	return &fs.PathError{Op: op, Path: o.path, Err: err}
}

// openFolder is an open folder.
type openFolder struct {
	node *node
	path string
	next int // of its entries
}

// Stat describes the folder.
func (o *openFolder) Stat() (fs.FileInfo, error) { return o.node, nil }

// Read fails: a folder has no bytes.
func (o *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: o.path, Err: errFolder}
}

// Close does nothing.
func (o *openFolder) Close() error { return nil }

// ReadDir lists the next n entries by name, or all; see fs.ReadDirFile.
func (o *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	rest := o.node.kids[o.next:]
	if n > 0 {
		if len(rest) == 0 {
			return nil, io.EOF
		}
		rest = rest[:min(n, len(rest))]
	}
	o.next += len(rest)
	return append([]fs.DirEntry{}, rest...), nil
}
