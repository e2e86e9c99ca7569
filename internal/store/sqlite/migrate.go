package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/bits"

	"github.com/etorrent/etorrent/internal/store"
)

// errForeign is the cause of a CorruptError for a database of another program.
var errForeign = errors.New("it is a database of another program")

// schemaVersion is the version, PRAGMA user_version, that this program writes:
// the number of its migrations.
const schemaVersion = 6

// A migration leads from one schema version to the next, in one transaction.
type migration func(ctx context.Context, tx *sql.Tx) error

func migrations() []migration {
	return []migration{createV1, migrateV2, migrateV3, migrateV4, migrateV5, migrateV6}
}

func createV1(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, schemaV1+fmt.Sprintf("PRAGMA application_id = %d;", applicationID))
	return err
}

func migrateV2(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, schemaV2); err != nil {
		return err
	}
	claimed, err := countClaims(ctx, tx)
	for id, n := range claimed {
		if err == nil {
			_, err = tx.ExecContext(ctx, "UPDATE torrents SET claimed = ? WHERE id = ?", n, id)
		}
	}
	return err
}

func migrateV3(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, schemaV3)
	return err
}

func migrateV4(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, schemaV4)
	return err
}

func migrateV5(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, schemaV5)
	return err
}

func migrateV6(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, schemaV6)
	return err
}

// countClaims counts the bits of the claims of every row.
func countClaims(ctx context.Context, tx *sql.Tx) (map[int64]int, error) {
	rows, err := tx.QueryContext(ctx, "SELECT torrent, pieces FROM claims")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	claimed := map[int64]int{}
	var id int64
	var blob sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&id, &blob); err != nil {
			return nil, err
		}
		for _, b := range blob {
			claimed[id] += bits.OnesCount8(b)
		}
	}
	return claimed, rows.Err()
}

// migrate brings the database to schemaVersion, or finds that it is there.
func (d *Driver) migrate(ctx context.Context) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	version, err := d.viewVersion(ctx, tx)
	if err != nil || version == schemaVersion {
		return err
	}
	for _, step := range migrations()[version:] {
		if err := step(ctx, tx); err != nil {
			return fmt.Errorf("migrate from schema %d: %w", version, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion)); err != nil {
		return err
	}
	return tx.Commit()
}

// viewVersion reads the schema version, 0 for a new file, and refuses files of
// newer or other programs.
func (d *Driver) viewVersion(ctx context.Context, tx *sql.Tx) (int, error) {
	var version, application, tables int
	err := tx.QueryRowContext(ctx, `SELECT
		(SELECT user_version FROM pragma_user_version),
		(SELECT application_id FROM pragma_application_id),
		(SELECT count(*) FROM sqlite_schema)`).Scan(&version, &application, &tables)
	switch {
	case err != nil:
		return 0, err
	case application != applicationID && (version != 0 || tables != 0):
		return 0, &store.CorruptError{Path: d.path, Err: errForeign}
	case version > schemaVersion || version < 0:
		return 0, &store.NewerSchemaError{Path: d.path, Found: version, Known: schemaVersion}
	}
	return version, nil
}

// sameVersion refuses to go on where a newer program has migrated the database
// since it was opened.
func (d *Driver) sameVersion(ctx context.Context, tx *sql.Tx) error {
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version != schemaVersion {
		return &store.NewerSchemaError{Path: d.path, Found: version, Known: schemaVersion}
	}
	return nil
}
