package storage

import (
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"
	"sort"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Segment is the part of a span that lies in one file.
type Segment struct {
	// File is the index in Spec.Files, Offset the place in that file in bytes.
	File   int
	Offset int64
	// The segment is bytes From to To of the span.
	From, To int
}

// Check says what is wrong with the spec: files that overlap, leave gaps or do
// not add up to the geometry, paths that are not clean, local and unique, and
// links that have bytes or lead out of the folder. Padding needs no path.
func (s *Spec) Check() error {
	if s.Dir == "" {
		return fmt.Errorf("storage: %q has no folder", s.Name)
	}
	end := int64(0)
	paths := make(map[string]int, len(s.Files))
	for i, f := range s.Files {
		if f.Length < 0 || f.Offset != end || f.Length > s.Geometry.TotalLength-end {
			return fmt.Errorf("storage: file %d of %q: offset %d, length %d, expected offset %d", i, s.Name, f.Offset, f.Length, end)
		}
		end += f.Length
		if f.Role == Padding {
			continue
		}
		if !fs.ValidPath(f.Path) || f.Path == "." {
			return fmt.Errorf("storage: file %d of %q has the path %q", i, s.Name, f.Path)
		}
		if first, taken := paths[f.Path]; taken {
			return fmt.Errorf("storage: files %d and %d of %q share the path %q", first, i, s.Name, f.Path)
		}
		paths[f.Path] = i
		if f.Role == Link && (f.Length > 0 || !f.leadsInside()) {
			return fmt.Errorf("storage: file %d of %q is a link of %d bytes to %q", i, s.Name, f.Length, f.Target)
		}
	}
	if _, taken := paths[s.Parts]; s.Parts != "" && (taken || !fs.ValidPath(s.Parts) || s.Parts == ".") {
		return fmt.Errorf("storage: %q cannot keep parts in %q", s.Name, s.Parts)
	}
	if end != s.Geometry.TotalLength {
		return fmt.Errorf("storage: files of %q have %d bytes, its pieces %d", s.Name, end, s.Geometry.TotalLength)
	}
	return nil
}

// Path is where file i belongs, for people.
func (s *Spec) Path(i int) string { return filepath.Join(s.Dir, filepath.FromSlash(s.Files[i].Path)) }

// Segments yields the parts of the n bytes from off on, in order, without empty
// ones. It ends at the torrent's last byte.
func (s *Spec) Segments(off int64, n int) iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		if off < 0 || n <= 0 {
			return
		}
		first := sort.Search(len(s.Files), func(i int) bool { return s.Files[i].Offset+s.Files[i].Length > off })
		done := 0
		for i := first; i < len(s.Files) && done < n; i++ {
			f := &s.Files[i]
			at := off + int64(done) - f.Offset
			part := int(min(int64(n-done), f.Length-at))
			if part == 0 {
				continue
			}
			if !yield(Segment{File: i, Offset: at, From: done, To: done + part}) {
				return
			}
			done += part
		}
	}
}

// FilesOf yields the files that hold bytes of the pieces, ascending. Files of
// length 0 and padding hold none.
func (s *Spec) FilesOf(pieces *pieceset.Set) iter.Seq[int] {
	return func(yield func(int) bool) {
		next := 0
		for p := range pieces.All() {
			begin := s.Geometry.PieceOffset(p)
			end := begin + s.Geometry.PieceSize(p)
			next = s.skipTo(next, begin)
			for ; next < len(s.Files) && s.Files[next].Offset < end; next++ {
				if s.Files[next].Role == Data && s.Files[next].Length > 0 && !yield(next) {
					return
				}
			}
		}
	}
}

// skipTo is the first file from next on that ends behind off.
func (s *Spec) skipTo(next int, off int64) int {
	rest := s.Files[next:]
	return next + sort.Search(len(rest), func(i int) bool { return rest[i].Offset+rest[i].Length > off })
}

// PiecesOf returns the pieces that have bytes in any of the files.
func (s *Spec) PiecesOf(files ...int) *pieceset.Set {
	set := pieceset.New(s.Geometry.Pieces())
	for _, i := range files {
		f := s.Files[i]
		if f.Length == 0 {
			continue
		}
		last := (f.Offset + f.Length - 1) / s.Geometry.PieceLength
		for p := f.Offset / s.Geometry.PieceLength; p <= last; p++ {
			set.Add(pieceset.Index(p))
		}
	}
	return set
}
