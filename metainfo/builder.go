package metainfo

import (
	"crypto/sha1"
	"strconv"

	"github.com/etorrent/etorrent/bencode"
)

// Builder makes a .torrent file: it lays the files out, then takes the hash of
// each piece in order, then gives the bytes. It reads no file; its caller
// hashes what Files lists.
type Builder struct {
	spec   Spec
	files  []File
	total  int64
	pieces []byte
}

// NewBuilder lays out the files of the spec, which must not change afterwards.
// The error is a *FieldError without an offset.
func NewBuilder(s Spec) (*Builder, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	b := &Builder{spec: s}
	for i, f := range s.Files {
		if err := b.place(f, i); err != nil {
			return nil, err
		}
	}
	if len(b.files) > MaxFiles {
		return nil, field("info.files").refuse(NoOffset, "has "+strconv.Itoa(len(b.files))+" members with padding")
	}
	b.pieces = make([]byte, 0, b.PieceCount()*sha1.Size)
	return b, nil
}

// Files are the files in the order of their bytes, with padding, which counts
// as zeros.
func (b *Builder) Files() []File { return b.files }

// TotalLength is the number of bytes of all files with padding.
func (b *Builder) TotalLength() int64 { return b.total }

// PieceCount is the number of pieces.
func (b *Builder) PieceCount() int { return int(pieceCount(b.total, b.spec.PieceLength)) }

// PushPiece takes the SHA-1 of the next piece. One piece too many is a bug of
// the caller and panics.
func (b *Builder) PushPiece(sum [sha1.Size]byte) {
	if len(b.pieces) == b.PieceCount()*sha1.Size {
		panic("metainfo: more pieces pushed than the files have")
	}
	b.pieces = append(b.pieces, sum[:]...)
}

// Build returns the .torrent file. A missing piece is a bug of the caller and
// panics.
func (b *Builder) Build() []byte {
	if len(b.pieces) < b.PieceCount()*sha1.Size {
		panic("metainfo: fewer pieces pushed than the files have")
	}
	t := Torrent{
		Info:         Info{InfoBytes: b.info()},
		Announce:     b.spec.Announce,
		WebSeeds:     b.spec.WebSeeds,
		Nodes:        b.spec.Nodes,
		Comment:      b.spec.Comment,
		CreatedBy:    b.spec.CreatedBy,
		CreationDate: b.spec.CreationDate,
	}
	return t.Encode()
}

func (b *Builder) place(f SpecFile, i int) error {
	if b.spec.Alignment == PieceAligned && f.Length > 0 {
		b.pad()
	}
	// Subtracting cannot overflow, as adding could.
	if f.Length < 0 || f.Length > maxTotal(b.spec.PieceLength)-b.total {
		return place{i, "length"}.refuse(NoOffset, "is negative or gives too many pieces")
	}
	path := f.Path
	switch b.spec.Layout {
	case SingleFile:
		path = []string{b.spec.Name}
	case MultiFile:
	}
	role := FileData
	if f.Target != nil {
		role = FileSymlink
	}
	b.add(File{Path: path, Length: f.Length, Role: role, Attributes: f.Attributes, Target: f.Target})
	return nil
}

// pad adds what lacks to the piece, under the path that BEP 47 recommends.
func (b *Builder) pad() {
	if over := b.total % b.spec.PieceLength; over > 0 {
		n := b.spec.PieceLength - over
		b.add(File{Path: []string{".pad", strconv.FormatInt(n, 10)}, Length: n, Role: FilePadding})
	}
}

func (b *Builder) add(f File) {
	f.Offset = b.total
	b.total += f.Length
	b.files = append(b.files, f)
}

func (b *Builder) info() []byte {
	return bencode.AppendDict(nil, func(w *bencode.DictWriter) {
		switch b.spec.Layout {
		case SingleFile:
			writeText(w, "attr", b.files[0].letters())
			w.Int("length", b.total)
		case MultiFile:
			w.List("files", b.writeFiles)
		}
		w.Text("name", b.spec.Name)
		w.Int("piece length", b.spec.PieceLength)
		w.Bytes("pieces", b.pieces)
		switch b.spec.Privacy {
		case Public:
		case Private:
			w.Int("private", 1)
		}
		writeText(w, "source", b.spec.Source)
	})
}

func (b *Builder) writeFiles(w *bencode.ListWriter) {
	for _, f := range b.files {
		w.Dict(func(w *bencode.DictWriter) {
			writeText(w, "attr", f.letters())
			w.Int("length", f.Length)
			w.List("path", func(w *bencode.ListWriter) { writeTexts(w, f.Path) })
			if f.Target != nil {
				w.List("symlink path", func(w *bencode.ListWriter) { writeTexts(w, f.Target) })
			}
		})
	}
}

// letters returns the attributes as BEP 47 writes them, in alphabetical order.
func (f File) letters() string {
	s := ""
	if f.Attributes.Has(Hidden) {
		s += "h"
	}
	switch f.Role {
	case FileData:
	case FilePadding:
		s += "p"
	case FileSymlink:
		s += "l"
	}
	if f.Attributes.Has(Executable) {
		s += "x"
	}
	return s
}
