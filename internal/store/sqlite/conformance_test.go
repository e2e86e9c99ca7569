package sqlite_test

import (
	"testing"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/store/sqlite"
	"github.com/etorrent/etorrent/internal/store/storetest"
)

func open(t *testing.T, dir string) *sqlite.Driver {
	t.Helper()
	d, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Driver { return open(t, t.TempDir()) })
}

func TestSharesAFolder(t *testing.T) {
	storetest.RunShared(t, func(t *testing.T, dir string) store.Driver { return open(t, dir) })
}

func TestSharesAFolderOfANetworkFileSystem(t *testing.T) {
	storetest.RunShared(t, func(t *testing.T, dir string) store.Driver {
		d, err := sqlite.OpenShared(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return d
	})
}
