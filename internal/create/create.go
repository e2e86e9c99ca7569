package create

import (
	"context"
	"crypto/sha1"
	"errors"
	"hash"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/etorrent/etorrent/internal/hashing"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/files"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/metainfo"
)

// Progress is told of bytes as they are hashed: done of all.
type Progress func(done, all int64)

// Torrent hashes a tree and returns the .torrent file. spec says what else
// stands in it; name, layout and files are the tree's, and a PieceLength of 0
// means metainfo.AutoPieceLength. The error is the context's, a *PathError, or
// a *metainfo.FieldError for what cannot be.
func Torrent(ctx context.Context, t *Tree, spec metainfo.Spec, tell Progress) ([]byte, error) {
	return t.torrent(ctx, spec, func(lies storage.Spec, store storage.Store) ([][sha1.Size]byte, error) {
		return hashAll(ctx, lies.Geometry, store, tell)
	})
}

// hasher hashes the pieces of bytes that lie in a store.
type hasher func(lies storage.Spec, store storage.Store) ([][sha1.Size]byte, error)

func (t *Tree) torrent(ctx context.Context, spec metainfo.Spec, pieces hasher) ([]byte, error) {
	b, err := t.builder(spec)
	if err != nil {
		return nil, err
	}
	lies := t.bytes(b.Files(), geometry.Geometry{TotalLength: b.TotalLength(), PieceLength: t.PieceLength(spec)})
	store, err := files.New(files.Options{}).Open(ctx, lies)
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }()
	sums, err := pieces(lies, store)
	if err == nil {
		err = t.unchanged(ctx, store)
	}
	if err != nil {
		return nil, t.named(err)
	}
	for _, sum := range sums {
		b.PushPiece(sum)
	}
	return b.Build(), nil
}

// PieceLength is the piece length that Torrent uses for the spec.
func (t *Tree) PieceLength(spec metainfo.Spec) int64 {
	if spec.PieceLength == 0 {
		return metainfo.AutoPieceLength(t.Total)
	}
	return spec.PieceLength
}

func (t *Tree) builder(spec metainfo.Spec) (*metainfo.Builder, error) {
	spec.Name, spec.Layout, spec.Files = t.Name, t.Layout, nil
	spec.PieceLength = t.PieceLength(spec)
	for _, f := range t.Files {
		spec.Files = append(spec.Files, metainfo.SpecFile{Path: strings.Split(f.Path, "/"), Length: f.Size})
	}
	return metainfo.NewBuilder(spec)
}

// bytes describes the torrent's bytes as they lie on the disk.
func (t *Tree) bytes(laid []metainfo.File, g geometry.Geometry) storage.Spec {
	s := storage.Spec{Name: t.Name, Dir: t.Dir, Access: storage.ReadOnly, Geometry: g}
	next := 0
	for _, f := range laid {
		file := storage.File{Offset: f.Offset, Length: f.Length, Role: storage.Padding}
		if f.Role == metainfo.FileData {
			file.Role, file.Path = storage.Data, t.Files[next].Path
			next++
		}
		s.Files = append(s.Files, file)
	}
	return s
}

func hashAll(ctx context.Context, g geometry.Geometry, store storage.Store, tell Progress) ([][sha1.Size]byte, error) {
	sums := make([][sha1.Size]byte, g.Pieces())
	done := int64(0)
	job := hashing.Job{Bytes: store, Geometry: g, NewHash: func(int) hash.Hash { return sha1.New() }}
	err := hashing.Run(ctx, job, func(e hashing.PieceEvidence) error {
		switch e := e.(type) {
		case hashing.PieceHashed:
			sums[e.Piece] = [sha1.Size]byte(e.Sum)
			done += g.PieceSize(e.Piece)
			tell(done, g.TotalLength)
			return nil
		case hashing.PieceUnread:
			return e.Err
		}
		return nil
	})
	return sums, err
}

// unchanged compares every file with what was listed.
func (t *Tree) unchanged(ctx context.Context, store storage.Store) error {
	facts, err := store.Examine(ctx)
	if err != nil {
		return err
	}
	next := 0
	for _, f := range facts {
		if _, padding := f.(storage.Virtual); padding {
			continue
		}
		listed := t.Files[next]
		next++
		now, present := f.(storage.Present)
		if !present || now.Size != listed.Size || !now.ModTime.Equal(listed.Modified) {
			return &PathError{Path: listed.Path, Err: ErrChanged}
		}
	}
	return nil
}

// named makes an error of the store one of the tree: a file that ends early or
// is gone was changed since it was listed.
func (t *Tree) named(err error) error {
	var at *storage.Error
	if !errors.As(err, &at) {
		return err
	}
	path := at.Path
	if rel, relErr := filepath.Rel(t.Dir, at.Path); relErr == nil {
		path = filepath.ToSlash(rel)
	}
	if errors.Is(err, storage.ErrTruncated) || errors.Is(err, fs.ErrNotExist) {
		return &PathError{Path: path, Err: ErrChanged}
	}
	return &PathError{Path: path, Err: at.Err}
}
