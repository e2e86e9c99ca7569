// Package sqlite keeps state rows in an embedded SQL database. One folder holds
// all of it:
//
//	state.db         the rows (with state.db-wal and -shm beside it while open)
//	torrents/*.lock  a lock for each torrent that a program is running
//
// Several programs may use one folder at once. A change that was reported as
// done survives a loss of power: every commit is synced. The database uses a
// write-ahead log, and a rollback journal on network file systems, where a
// write-ahead log, which needs memory shared between all its users, would
// destroy it. A folder on a network file system must be used by that way only:
// not at the same time as a local folder on the server that exports it.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"modernc.org/sqlite"

	"github.com/etorrent/etorrent/internal/store"
)

// BusyTimeout is how long a call waits for another program that writes. It is
// also, many times over, what a transaction may take, so that no other program
// ever waits in vain.
const BusyTimeout = 5 * time.Second

// The result codes of SQLite that are told apart (sqlite.org/rescode.html);
// the low byte of an extended code is its primary one.
const (
	codeBusy    = 5
	codeLocked  = 6
	codeCorrupt = 11
	codeNotADB  = 26
	primaryCode = 0xff
)

// Driver is a store.Driver in a folder. Its lock guards the holds only, and is
// never kept across a wait.
type Driver struct {
	db   *sql.DB
	path string // of state.db
	held string // folder of the locks

	mu     sync.Mutex
	closed error // store.ErrClosed after Close
	holds  map[store.Key]*hold
}

var _ store.Driver = (*Driver)(nil)

// write runs f in a transaction that excludes other writers from the start.
func (d *Driver) write(ctx context.Context, op string, f func(*sql.Tx) error) error {
	return d.transact(ctx, op, &sql.TxOptions{}, f)
}

// read runs f in a transaction that sees one state of the rows.
func (d *Driver) read(ctx context.Context, op string, f func(*sql.Tx) error) error {
	return d.transact(ctx, op, &sql.TxOptions{ReadOnly: true}, f)
}

func (d *Driver) transact(ctx context.Context, op string, o *sql.TxOptions, f func(*sql.Tx) error) error {
	if err := d.open(); err != nil {
		return err
	}
	tx, err := d.db.BeginTx(ctx, o)
	if err != nil {
		return d.fault(ctx, op, err)
	}
	defer tx.Rollback()
	if err := d.sameVersion(ctx, tx); err != nil {
		return d.fault(ctx, op, err)
	}
	if err := f(tx); err != nil {
		return d.fault(ctx, op, err)
	}
	return d.fault(ctx, op, tx.Commit())
}

// open returns store.ErrClosed after Close.
func (d *Driver) open() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

// fault says what an error means: those of package store and of ctx are passed
// on, those of the database become one of package store.
func (d *Driver) fault(ctx context.Context, op string, err error) error {
	switch code := codeOf(err); {
	case err == nil || isStores(err):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case code == codeCorrupt || code == codeNotADB:
		return &store.CorruptError{Path: d.path, Err: err}
	}
	if closed := d.open(); closed != nil {
		return closed
	}
	return &store.DriverError{Op: op, Err: err}
}

// codeOf is the primary result code of an error of SQLite, 0 for other errors.
func codeOf(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & primaryCode
}

// isStores says whether err is one that callers of a store.Driver know.
func isStores(err error) bool {
	switch err.(type) {
	case *store.ExistsError, *store.NotFoundError, *store.NoKeyError, *store.StaleEpochError,
		*store.DecidedError, *store.ShapeError, *store.BadRowError, *store.CorruptError,
		*store.NewerSchemaError, *store.DriverError:
		return true
	}
	return err == store.ErrNoOrigin
}

// Close implements store.Driver.
func (d *Driver) Close() error {
	d.mu.Lock()
	again := d.closed
	d.closed = store.ErrClosed
	var holds []*hold
	for _, h := range d.holds {
		holds = append(holds, h)
	}
	d.mu.Unlock()
	if again != nil {
		return nil
	}
	var errs []error
	for _, h := range holds {
		errs = append(errs, h.Release())
	}
	return errors.Join(append(errs, d.db.Close())...)
}
