package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// Insert implements store.Driver.
func (d *Driver) Insert(ctx context.Context, r *store.Row) (ident.TorrentID, error) {
	if err := d.open(); err != nil {
		return 0, err
	}
	row, err := store.Admit(r)
	if err != nil {
		return 0, err
	}
	err = d.write(ctx, "insert", func(tx *sql.Tx) error { return insert(ctx, tx, row) })
	if err != nil {
		return 0, err
	}
	return row.ID, nil
}

// insert puts the row and its ID into it; where the row is there already, sent
// by the same Insert, it only finds the ID.
func insert(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	id, err := taken(ctx, tx, row.Keys, 0)
	if err != nil {
		return err
	}
	if id != 0 {
		h, err := readHead(ctx, tx, id)
		if err != nil {
			return err
		}
		if store.Token(h.token) != row.Token || row.Token == (store.Token{}) {
			return &store.ExistsError{ID: id}
		}
		row.ID = id
		return nil
	}
	if err := insertHead(ctx, tx, row); err != nil {
		return err
	}
	for _, part := range []func(context.Context, *sql.Tx, *store.Row) error{
		writeKeys, writeMetainfo, writeClaims, writePartials, writeFiles, writeAnnounce,
	} {
		if err := part(ctx, tx, row); err != nil {
			return err
		}
	}
	return nil
}

// taken finds a row other than but that has one of the keys; 0 is none.
func taken(ctx context.Context, tx *sql.Tx, keys store.Keys, but ident.TorrentID) (ident.TorrentID, error) {
	for _, k := range keys.Wire() {
		id, err := findKey(ctx, tx, k)
		var none *store.NoKeyError
		if err != nil && !errors.As(err, &none) {
			return 0, err
		}
		if err == nil && id != but {
			return id, nil
		}
	}
	return 0, nil
}

func insertHead(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	labels, err := jsonText(row.Settings.Labels)
	if err != nil {
		return err
	}
	trackers, err := jsonText(row.Settings.Trackers)
	if err != nil {
		return err
	}
	const insert = `INSERT INTO torrents (token, v1, v2, name, source, pieces, files, dir, intent, priorities, labels, rate_down, rate_up, max_peers, trackers,
		added, completed, uploaded, downloaded, seeding, next_announce, lost_reason, lost_pieces, owner, epoch, claimed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, 0) RETURNING id`
	v1, v2 := keyBlobs(row.Keys)
	s, c := &row.Settings, &row.Counters
	return tx.QueryRowContext(ctx, insert, row.Token[:], v1, v2, row.Name, row.Source, row.Pieces, len(row.FileMap),
		s.Dir, s.Intent, store.AppendPriorities(nil, s.Priorities), labels, s.Limits.Down, s.Limits.Up, s.Limits.Peers, trackers,
		putTime(row.Added), putTime(row.Completed), c.Uploaded, c.Downloaded, int64(c.Seeding/time.Second),
		putTime(row.Announce.Next()), row.Lost.Reason, row.Lost.Pieces).Scan(&row.ID)
}

// keyBlobs are the keys as columns hold them: empty where there is none.
func keyBlobs(k store.Keys) (v1, v2 []byte) {
	v1, v2 = []byte{}, []byte{}
	if k.V1 != [20]byte{} {
		v1 = k.V1[:]
	}
	if k.V2 != [32]byte{} {
		v2 = k.V2[:]
	}
	return v1, v2
}

func jsonText[T any](of []T) (string, error) {
	text, err := json.Marshal(of)
	return string(text), err
}

func writeKeys(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	for _, k := range row.Keys.Wire() {
		const put = "INSERT INTO keys (key, torrent) VALUES (?, ?) ON CONFLICT DO UPDATE SET torrent = excluded.torrent"
		if _, err := tx.ExecContext(ctx, put, k[:], row.ID); err != nil {
			return err
		}
	}
	return nil
}

func writeMetainfo(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	if row.Metainfo == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO metainfos (torrent, raw, file_map) VALUES (?, ?, ?)",
		row.ID, row.Metainfo, store.AppendFileMap(nil, row.FileMap))
	return err
}

func writeAnnounce(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	text, err := json.Marshal(&row.Announce)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO announces (torrent, state) VALUES (?, ?)", row.ID, string(text))
	return err
}

func writePartials(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	if len(row.Partials) == 0 {
		_, err := tx.ExecContext(ctx, "DELETE FROM partials WHERE torrent = ?", row.ID)
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO partials (torrent, blocks) VALUES (?, ?)",
		row.ID, store.AppendPartials(nil, row.Partials))
	return err
}

func writeFiles(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	return putFiles(ctx, tx, row.ID, row.Files)
}

// putFiles replaces the facts of the files it is given, and of no others.
func putFiles(ctx context.Context, tx *sql.Tx, id ident.TorrentID, files []store.FileFacts) error {
	const put = `INSERT OR REPLACE INTO files (torrent, file, size, mtime, mtimens, device, inode, state, maker)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	for _, f := range files {
		_, err := tx.ExecContext(ctx, put, id, f.File, f.Size, f.ModTime.Unix(), f.ModTime.Nanosecond(),
			int64(f.Device), int64(f.Inode), f.State, f.Maker)
		if err != nil {
			return err
		}
	}
	return nil
}
