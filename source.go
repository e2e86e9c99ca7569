package etorrent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"

	"github.com/etorrent/etorrent/bencode"
	"github.com/etorrent/etorrent/metainfo"
)

// ID names a torrent by its info-hash of version 1, of version 2, or both. It is
// comparable. What this version runs has one of version 1 only: hybrids are read as such.
type ID = metainfo.ID

// Source says what to add.
type Source interface {
	metainfo(ctx context.Context) (*metainfo.Torrent, error)
}

// NoOffset is the Offset of a SourceError that is about no byte in particular.
const NoOffset = metainfo.NoOffset

// SourceError says that a source is no torrent that can be run. Field is the path to
// the field of the .torrent that is unusable, such as "info.files[3].length", and
// Offset where its value begins in bytes; Field is empty where none is to blame, and
// Offset NoOffset.
type SourceError struct {
	Field  string
	Offset int
	Err    error
}

// Error tells what is wrong.
func (e *SourceError) Error() string { return fmt.Sprintf("bad torrent: %v", e.Err) }

// Unwrap returns the cause: a *metainfo.FieldError, *metainfo.UnsupportedError or
// *bencode.SyntaxError, what a file or reader said, or errors.ErrUnsupported.
func (e *SourceError) Unwrap() error { return e.Err }

// sourceError says what a cause is about.
func sourceError(err error) *SourceError {
	out := &SourceError{Offset: NoOffset, Err: err}
	var field *metainfo.FieldError
	var unsupported *metainfo.UnsupportedError
	var syntax *bencode.SyntaxError
	switch {
	case errors.As(err, &field):
		out.Field, out.Offset = field.Field, field.Offset
	case errors.As(err, &unsupported):
		out.Field, out.Offset = unsupported.Field, unsupported.Offset
	case errors.As(err, &syntax):
		out.Offset = syntax.Offset
	}
	return out
}

// notBuilt are the words that name a torrent in a way that this version does not know.
var notBuilt = []struct {
	word *regexp.Regexp
	what string
}{
	{regexp.MustCompile(`^(?i)magnet:`), "magnet links"},
	{regexp.MustCompile(`^(?i)https?://`), "URLs of .torrent files"},
	{regexp.MustCompile(`^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$`), "info-hashes without a .torrent"},
}

// ParseSource reads what a person wrote: the path of a .torrent file, as FromFile has
// it. Magnet links, URLs and info-hashes are a *SourceError that wraps
// errors.ErrUnsupported in this version.
func ParseSource(s string) (Source, error) {
	for _, n := range notBuilt {
		if n.word.MatchString(s) {
			return nil, sourceError(fmt.Errorf("%s are not built into this version: %w", n.what, errors.ErrUnsupported))
		}
	}
	if s == "" {
		return nil, sourceError(errors.New("nothing is named"))
	}
	return FromFile(s), nil
}

// FromMetainfo adds a parsed torrent.
func FromMetainfo(t *metainfo.Torrent) Source { return parsed{t} }

type parsed struct{ t *metainfo.Torrent }

func (p parsed) metainfo(context.Context) (*metainfo.Torrent, error) {
	if p.t == nil {
		return nil, sourceError(errors.New("there is none"))
	}
	return p.t, nil
}

// FromFile reads a .torrent file, which must be a regular one, when it is added.
func FromFile(path string) Source { return file(path) }

type file string

func (f file) metainfo(ctx context.Context) (*metainfo.Torrent, error) {
	info, err := os.Stat(string(f))
	if err == nil && !info.Mode().IsRegular() { // to open a pipe may take for ever
		err = &fs.PathError{Op: "open", Path: string(f), Err: errors.New("is no regular file")}
	}
	if err != nil {
		return nil, sourceError(err)
	}
	opened, err := os.Open(string(f))
	if err != nil {
		return nil, sourceError(err)
	}
	defer func() { _ = opened.Close() }()
	return stream{opened}.metainfo(ctx)
}

// FromReader reads a .torrent, at most metainfo.MaxTorrentBytes of it, when it
// is added. The context of Add counts between reads; a single one takes as long as the
// reader has it take.
func FromReader(r io.Reader) Source { return stream{r} }

type stream struct{ r io.Reader }

func (s stream) metainfo(ctx context.Context) (*metainfo.Torrent, error) {
	b, err := io.ReadAll(io.LimitReader(untilDone{ctx, s.r}, metainfo.MaxTorrentBytes+1))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, sourceError(err)
	}
	t, err := metainfo.Parse(b)
	if err != nil {
		return nil, sourceError(err)
	}
	return t, nil
}

// untilDone ends a reader with a context.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
