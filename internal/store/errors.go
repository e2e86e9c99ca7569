package store

import (
	"errors"
	"fmt"

	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// ErrClosed is the answer of a driver after Close.
var ErrClosed = errors.New("the state store is closed")

// ErrNoOrigin answers a claim that does not say why it is made.
var ErrNoOrigin = errors.New("a claim without an origin")

// ExistsError says that row ID has one of the keys already.
type ExistsError struct{ ID ident.TorrentID }

func (e *ExistsError) Error() string {
	return fmt.Sprintf("the torrent is known already, as number %d", e.ID)
}

// NotFoundError says that there is no row ID.
type NotFoundError struct{ ID ident.TorrentID }

func (e *NotFoundError) Error() string { return fmt.Sprintf("no torrent has the number %d", e.ID) }

// NoKeyError says that no row has Key.
type NoKeyError struct{ Key Key }

func (e *NoKeyError) Error() string { return fmt.Sprintf("no torrent has the info-hash %s", e.Key) }

// StaleEpochError says that a write carried epoch Got where the row, now owned
// by Owner, is at Current: somebody else has taken the torrent over.
type StaleEpochError struct {
	ID           ident.TorrentID
	Got, Current Epoch
	Owner        string
}

func (e *StaleEpochError) Error() string {
	return fmt.Sprintf("torrent %d has been taken over by %q (epoch %d, not %d)", e.ID, e.Owner, e.Current, e.Got)
}

// DecidedError says that Field of the row is known already and is not what was
// given.
type DecidedError struct {
	ID    ident.TorrentID
	Field string
}

func (e *DecidedError) Error() string {
	return fmt.Sprintf("torrent %d has another %s already", e.ID, e.Field)
}

// ShapeError says that Field does not fit the row: Got where Want is the size.
type ShapeError struct {
	ID        ident.TorrentID
	Field     string
	Got, Want int
}

func (e *ShapeError) Error() string {
	return fmt.Sprintf("torrent %d: %s has %d where %d fit", e.ID, e.Field, e.Got, e.Want)
}

// HeldError says that the torrent with Key is being run by the program PID,
// which is 0 where that cannot be told.
type HeldError struct {
	Key Key
	PID int
}

func (e *HeldError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("torrent %s is held by another etorrent", e.Key)
	}
	return fmt.Sprintf("torrent %s is held by another etorrent (pid %d)", e.Key, e.PID)
}

// BadRowError says that Field of row ID cannot be read back from the store.
type BadRowError struct {
	ID    ident.TorrentID
	Field string
	Err   error
}

func (e *BadRowError) Error() string {
	return fmt.Sprintf("the state of torrent %d is damaged (%s): %v", e.ID, e.Field, e.Err)
}

// Unwrap returns what the decoder said.
func (e *BadRowError) Unwrap() error { return e.Err }

// CorruptError says that the file at Path is not a state store that can be
// read. It has been left as it is; a person may move it away.
type CorruptError struct {
	Path string
	Err  error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("the state file %s is damaged and was left as it is; move it away to start afresh: %v", e.Path, e.Err)
}

// Unwrap returns what the database said.
func (e *CorruptError) Unwrap() error { return e.Err }

// NewerSchemaError says that the file at Path was made by a newer program: its
// schema is Found where this program knows up to Known.
type NewerSchemaError struct {
	Path         string
	Found, Known int
}

func (e *NewerSchemaError) Error() string {
	return fmt.Sprintf("the state file %s was made by a newer etorrent (schema %d, this one knows %d)", e.Path, e.Found, e.Known)
}

// DriverError says that the environment failed: a full disk, another program
// that kept the database busy for too long. Asking again later may do.
type DriverError struct {
	Op  string
	Err error
}

func (e *DriverError) Error() string { return fmt.Sprintf("state store: %s: %v", e.Op, e.Err) }

// Unwrap returns what the environment said.
func (e *DriverError) Unwrap() error { return e.Err }
