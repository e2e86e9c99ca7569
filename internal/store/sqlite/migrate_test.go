package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/store/sqlite"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// alter runs SQL text on the database in a folder, past the driver.
func alter(t *testing.T, dir, text string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "state.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

// rowsV1 are rows as the first schema held them: one with claims of two
// origins, one without.
const rowsV1 = `
INSERT INTO torrents VALUES (4, x'00', x'0101010101010101010101010101010101010101', x'', 'one', '', 9, 1, '/d', 0, x'01', '["l"]',
	5, NULL, 10, 20, 30, 40, 0, 0, 'o', 6);
INSERT INTO torrents VALUES (5, x'00', x'0202020202020202020202020202020202020202', x'', 'two', '', 0, 0, '/d', 1, x'01', '[]',
	5, NULL, 0, 0, 0, NULL, 0, 0, '', 0);
INSERT INTO keys VALUES (x'0101010101010101010101010101010101010101', 4), (x'0202020202020202020202020202020202020202', 5);
INSERT INTO metainfos VALUES (4, x'6465', x'01010161');
INSERT INTO claims VALUES (4, 0, '', x'c000'), (4, 1, 'a friend', x'0180');
`

func TestADatabaseOfTheFirstSchemaIsMigrated(t *testing.T) {
	dir := t.TempDir()
	alter(t, dir, sqlite.SchemaV1+fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = 1;", sqlite.ApplicationID)+rowsV1)
	for range 2 {
		d := open(t, dir)
		list, err := d.List(t.Context(), 0, 9)
		if err != nil || len(list) != 2 || list[0].Claimed != 4 || list[1].Claimed != 0 {
			t.Errorf("list: %+v, %v", list, err)
		}
		r, err := d.Get(t.Context(), 4)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Claims.Held(9).Equal(pieceset.Of(9, 0, 1, 7, 8)) || r.FileMap[0] != "a" || r.Counters.Uploaded != 10 || r.Settings.Limits != (store.Limits{}) || r.Settings.Trackers != nil {
			t.Errorf("row: %+v", r)
		}
		d.Close()
	}
}

func TestANewerSchemaIsRefusedAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	running := open(t, dir)
	id, err := running.Insert(t.Context(), bigRow())
	if err != nil {
		t.Fatal(err)
	}
	alter(t, dir, "PRAGMA user_version = 99")
	_, err = sqlite.Open(t.Context(), dir)
	newer, is := err.(*store.NewerSchemaError)
	if !is || newer.Found != 99 || newer.Path != filepath.Join(dir, "state.db") {
		t.Errorf("open: %v", err)
	}
	if _, err := running.Get(t.Context(), id); err == nil || err.Error() != newer.Error() {
		t.Errorf("a driver that was open before goes on: %v", err)
	}
}
