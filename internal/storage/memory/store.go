package memory

import (
	"context"
	"io"
	"io/fs"
	"path"
	"slices"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// store is one torrent's view of a Storage. All but spec and dir is guarded by
// home.mu.
type store struct {
	home   *Storage
	spec   storage.Spec
	dir    string
	names  []string // of the files
	closed bool
	inUse  map[int]*use
}

// Features says what holds for the store as long as it is open.
func (st *store) Features() storage.Features {
	return storage.Features{Volume: "memory", Sparseness: storage.HolesFilled, Access: st.spec.Access}
}

// Close ends the use of the store; the bytes stay.
func (st *store) Close() error {
	st.home.mu.Lock()
	defer st.home.mu.Unlock()
	st.closed = true
	return nil
}

// ReadAt reads p from the torrent's bytes.
func (st *store) ReadAt(p []byte, off int64) (int, error) {
	st.home.mu.RLock()
	defer st.home.mu.RUnlock()
	total := st.spec.Geometry.TotalLength
	if st.closed {
		return 0, st.fail("read", "", storage.ErrClosed)
	}
	if off < 0 || off > total {
		return 0, st.fail("read", "", storage.ErrOutOfRange)
	}
	for seg := range st.spec.Segments(off, len(p)) {
		n, err := st.readFile(seg, p[seg.From:seg.To])
		if err != nil {
			return seg.From + n, err
		}
	}
	if int64(len(p)) > total-off {
		return int(total - off), io.EOF
	}
	return len(p), nil
}

func (st *store) readFile(seg storage.Segment, part []byte) (int, error) {
	f := &st.spec.Files[seg.File]
	if f.Role != storage.Data {
		clear(part)
		return len(part), nil
	}
	c := st.file(seg.File)
	if c == nil {
		return 0, st.fail("read", f.Path, fs.ErrNotExist)
	}
	n := copy(part, c.data[min(seg.Offset, int64(len(c.data))):])
	if n < len(part) {
		return n, st.fail("read", f.Path, storage.ErrTruncated)
	}
	return n, nil
}

// WriteAt writes p to the torrent's bytes.
func (st *store) WriteAt(p []byte, off int64) (int, error) {
	st.home.mu.Lock()
	defer st.home.mu.Unlock()
	if err := st.mayChange("write"); err != nil {
		return 0, err
	}
	if off < 0 || int64(len(p)) > st.spec.Geometry.TotalLength-off {
		return 0, st.fail("write", "", storage.ErrOutOfRange)
	}
	for seg := range st.spec.Segments(off, len(p)) {
		f := &st.spec.Files[seg.File]
		if f.Role != storage.Data {
			continue
		}
		c := st.file(seg.File)
		if c == nil {
			return seg.From, st.fail("write", f.Path, fs.ErrNotExist)
		}
		u := st.take(seg.File, c)
		if err := st.look(seg.File); err != nil {
			return seg.From, err
		}
		c.write(p[seg.From:seg.To], int(seg.Offset))
		st.home.touch(c)
		u.size = max(u.size, seg.Offset+int64(seg.To-seg.From))
	}
	return len(p), nil
}

// write puts p at off, growing the file by zeros up to there.
func (c *content) write(p []byte, off int) {
	if end := off + len(p); end > len(c.data) {
		from := len(c.data)
		c.data = slices.Grow(c.data, end-from)[:end]
		clear(c.data[from:])
	}
	copy(c.data[off:], p)
}

// Prepare makes the absent ones of the given files.
func (st *store) Prepare(ctx context.Context, files []int) (made []int, err error) {
	st.home.mu.Lock()
	defer st.home.mu.Unlock()
	if err := st.mayChange("prepare"); err != nil {
		return nil, err
	}
	files = slices.Clone(files)
	slices.Sort(files)
	for _, i := range slices.Compact(files) {
		if err := st.mayName(ctx, "prepare", i); err != nil {
			return made, err
		}
		f := &st.spec.Files[i]
		if f.Role != storage.Data || st.file(i) != nil {
			continue
		}
		var space []byte
		if st.spec.Allocate == storage.Full {
			space = make([]byte, f.Length)
		}
		before := st.inUse[i]
		delete(st.inUse, i)
		u := st.take(i, st.home.put(st.name(i), space))
		if before != nil {
			u.stray = st.fail("prepare", f.Path, storage.ErrRemoved)
		}
		made = append(made, i)
	}
	return made, nil
}

// Sync lets the pieces' files survive Crash.
func (st *store) Sync(ctx context.Context, pieces *pieceset.Set) error {
	st.home.mu.Lock()
	defer st.home.mu.Unlock()
	if st.closed {
		return st.fail("sync", "", storage.ErrClosed)
	}
	var faults []storage.FileFault
	for i := range st.spec.FilesOf(pieces) {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := st.look(i)
		if err == nil && st.file(i) == nil {
			err = st.fail("sync", st.spec.Files[i].Path, fs.ErrNotExist)
		}
		if err != nil {
			faults = append(faults, storage.FileFault{File: i, Err: err})
			continue
		}
		st.home.keep(st.name(i))
	}
	st.keepEmpties()
	if len(faults) > 0 {
		return &storage.SyncError{Faults: faults}
	}
	return nil
}

func (st *store) keepEmpties() {
	for i, f := range st.spec.Files {
		if f.Length == 0 && f.Role == storage.Data {
			st.home.keep(st.name(i))
		}
	}
}

// Recheck takes what is there now into use: no flush fails here.
func (st *store) Recheck(ctx context.Context, files []int) error {
	st.home.mu.Lock()
	defer st.home.mu.Unlock()
	if st.closed {
		return st.fail("recheck", "", storage.ErrClosed)
	}
	for _, i := range files {
		if err := st.mayName(ctx, "recheck", i); err != nil {
			return err
		}
		delete(st.inUse, i)
	}
	return nil
}

// Examine looks at every file.
func (st *store) Examine(ctx context.Context) ([]storage.FileFacts, error) {
	st.home.mu.Lock()
	defer st.home.mu.Unlock()
	if st.closed {
		return nil, st.fail("examine", "", storage.ErrClosed)
	}
	facts := make([]storage.FileFacts, len(st.spec.Files))
	for i, f := range st.spec.Files {
		c := st.file(i)
		switch {
		case f.Role != storage.Data:
			facts[i] = storage.Virtual{}
		case c == nil:
			facts[i] = storage.Absent{}
		default:
			st.take(i, c)
			facts[i] = c.present()
		}
	}
	return facts, ctx.Err()
}

// Delete removes files. There are no folders.
func (st *store) Delete(ctx context.Context, files []int) error {
	st.home.mu.Lock()
	defer st.home.mu.Unlock()
	if err := st.mayChange("delete"); err != nil {
		return err
	}
	for _, i := range files {
		if err := st.mayName(ctx, "delete", i); err != nil {
			return err
		}
		if st.spec.Files[i].Role == storage.Data {
			st.home.remove(st.name(i))
			delete(st.inUse, i)
		}
	}
	return nil
}

// file is the content of file i, nil if it is absent; home.mu is held.
func (st *store) file(i int) *content { return st.home.files[st.name(i)] }

func (st *store) name(i int) string { return st.names[i] }

func (st *store) fail(op, rel string, err error) *storage.Error {
	return &storage.Error{Op: op, Path: path.Join(st.dir, rel), Err: err}
}

func (st *store) mayChange(op string) error {
	if st.closed {
		return st.fail(op, "", storage.ErrClosed)
	}
	if st.spec.Access == storage.ReadOnly {
		return st.fail(op, "", storage.ErrReadOnly)
	}
	return nil
}

func (st *store) mayName(ctx context.Context, op string, i int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if i < 0 || i >= len(st.spec.Files) {
		return st.fail(op, "", storage.ErrOutOfRange)
	}
	return nil
}
