package sqlite_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/store/sqlite"
	"github.com/etorrent/etorrent/internal/store/storetest"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func TestADamagedFileIsNamedAndLeftAsItIs(t *testing.T) {
	for name, spoil := range map[string]func(whole []byte) []byte{
		"not a database":    func([]byte) []byte { return []byte("these are a person's notes, not a database at all") },
		"a header of zeros": func(b []byte) []byte { clear(b[:100]); return b },
		"half of it":        func(b []byte) []byte { return b[:len(b)/2] },
		"noise in the middle": func(b []byte) []byte {
			return append(b[:5000], append(bytes.Repeat([]byte{0xa5}, 9000), b[14000:]...)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "state.db")
			d := open(t, dir)
			if _, err := d.Insert(t.Context(), storetest.Sample(1)); err != nil {
				t.Fatal(err)
			}
			d.Close()
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			spoilt := spoil(whole)
			if err := os.WriteFile(path, spoilt, 0o600); err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(spoilt)
			_, err = sqlite.Open(t.Context(), dir)
			if e, is := err.(*store.CorruptError); !is || e.Path != path {
				t.Errorf("open: %T %v", err, err)
			}
			after, err := os.ReadFile(path)
			if err != nil || sha256.Sum256(after) != sum {
				t.Errorf("the file has changed (%v)", err)
			}
		})
	}
}

func TestADatabaseOfAnotherProgramIsLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	alter(t, dir, "CREATE TABLE recipes (name TEXT); PRAGMA user_version = 1")
	_, err := sqlite.Open(t.Context(), dir)
	if e, is := err.(*store.CorruptError); !is || e.Path != filepath.Join(dir, "state.db") {
		t.Errorf("open: %T %v", err, err)
	}
	alter(t, dir, "INSERT INTO recipes VALUES ('soup')")
}

// damages are statements that spoil a field of the row, and the field's name.
var damages = map[string]string{
	"UPDATE torrents SET v1 = x'01'":                           "v1",
	"UPDATE torrents SET v2 = x'01'":                           "v2",
	"UPDATE torrents SET pieces = -1":                          "pieces",
	"UPDATE torrents SET pieces = 1 << 62":                     "pieces",
	"UPDATE torrents SET pieces = 4":                           "claims",
	"UPDATE torrents SET lost_reason = 300":                    "loss",
	"UPDATE torrents SET intent = 77":                          "intent",
	"UPDATE torrents SET priorities = x'0199'":                 "priorities",
	"UPDATE torrents SET labels = '{'":                         "labels",
	"UPDATE torrents SET trackers = '{}'":                      "trackers",
	"UPDATE metainfos SET file_map = x'01ff'":                  "file map",
	"UPDATE claims SET pieces = x'00' WHERE origin = 0":        "claims",
	"UPDATE claims SET pieces = x'ffffff' WHERE origin = 0":    "claims",
	"UPDATE claims SET pieces = x'fffff0' WHERE origin = 0":    "claims",
	"UPDATE claims SET origin = 5 WHERE origin = 0":            "claims",
	"UPDATE partials SET blocks = x''":                         "partials",
	"UPDATE partials SET blocks = x'0101ffffffffffffffffff01'": "partials",
	"UPDATE partials SET blocks = x'0101ff0100'":               "partials",
	"UPDATE files SET file = 99 WHERE file = 0":                "file facts",
	"UPDATE files SET state = 300 WHERE file = 0":              "file facts",
	"UPDATE files SET state = -1 WHERE file = 0":               "file facts",
	"UPDATE announces SET state = '{\"at\":\"yesterday\"}'":    "announce state",
	"UPDATE announces SET state = '{\"saved\":{\"key\":-1}}'":  "announce state",
	"UPDATE announces SET state = '{}' || 1":                   "announce state",
	"UPDATE torrents SET rate_down = -1":                       "limits",
	"UPDATE torrents SET rate_up = -5":                         "limits",
	"UPDATE torrents SET max_peers = -1":                       "limits",
}

func TestADamagedFieldIsNamedAndHidesNoOtherRow(t *testing.T) {
	for statement, field := range damages {
		t.Run(statement, func(t *testing.T) {
			dir := t.TempDir()
			d := open(t, dir)
			id, err := d.Insert(t.Context(), storetest.Sample(1))
			if err != nil {
				t.Fatal(err)
			}
			alter(t, dir, statement)
			good, err := d.Insert(t.Context(), storetest.Sample(2))
			if err != nil {
				t.Fatal(err)
			}
			_, err = d.Get(t.Context(), id)
			if e, is := err.(*store.BadRowError); !is || e.ID != id || e.Field != field {
				t.Errorf("%T %v", err, err)
			}
			list, err := d.List(t.Context(), 0, 9)
			if err != nil || len(list) != 2 || list[1].ID != good || list[1].Damage != nil {
				t.Errorf("list %v, %v", list, err)
			}
			if _, err := d.Get(t.Context(), good); err != nil {
				t.Error(err)
			}
			if err := d.Delete(t.Context(), id); err != nil {
				t.Errorf("delete: %v", err)
			}
		})
	}
}

func TestDamagedClaimsAreMendedByTakingAllBack(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	id, err := d.Insert(t.Context(), storetest.Sample(1))
	if err != nil {
		t.Fatal(err)
	}
	alter(t, dir, "UPDATE claims SET pieces = x'99'")
	claim := store.ClaimUpdate{ID: id, Add: pieceset.Of(storetest.Pieces, 1), Origin: store.Checked{}}
	if _, is := d.Claim(t.Context(), claim).(*store.BadRowError); !is {
		t.Error("damaged claims grow")
	}
	if err := d.Unclaim(t.Context(), store.UnclaimUpdate{ID: id, Remove: pieceset.Full(storetest.Pieces), Reason: store.LossWrongHash}); err != nil {
		t.Fatal(err)
	}
	if err := d.Claim(t.Context(), claim); err != nil {
		t.Error(err)
	}
}

func TestAnnounceStateOfAnEarlierShapeReadsAsNone(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	id, err := d.Insert(t.Context(), storetest.Sample(1))
	if err != nil {
		t.Fatal(err)
	}
	alter(t, dir, `UPDATE announces SET state = '{"key":7,"next":"2026-01-02T03:04:05Z","tiers":[["http://a"]],"trackers":{"http://a":{"interval":5}}}'`)
	r, err := d.Get(t.Context(), id)
	if err != nil || !r.Announce.At.IsZero() || r.Announce.Saved.Key != 0 || r.Announce.Saved.Trackers != nil {
		t.Errorf("%+v, %v", r, err)
	}
}
