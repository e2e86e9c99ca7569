package etorrent

import (
	"fmt"
	"io"

	"github.com/etorrent/etorrent/metainfo"
)

// Source says what to add.
type Source interface {
	metainfo() (*metainfo.Torrent, error)
}

// SourceError says that a source is no torrent that can be run. Err names the
// field, where it is one.
type SourceError struct{ Err error }

// Error tells what is wrong.
func (e *SourceError) Error() string { return fmt.Sprintf("bad torrent: %v", e.Err) }

// Unwrap returns the cause, such as a *metainfo.FieldError.
func (e *SourceError) Unwrap() error { return e.Err }

// FromMetainfo adds a parsed torrent.
func FromMetainfo(t *metainfo.Torrent) Source { return parsed{t} }

type parsed struct{ t *metainfo.Torrent }

func (p parsed) metainfo() (*metainfo.Torrent, error) { return p.t, nil }

// FromReader reads a .torrent, at most metainfo.MaxTorrentBytes of it, when it
// is added.
func FromReader(r io.Reader) Source { return stream{r} }

type stream struct{ r io.Reader }

func (s stream) metainfo() (*metainfo.Torrent, error) {
	b, err := io.ReadAll(io.LimitReader(s.r, metainfo.MaxTorrentBytes+1))
	if err != nil {
		return nil, &SourceError{Err: err}
	}
	t, err := metainfo.Parse(b)
	if err != nil {
		return nil, &SourceError{Err: err}
	}
	return t, nil
}
