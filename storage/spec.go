package storage

import (
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// What a torrent's bytes are to a Storage.
type (
	// Spec describes the bytes of one torrent. Its Check, Segments, FilesOf and
	// PiecesOf are for those who write a Store.
	Spec = storage.Spec
	// File is one file of a torrent.
	File = storage.File
	// Segment is the part of a span that lies in one file.
	Segment = storage.Segment
	// Geometry says how the bytes fall into pieces.
	Geometry = geometry.Geometry
	// Block names one block of a piece.
	Block = geometry.Block
	// PieceIndex is the number of a piece.
	PieceIndex = pieceset.Index
	// PieceSet is a set of pieces.
	PieceSet = pieceset.Set
)

// NewPieceSet returns an empty set over so many pieces.
func NewPieceSet(pieces int) *PieceSet { return pieceset.New(pieces) }

// Role says what a file of a torrent is for.
type Role = storage.Role

// The roles: it is stored, only fills up a piece, or is a symbolic link.
const (
	Data    = storage.Data
	Padding = storage.Padding
	Link    = storage.Link
)

// Access says what a store is opened for.
type Access = storage.Access

// The two: to fetch, and to share what is there.
const (
	ReadWrite = storage.ReadWrite
	ReadOnly  = storage.ReadOnly
)

// Allocation says how the space of new files is set aside.
type Allocation = storage.Allocation

// The two: as it is written, and when Prepare makes a file.
const (
	Sparse = storage.Sparse
	Full   = storage.Full
)

// FileFacts is what Examine answers of one file: Absent, Present, Unusable or Virtual.
type FileFacts = storage.FileFacts

// The facts.
type (
	// Absent says that nothing lies there.
	Absent = storage.Absent
	// Present says that a regular file lies there.
	Present = storage.Present
	// Unusable says that something else lies there or on the way.
	Unusable = storage.Unusable
	// Virtual says that the file is padding, or a link.
	Virtual = storage.Virtual
)

// Home says where the bytes of a file lie.
type Home = storage.Home

// The homes: its own path, or Spec.Parts.
const (
	InPlace = storage.InPlace
	InParts = storage.InParts
)

// Maker says who made a file; a Store leaves it as it is.
type Maker = storage.Maker

// The makers.
const (
	MadeBySomebody = storage.MadeBySomebody
	MadeByPrepare  = storage.MadeByPrepare
)
