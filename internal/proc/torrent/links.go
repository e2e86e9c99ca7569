package torrent

import (
	"fmt"
	"slices"

	"github.com/etorrent/etorrent/internal/core/names"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/metainfo"
)

// linksOf are the links that are made, by file, with what they say.
func linksOf(meta *metainfo.Torrent, paths store.FileMap) map[int]string {
	isLink := func(f metainfo.File) bool { return f.Role == metainfo.FileSymlink }
	if !slices.ContainsFunc(meta.Files, isLink) {
		return nil
	}
	texts, _ := names.ViewLinks(meta.Files, paths)
	return texts
}

// fileOf is one file as it is stored. A link that is left out is as padding of
// length 0.
func fileOf(f metainfo.File, path, text string) storage.File {
	out := storage.File{Path: path, Offset: f.Offset, Length: f.Length, Attributes: f.Attributes}
	switch {
	case path == "" || f.Role == metainfo.FileSymlink && text == "":
		out.Role = storage.Padding
	case f.Role == metainfo.FileSymlink:
		out.Role, out.Target = storage.Link, text
	}
	return out
}

// linksRefused tells, once, of links that the file system does not take. The
// torrent goes on without them.
func (c *control) linksRefused(r disk.LinksRefused) {
	err := &LinksRefusedError{First: r.First, Others: r.Others}
	if c.told.refused == err.Error() {
		return
	}
	c.told.refused = err.Error()
	c.post(func(h event.Head) event.Event { return event.Warning{Head: h, Err: err} })
}

// LinksRefusedError says that symbolic links were left out, since the platform,
// the file system or a right that is missing does not allow them. Others is how
// many there are beside the first.
type LinksRefusedError struct {
	First  *storage.Error
	Others int
}

// Error names the first link and the reason; it is safe to print.
func (e *LinksRefusedError) Error() string {
	s := fmt.Sprintf("symbolic link left out: %v", e.First)
	if e.Others > 0 {
		s += fmt.Sprintf(" (and %d more)", e.Others)
	}
	return s
}

// Unwrap returns the reason.
func (e *LinksRefusedError) Unwrap() error { return e.First }
