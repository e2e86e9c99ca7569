package sqlite

import (
	"database/sql"
	"time"

	"github.com/etorrent/etorrent/internal/store"
)

// putTime is a wall time in a column: nanoseconds since 1970, NULL for none.
func putTime(t time.Time) sql.NullInt64 {
	if t = store.Wall(t); t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixNano(), Valid: true}
}

// getTime is the inverse of putTime.
func getTime(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.Unix(0, n.Int64).UTC()
}
