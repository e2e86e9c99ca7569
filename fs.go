package etorrent

import (
	"context"
	"io/fs"
	"net/http"

	"github.com/etorrent/etorrent/internal/proc/reading"
)

// FS is the torrent's files as an fs.FS, at the paths that Files tells, while the
// torrent is fetched: a read waits until its bytes are verified and written, and what
// is read next is fetched before all else. Folders and sizes are there at once.
//
// A file is an io.Seeker and io.ReaderAt too; it may be closed while it is read. It is
// of use to http.FS, archive/zip, text/template and whatever else takes an fs.FS. ctx
// ends all that is read; the other reasons for a read to fail are those of File.Open,
// in an *fs.PathError. What is not wanted and not there is ErrNotWanted.
func (t *Torrent) FS(ctx context.Context) fs.FS { return t.tree().FS(ctx, t.source()) }

// Handler serves the torrent's files over HTTP, by GET and HEAD at the paths that
// Files tells, while the torrent is fetched: the answer to a request for a range
// begins when its first bytes are there. The ETag is made of the info-hash and the
// number of the file, since its bytes never change. Folders are lists of links. Reads
// end with the request. Types go by the name only; what a browser could run is sandboxed.
func (t *Torrent) Handler() http.Handler {
	return &reading.Site{Tree: t.tree(), Source: t.source(), Tag: t.ID().String()}
}

func (t *Torrent) tree() *reading.Tree {
	var files []reading.Entry
	for i, at := range t.dataFiles() {
		f := &t.meta.Files[i]
		files = append(files, reading.Entry{Path: at, Index: i, File: reading.File{Offset: f.Offset, Size: f.Length}})
	}
	return reading.NewTree(files)
}

func (t *Torrent) source() reading.Source {
	return reading.Source{Torrent: t.t, Geometry: t.geometry(), Done: t.c.Done(), Gone: t.gone}
}
