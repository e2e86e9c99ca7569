// Package sqlitestate keeps a Client's state in a folder, in an embedded SQL
// database. It is a package of its own, so that only programs that want the
// database link it.
package sqlitestate

import (
	"context"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/store/sqlite"
)

// Open opens the state in the folder path, for Options.State; the folder is made
// if it is not there. Several programs may use one folder at once. What was
// reported as done survives a loss of power.
//
// A state.db in the folder that is damaged, belongs to another program or was
// made by a newer version is an error that names it, and is left as it is. The
// Client that is given the state closes it.
func Open(path string) (store.Driver, error) {
	d, err := sqlite.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	return d, nil
}
