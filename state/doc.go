// Package state has the words that a State is written in: those that etorrent.State
// takes and answers with, and what all that exist do alike. Whoever only chooses a
// State does without; whoever writes one proves it with package statetest.
package state

import (
	"time"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// The seam itself.
type (
	// Driver keeps the rows; it is etorrent.State.
	Driver = store.Driver
	// Hold is the right to run one torrent.
	Hold = store.Hold
)

// MaxPieces is the greatest number of pieces that a row may have.
const MaxPieces = store.MaxPieces

// Shape is what the parts of a row must fit; its methods check that.
type Shape = store.Shape

// Admit checks a row that is to be inserted and returns a copy of it in the form in
// which it will be read back.
func Admit(r *Row) (*Row, error) { return store.Admit(r) }

// Fence returns a *StaleEpochError unless a write that carries epoch got may change the
// row, which owner holds at epoch current.
func Fence(id TorrentID, got, current Epoch, owner string) error {
	return store.Fence(id, got, current, owner)
}

// FitsPieces checks that a number of pieces is one that a row may have.
func FitsPieces(id TorrentID, pieces int) error { return store.FitsPieces(id, pieces) }

// MergeFiles returns the facts with those of fresh in place of older ones of the same
// file, by ascending file number.
func MergeFiles(facts, fresh []FileFacts) []FileFacts { return store.MergeFiles(facts, fresh) }

// Wall returns a time as a row keeps it.
func Wall(t time.Time) time.Time { return store.Wall(t) }

// What rows are made of beside.
type (
	// TorrentID is the number of a row.
	TorrentID = ident.TorrentID
	// PieceIndex is the number of a piece.
	PieceIndex = pieceset.Index
	// PieceSet is a set of pieces.
	PieceSet = pieceset.Set
)

// NewPieceSet returns an empty set over so many pieces.
func NewPieceSet(size int) *PieceSet { return pieceset.New(size) }
