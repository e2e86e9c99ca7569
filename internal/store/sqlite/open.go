package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/etorrent/etorrent/internal/store"
)

// checkedSize is up to which size, in bytes, a database is checked whole when
// it is opened. In larger ones damage is found when it is met.
const checkedSize = 4 << 20

// retryEvery is how long to wait before opening is tried again while another
// program opens the same folder.
const retryEvery = 25 * time.Millisecond

// Open opens the state in the folder dir, which is made if it is not there.
// *store.CorruptError and *store.NewerSchemaError say that state.db cannot be
// used; it is left as it is. ctx bounds the opening only.
func Open(ctx context.Context, dir string) (*Driver, error) { return openAs(ctx, dir, ViewPlace) }

func openAs(ctx context.Context, dir string, view func(dir string) Place) (*Driver, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, &store.DriverError{Op: "open", Err: err}
	}
	d := &Driver{
		path:  filepath.Join(dir, "state.db"),
		held:  filepath.Join(dir, "torrents"),
		holds: map[store.Key]*hold{},
	}
	if err := d.prepare(dir); err != nil {
		return nil, &store.DriverError{Op: "open", Err: err}
	}
	if d.db, err = sql.Open("sqlite", dsn(d.path)); err != nil {
		return nil, &store.DriverError{Op: "open", Err: err}
	}
	d.db.SetMaxOpenConns(1) // the store process is the only user
	if err := d.setUp(ctx, view(dir)); err != nil {
		d.db.Close()
		return nil, d.fault(ctx, "open "+d.path, err)
	}
	// The database syncs the folder of a new log too, but does not look whether that
	// failed; and who made a folder or a file may have been stopped before it synced.
	if err := syncWay(dir); err != nil {
		d.db.Close()
		return nil, &store.DriverError{Op: "open", Err: err}
	}
	return d, nil
}

// dsn names the database and what each connection to it is set to.
func dsn(path string) string {
	path = filepath.ToSlash(path)
	if path[0] != '/' {
		path = "/" + path // C:/x
	}
	pragmas := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", BusyTimeout.Milliseconds()),
			"foreign_keys(1)",
			"synchronous(EXTRA)", // as FULL; with a rollback journal its folder is synced as well
			"journal_size_limit(16777216)",
		},
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: pragmas.Encode()}
	return u.String()
}

// prepare makes the folders and the empty database file, readable by its user
// only: announce URLs hold passkeys.
func (d *Driver) prepare(dir string) error {
	if err := os.MkdirAll(d.held, 0o700); err != nil {
		return err
	}
	if _, err := os.Lstat(d.path); err == nil {
		return nil
	}
	f, err := os.CreateTemp(dir, ".state-*")
	if err != nil {
		return nil // a folder that is read only; the database says what is wrong
	}
	// The file is closed before it has its name, since closing it later would
	// drop the database's locks in this program. If it cannot be linked, because
	// state.db is there or links are not, the database makes what it needs.
	err = f.Close()
	if err == nil {
		_ = os.Link(f.Name(), d.path)
	}
	return errors.Join(err, os.Remove(f.Name()))
}

// setUp repeats the steps of an opening while another program keeps the
// database busy, which the busy time-out does not cover for all of them.
func (d *Driver) setUp(ctx context.Context, p Place) error {
	var err error
	for range BusyTimeout / retryEvery {
		if err = d.setUpOnce(ctx, p); codeOf(err) != codeBusy && codeOf(err) != codeLocked {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryEvery):
		}
	}
	return err
}

func (d *Driver) setUpOnce(ctx context.Context, p Place) error {
	if err := d.recognise(ctx); err != nil {
		return err
	}
	if err := d.setJournal(ctx, p); err != nil {
		return err
	}
	if err := d.migrate(ctx); err != nil {
		return err
	}
	return d.check(ctx)
}

// recognise refuses what is no database of ours before anything is changed.
func (d *Driver) recognise(ctx context.Context) error {
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	_, err = d.viewVersion(ctx, tx)
	return err
}

func (d *Driver) setJournal(ctx context.Context, p Place) error {
	want := p.journal()
	var had, got string
	if err := d.db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&had); err != nil || had == want {
		return err
	}
	if err := d.db.QueryRowContext(ctx, "PRAGMA journal_mode = "+want).Scan(&got); err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("the database keeps the journal mode %q, %q is needed here", got, want)
	}
	return nil
}

// check looks for damage in a small database.
func (d *Driver) check(ctx context.Context) error {
	var pages, size int64
	var verdict string
	err := d.db.QueryRowContext(ctx, `SELECT page_count, page_size FROM pragma_page_count, pragma_page_size`).Scan(&pages, &size)
	if err != nil || pages*size > checkedSize {
		return err
	}
	if err := d.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return &store.CorruptError{Path: d.path, Err: errors.New(verdict)}
	}
	return nil
}
