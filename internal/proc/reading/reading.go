// Package reading reads a torrent's files while they come. It is no process: whoever
// reads waits in a goroutine of its own, until the pieces are verified and written,
// and has the picker fetch them before all else.
package reading

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

const (
	// leastAhead is how many bytes are fetched ahead of a reader at least, where it has
	// not said how many, and aheadSpan for how long they last where it reads fast;
	// mostAhead bounds both.
	leastAhead = 4 << 20
	aheadSpan  = 5 * time.Second
	mostAhead  = 64 << 20
	// mostNow is how many pieces a read waits for at once.
	mostNow = 64
	// mostPieces is how many pieces a window has at most.
	mostPieces = 1024
)

// ErrNotWanted says that bytes of a file are read that are not there and not wanted:
// they would never come.
var ErrNotWanted = errors.New("these bytes are not there, and their file is not wanted")

// Source is a torrent that is read.
type Source struct {
	Torrent  *torrent.Torrent
	Geometry geometry.Geometry
	Done     <-chan struct{} // closed when the engine has ended
	Gone     func() error    // why it has, or why the torrent was stopped
}

// File is what is read: Size bytes of the torrent from Offset on.
type File struct{ Offset, Size int64 }

// Options say how.
type Options struct {
	Ahead int64 // bytes to fetch ahead; 0: by the rate that it is read at
	Start Start
}

// Start says when a reader begins to have its bytes fetched.
type Start uint8

// The two: at once, or with the first read, for those who open a file to look at its
// size and then seek.
const (
	WhenOpened Start = iota
	WhenRead
)

// Reader reads a file that is being fetched. A read waits until its bytes are verified
// and written. What it waits for is fetched before all else, of those who deliver it
// soonest, and what comes behind it is fetched ahead, in order. Read, Seek and
// ReadContext are for one goroutine at a time, ReadAt and Close for any.
type Reader struct {
	src   Source
	file  File
	ahead int64
	ctx   context.Context
	end   context.CancelCauseFunc
	soon  assign.WindowID
	at    int64
	start Start // WhenRead: nothing was read in order yet
	small readBefore
}

// Open returns a reader of a file from its beginning on. ctx ends all its reads.
func Open(ctx context.Context, s Source, f File, o Options) *Reader {
	r := &Reader{src: s, file: f, ahead: o.Ahead, soon: s.Torrent.OpenWindow(), start: o.Start}
	r.ctx, r.end = context.WithCancelCause(ctx)
	if r.start == WhenOpened {
		r.look(0, 0)
	}
	return r
}

// Size is that of the file, in bytes.
func (r *Reader) Size() int64 { return r.file.Size }

// Close ends the reader, and all reads that wait, with fs.ErrClosed. It may be called
// again.
func (r *Reader) Close() error {
	r.end(fs.ErrClosed)
	r.src.Torrent.CloseWindow(r.soon)
	return nil
}

// Read reads what is there of the next len(p) bytes, and waits for the first of them.
// Its error is io.EOF at the end, the context's of Open, fs.ErrClosed, ErrNotWanted,
// that of the engine or torrent that stopped, or why the torrent is paused or refused,
// after which another Read may succeed.
func (r *Reader) Read(p []byte) (int, error) { return r.ReadContext(r.ctx, p) }

// ReadContext is a Read that ends with ctx too.
func (r *Reader) ReadContext(ctx context.Context, p []byte) (int, error) {
	if r.at >= r.file.Size {
		return 0, r.endOf(io.EOF)
	}
	r.start = WhenOpened
	n, err := r.readSome(ctx, p)
	r.at += int64(n)
	return n, err
}

// smallRead is how much is read for a read of less: a byte costs the disk as much as
// many.
const smallRead = 16 << 10

// readSome reads what is there of the next bytes.
func (r *Reader) readSome(ctx context.Context, p []byte) (int, error) {
	if len(p) == 0 || len(p) >= smallRead {
		return r.read(ctx, p, r.at, whatIsThere)
	}
	for _, c := range []context.Context{r.ctx, ctx} {
		if c.Err() != nil {
			return 0, context.Cause(c)
		}
	}
	if off := r.at - r.small.at; off >= 0 && off < int64(len(r.small.bytes)) {
		return copy(p, r.small.bytes[off:]), nil
	}
	if r.small.bytes == nil {
		r.small.bytes = make([]byte, smallRead)
	}
	n, err := r.read(ctx, r.small.bytes[:smallRead], r.at, whatIsThere)
	r.small.at, r.small.bytes = r.at, r.small.bytes[:n]
	if n > 0 {
		err = nil // it comes again with the next read, if it is still so
	}
	return copy(p, r.small.bytes), err
}

// readBefore is what was read for a small read, from at on. A piece that was written
// does not change.
type readBefore struct {
	at    int64
	bytes []byte
}

// ReadAt reads len(p) bytes from off on, and waits for all of them; see io.ReaderAt.
// The errors are those of Read. Far from where is read already, what lies behind is
// fetched ahead as long as it waits.
func (r *Reader) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case off < 0:
		return 0, &fs.PathError{Op: "read", Path: "torrent", Err: fs.ErrInvalid}
	case off >= r.file.Size:
		return 0, r.endOf(io.EOF)
	}
	short := int64(len(p)) > r.file.Size-off
	if short {
		p = p[:r.file.Size-off]
	}
	n, err := r.read(r.ctx, p, off, all)
	if err == nil && short {
		err = io.EOF
	}
	return n, err
}

// endOf is the error at the end of the file, unless the reader has ended itself.
func (r *Reader) endOf(err error) error {
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	return err
}

// Seek moves to where the next Read begins; see io.Seeker. What was fetched ahead of
// the old place gives way at once.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.file.Size
	default:
		return r.at, &fs.PathError{Op: "seek", Path: "torrent", Err: fs.ErrInvalid}
	}
	if offset < 0 {
		return r.at, &fs.PathError{Op: "seek", Path: "torrent", Err: fs.ErrInvalid}
	}
	if r.at = offset; offset < r.file.Size && r.start == WhenOpened {
		r.look(offset, 0)
	}
	return offset, nil
}

// look has what lies at and behind off fetched ahead, n bytes having been read.
func (r *Reader) look(off int64, n int) {
	rate := r.src.Torrent.Consumed(r.soon, n)
	r.src.Torrent.SetWindow(r.soon, assign.Window{First: r.pieceAt(off), Soon: r.behind(off, rate)})
}

// behind is how many pieces are fetched ahead from off on, at a rate of reading.
func (r *Reader) behind(off int64, rate float64) int {
	ahead := r.ahead
	if ahead <= 0 {
		ahead = min(mostAhead, max(leastAhead, int64(rate*aheadSpan.Seconds())))
	}
	last := r.pieceAt(min(off+ahead, r.file.Size-1))
	return min(mostPieces, int(last-r.pieceAt(off))+1)
}

// pieceAt is the piece of a byte of the file.
func (r *Reader) pieceAt(off int64) pieceset.Index {
	if r.file.Size == 0 {
		off = 0
	}
	at := min(r.file.Offset+max(0, off), r.src.Geometry.TotalLength-1)
	return pieceset.Index(at / r.src.Geometry.PieceLength)
}
