package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent/internal/store"
)

func pragma(t *testing.T, d *Driver, name string) string {
	t.Helper()
	var v string
	if err := d.db.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEveryCommitIsSyncedAndTheJournalFitsThePlace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "100% of ?x=y #1", "ü")
	for _, p := range []Place{PlaceLocal, PlaceShared, PlaceLocal} {
		d, err := Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.setJournal(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"journal_mode": p.journal(), "synchronous": "3", "foreign_keys": "1",
			"busy_timeout": "5000", "user_version": strconv.Itoa(schemaVersion),
		} {
			if got := pragma(t, d, name); got != want {
				t.Errorf("place %d: %s is %s, want %s", p, name, got, want)
			}
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "state.db")); err != nil {
		t.Error(err)
	}
}

func TestNetworkFileSystemsAreToldFromLocalOnes(t *testing.T) {
	for magic, want := range map[uint32]Place{
		unix.NFS_SUPER_MAGIC: PlaceShared, unix.CIFS_SUPER_MAGIC: PlaceShared, unix.SMB2_SUPER_MAGIC: PlaceShared,
		unix.V9FS_MAGIC: PlaceShared, unix.FUSE_SUPER_MAGIC: PlaceShared,
		unix.EXT4_SUPER_MAGIC: PlaceLocal, unix.TMPFS_MAGIC: PlaceLocal, unix.BTRFS_SUPER_MAGIC: PlaceLocal,
		unix.OVERLAYFS_SUPER_MAGIC: PlaceLocal, unix.XFS_SUPER_MAGIC: PlaceLocal,
	} {
		if got := placeOf(magic); got != want {
			t.Errorf("%#x: %d", magic, got)
		}
	}
	if got := ViewPlace("/nowhere/at/all"); got != PlaceShared {
		t.Errorf("a folder that is not there: %d", got)
	}
}

func TestOnlyTheUserMayReadTheState(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	d, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Own(t.Context(), 1, "x"); err == nil {
		t.Error("no error")
	}
	h, err := d.Hold(t.Context(), store.Key{1}, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	for name, want := range map[string]os.FileMode{
		"": 0o700, "torrents": 0o700, "state.db": 0o600, "state.db-wal": 0o600,
		"torrents/" + store.Key{1}.String() + ".lock": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v", name, info, err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 4 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}

func TestAReleasedHoldLeavesNoFile(t *testing.T) {
	d, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	h, err := d.Hold(t.Context(), store.Key{1}, "x")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Release(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(d.held)
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestAFolderThatCannotBeMadeIsAnErrorOfTheEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), filepath.Join(file, "state"))
	if _, is := err.(*store.DriverError); !is {
		t.Errorf("%T %v", err, err)
	}
}

func TestADatabaseThatIsBusyIsAskedUntilTheCallerGivesUp(t *testing.T) {
	dir := t.TempDir()
	a, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	tx, err := a.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.List(t.Context(), 0, 1); err != nil {
		t.Errorf("a reader waits for a writer: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error)
	go func() {
		_, err := b.Own(ctx, 1, "x")
		answered <- err
	}()
	cancel()
	if err := <-answered; err != context.Canceled {
		t.Errorf("%T %v", err, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, is := func() error { _, err := b.Own(t.Context(), 1, "x"); return err }().(*store.NotFoundError); !is {
		t.Error("the driver is not usable afterwards")
	}
}
