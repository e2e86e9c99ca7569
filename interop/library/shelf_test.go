package library_test

import (
	"context"
	"io"
	"io/fs"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/storage"
	"github.com/etorrent/etorrent/storagetest"
)

// shelf is a Storage from nothing, as somebody else writes one: bytes by path, which
// nobody but its stores can reach.
type shelf struct {
	mu    sync.Mutex
	books map[string][]byte
}

func (s *shelf) Open(ctx context.Context, spec storage.Spec) (storage.Store, error) {
	if err := spec.Check(); err != nil {
		return nil, err
	}
	return &reader{shelf: s, spec: spec}, ctx.Err()
}

// reader is its Store.
type reader struct {
	shelf  *shelf
	spec   storage.Spec
	closed bool
}

// enter locks the shelf, unless the store may not do what is asked of these files.
func (r *reader) enter(ctx context.Context, op string, needs storage.Access, files []int) error {
	r.shelf.mu.Lock()
	var err error
	switch {
	case r.closed:
		err = storage.ErrClosed
	case needs == storage.ReadWrite && r.spec.Access == storage.ReadOnly:
		err = storage.ErrReadOnly
	case slices.ContainsFunc(files, func(i int) bool { return i < 0 || i >= len(r.spec.Files) }):
		err = storage.ErrOutOfRange
	default:
		err = ctx.Err()
	}
	if err == nil {
		return nil
	}
	r.shelf.mu.Unlock()
	return &storage.Error{Op: op, Path: r.spec.Dir, Err: err}
}

func (r *reader) fail(op string, i int, err error) *storage.Error {
	return &storage.Error{Op: op, Path: r.spec.Path(i), Err: err}
}

// move calls do for each part of a span, until one fails.
func (r *reader) move(op string, span []byte, off int64, do func(i int, at int64, part []byte) (int, error)) (int, error) {
	total := r.spec.Geometry.TotalLength
	if off < 0 || off > total || op == "write" && int64(len(span)) > total-off {
		return 0, &storage.Error{Op: op, Path: r.spec.Dir, Err: storage.ErrOutOfRange}
	}
	for seg := range r.spec.Segments(off, len(span)) {
		if n, err := do(seg.File, seg.Offset, span[seg.From:seg.To]); err != nil {
			return seg.From + n, r.fail(op, seg.File, err)
		}
	}
	if int64(len(span)) > total-off {
		return int(total - off), io.EOF
	}
	return len(span), nil
}

func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if err := r.enter(context.Background(), "read", storage.ReadOnly, nil); err != nil {
		return 0, err
	}
	defer r.shelf.mu.Unlock()
	return r.move("read", p, off, func(i int, at int64, part []byte) (int, error) {
		if r.spec.Files[i].Role != storage.Data {
			clear(part)
			return len(part), nil
		}
		book, there := r.shelf.books[r.spec.Path(i)]
		if !there {
			return 0, fs.ErrNotExist
		}
		n := copy(part, book[min(at, int64(len(book))):])
		if n < len(part) {
			return n, storage.ErrTruncated
		}
		return n, nil
	})
}

func (r *reader) WriteAt(p []byte, off int64) (int, error) {
	if err := r.enter(context.Background(), "write", storage.ReadWrite, nil); err != nil {
		return 0, err
	}
	defer r.shelf.mu.Unlock()
	return r.move("write", p, off, func(i int, at int64, part []byte) (int, error) {
		if r.spec.Files[i].Role != storage.Data {
			return len(part), nil
		}
		path := r.spec.Path(i)
		book, there := r.shelf.books[path]
		if !there {
			return 0, fs.ErrNotExist
		}
		if lack := int(at) + len(part) - len(book); lack > 0 {
			book = append(book, make([]byte, lack)...)
		}
		r.shelf.books[path] = book
		return copy(book[at:], part), nil
	})
}

func (r *reader) Prepare(ctx context.Context, files []int) (made []int, err error) {
	if err := r.enter(ctx, "prepare", storage.ReadWrite, files); err != nil {
		return nil, err
	}
	defer r.shelf.mu.Unlock()
	for _, i := range slices.Compact(slices.Sorted(slices.Values(files))) {
		path := r.spec.Path(i)
		if _, there := r.shelf.books[path]; !there && r.spec.Files[i].Role == storage.Data {
			r.shelf.books[path] = nil
			made = append(made, i)
		}
	}
	return made, nil
}

// Sync has nothing to flush, and tells what is not there.
func (r *reader) Sync(ctx context.Context, pieces *storage.PieceSet) error {
	if err := r.enter(ctx, "sync", storage.ReadOnly, nil); err != nil {
		return err
	}
	defer r.shelf.mu.Unlock()
	var several storage.SyncError
	for i := range r.spec.FilesOf(pieces) {
		if _, there := r.shelf.books[r.spec.Path(i)]; !there {
			several.Faults = append(several.Faults, storage.FileFault{File: i, Err: r.fail("sync", i, fs.ErrNotExist)})
		}
	}
	if len(several.Faults) > 0 {
		return &several
	}
	return nil
}

func (r *reader) Recheck(ctx context.Context, files []int) error {
	if err := r.enter(ctx, "recheck", storage.ReadOnly, files); err != nil {
		return err
	}
	r.shelf.mu.Unlock()
	return nil
}

func (r *reader) Examine(ctx context.Context) ([]storage.FileFacts, error) {
	if err := r.enter(ctx, "examine", storage.ReadOnly, nil); err != nil {
		return nil, err
	}
	defer r.shelf.mu.Unlock()
	facts := make([]storage.FileFacts, len(r.spec.Files))
	for i, f := range r.spec.Files {
		book, there := r.shelf.books[r.spec.Path(i)]
		switch {
		case f.Role != storage.Data:
			facts[i] = storage.Virtual{}
		case !there:
			facts[i] = storage.Absent{}
		default:
			facts[i] = storage.Present{Size: int64(len(book)), ModTime: time.Unix(1, 0), Links: 1}
		}
	}
	return facts, nil
}

func (r *reader) Delete(ctx context.Context, files []int) error {
	if err := r.enter(ctx, "delete", storage.ReadWrite, files); err != nil {
		return err
	}
	defer r.shelf.mu.Unlock()
	for _, i := range files {
		delete(r.shelf.books, r.spec.Path(i))
	}
	return nil
}

func (r *reader) Features() storage.Features {
	return storage.Features{Volume: "shelf", Sparseness: storage.HolesFilled, Access: r.spec.Access, Largest: storage.SizeLimitUnknown}
}

func (r *reader) Close() error {
	r.shelf.mu.Lock()
	defer r.shelf.mu.Unlock()
	r.closed = true
	return nil
}

func TestAStorageOfSomebodyElsesKeepsThePromises(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storagetest.Subject {
		return storagetest.Subject{Storage: &shelf{books: map[string][]byte{}}, Dir: "/shelf"}
	})
}
