package state

import "github.com/etorrent/etorrent/internal/store"

// The errors of a State without more to tell.
var (
	// ErrClosed is its answer after Close.
	ErrClosed = store.ErrClosed
	// ErrNoOrigin answers a claim that does not say why it is made.
	ErrNoOrigin = store.ErrNoOrigin
)

// The errors of a State.
type (
	// ExistsError says that a row has one of the keys already.
	ExistsError = store.ExistsError
	// NotFoundError says that there is no such row.
	NotFoundError = store.NotFoundError
	// NoKeyError says that no row has the key.
	NoKeyError = store.NoKeyError
	// StaleEpochError says that somebody else has taken the torrent over.
	StaleEpochError = store.StaleEpochError
	// DecidedError says that a field is known already, and is not what was given.
	DecidedError = store.DecidedError
	// ShapeError says that a field does not fit the row.
	ShapeError = store.ShapeError
	// HeldError says that another program runs the torrent.
	HeldError = store.HeldError
	// BadRowError says that a field of a row cannot be read back.
	BadRowError = store.BadRowError
	// CorruptError says that a file is no state that can be read.
	CorruptError = store.CorruptError
	// NewerSchemaError says that a newer program made it.
	NewerSchemaError = store.NewerSchemaError
	// DriverError says that the environment failed; asking again later may do.
	DriverError = store.DriverError
)
