package etorrent

import (
	"context"
	"iter"
	"strings"

	"github.com/etorrent/etorrent/internal/proc/reading"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/metainfo"
)

// File is a snapshot of a file of a torrent. Sizes are in bytes.
type File struct {
	Index    int    // among Metainfo.Files
	Path     string // in the torrent's FS, with slashes: as it is stored, below the torrent's own folder
	Size     int64
	Offset   int64 // of its first byte in the torrent
	Stored   int64 // durable bytes
	Priority Priority
	torrent  *Torrent
}

// Files yields the torrent's files in their order, without padding and links.
func (t *Torrent) Files() iter.Seq[File] {
	return func(yield func(File) bool) {
		view, _ := t.t.View()
		for i, at := range t.dataFiles() {
			f := &t.meta.Files[i]
			out := File{
				Index: i, Path: at, Size: f.Length, Offset: f.Offset, torrent: t,
				Stored: storedOf(view, f.Offset, f.Length),
			}
			if i < len(view.Priorities) {
				out.Priority = view.Priorities[i]
			}
			if !yield(out) {
				return
			}
		}
	}
}

// dataFiles yields the number and the path of each file that has bytes of its own. The
// paths are made safe and told apart (the torrent may say anything), and do not begin
// with the torrent's folder.
func (t *Torrent) dataFiles() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for i := range t.meta.Files {
			if t.meta.Files[i].Role != metainfo.FileData || i >= len(t.paths) {
				continue
			}
			at := t.paths[i]
			if t.meta.Layout == metainfo.MultiFile {
				_, at, _ = strings.Cut(at, "/")
			}
			if !yield(i, at) {
				return
			}
		}
	}
}

func (t *Torrent) geometry() geometry.Geometry {
	return geometry.Geometry{TotalLength: t.meta.TotalLength, PieceLength: t.meta.PieceLength}
}

// storedOf is how many bytes of a span are durable.
func storedOf(v torrent.View, offset, length int64) (sum int64) {
	if v.Durable == nil || length == 0 {
		return 0
	}
	for i := offset / v.Geometry.PieceLength; i <= (offset+length-1)/v.Geometry.PieceLength; i++ {
		if v.Durable.Has(pieceset.Index(i)) {
			from := i * v.Geometry.PieceLength
			sum += min(from+v.Geometry.PieceLength, offset+length) - max(from, offset)
		}
	}
	return sum
}

// Reader reads a file while it is fetched: an io.ReadSeekCloser and io.ReaderAt of
// which each read waits until its bytes are verified and written.
type Reader = reading.Reader

// ErrNotWanted is the error of a read of bytes that are not there and would never
// come, since their file is not wanted.
var ErrNotWanted = reading.ErrNotWanted

// ReadOption says more about one Open.
type ReadOption func(*readOptions)

type readOptions struct{ ahead int64 }

// ReadAhead has so many bytes behind the place that is read fetched before others.
// Without it they are 4 MiB, or what is read in five seconds where that is more.
func ReadAhead(bytes int64) ReadOption { return func(o *readOptions) { o.ahead = bytes } }

// Open returns a reader of the file. What it reads is fetched before all else as long
// as it is open, if the file is wanted; the caller closes it. ctx ends all its reads,
// with its cause; so do Close, with fs.ErrClosed, and the end of the torrent, with
// ErrStopped or a *CrashError.
func (f File) Open(ctx context.Context, o ...ReadOption) (*Reader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var options readOptions
	for _, option := range o {
		option(&options)
	}
	at := reading.File{Offset: f.Offset, Size: f.Size}
	return reading.Open(ctx, f.torrent.source(), at, reading.Options{Ahead: options.ahead}), nil
}

// gone is why the torrent is not run any more.
func (t *Torrent) gone() error {
	if err := t.c.Err(); err != nil {
		return err
	}
	return ErrStopped
}
