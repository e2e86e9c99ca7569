package memory

import (
	"context"

	"github.com/etorrent/etorrent/internal/storage"
)

// use is what is known of a file in use.
type use struct {
	inode uint64
	size  int64 // what it had, or was written up to
	stray *storage.Error
}

// take takes a file into use that is not yet.
func (st *store) take(i int, c *content) *use {
	u := st.inUse[i]
	if u == nil {
		u = &use{inode: c.inode, size: int64(len(c.data))}
		st.inUse[i] = u
	}
	return u
}

// look says what became of a file in use, nil if nothing did.
func (st *store) look(i int) *storage.Error {
	u := st.inUse[i]
	if u == nil {
		return nil
	}
	cause := error(nil)
	switch c := st.file(i); {
	case c == nil:
		cause = storage.ErrRemoved
	case c.inode != u.inode:
		cause = storage.ErrReplaced
	case int64(len(c.data)) < u.size:
		cause = storage.ErrShortened
	}
	if cause != nil && u.stray == nil {
		u.stray = st.fail("look at", st.spec.Files[i].Path, cause)
	}
	return u.stray
}

// ViewFile looks at one file.
func (st *store) ViewFile(ctx context.Context, i int) storage.FileFacts {
	st.home.mu.Lock()
	defer st.home.mu.Unlock()
	if st.closed {
		return storage.Unusable{Err: st.fail("look at", "", storage.ErrClosed)}
	}
	if err := st.mayName(ctx, "look at", i); err != nil {
		return storage.Unusable{Err: err}
	}
	if st.spec.Files[i].Role == storage.Padding {
		return storage.Virtual{}
	}
	stray, c := st.look(i), st.file(i)
	switch {
	case c == nil:
		return storage.Absent{}
	case stray != nil:
		return storage.Unusable{Err: stray}
	}
	return c.present()
}
