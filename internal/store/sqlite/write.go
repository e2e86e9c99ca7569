package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// Delete implements store.Driver.
func (d *Driver) Delete(ctx context.Context, id ident.TorrentID) error {
	return d.write(ctx, "delete", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM torrents WHERE id = ?", id)
		return err
	})
}

// Own implements store.Driver.
func (d *Driver) Own(ctx context.Context, id ident.TorrentID, owner string) (store.Epoch, error) {
	var epoch int64
	err := d.write(ctx, "own", func(tx *sql.Tx) error {
		const own = "UPDATE torrents SET owner = ?, epoch = epoch + 1 WHERE id = ? RETURNING epoch"
		err := tx.QueryRowContext(ctx, own, owner, id).Scan(&epoch)
		if errors.Is(err, sql.ErrNoRows) {
			return &store.NotFoundError{ID: id}
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return store.Epoch(epoch), nil
}

// Learn implements store.Driver.
func (d *Driver) Learn(ctx context.Context, u store.MetadataUpdate) error {
	return d.write(ctx, "learn", func(tx *sql.Tx) error {
		h, err := fenced(ctx, tx, u.ID, u.Epoch)
		if err != nil {
			return err
		}
		row, err := h.row()
		if err != nil {
			return err
		}
		if err := readMetainfo(ctx, tx, row); err != nil {
			return err
		}
		learned, err := row.Learned(&u)
		if err != nil {
			return err
		}
		id, err := taken(ctx, tx, learned.Keys, u.ID)
		if err != nil {
			return err
		}
		if id != 0 {
			return &store.ExistsError{ID: id}
		}
		return writeLearned(ctx, tx, learned)
	})
}

func writeLearned(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	v1, v2 := keyBlobs(row.Keys)
	_, err := tx.ExecContext(ctx, "UPDATE torrents SET v1 = ?, v2 = ?, name = ?, pieces = ?, files = ? WHERE id = ?",
		v1, v2, row.Name, row.Pieces, len(row.FileMap), row.ID)
	if err != nil {
		return err
	}
	if err := writeKeys(ctx, tx, row); err != nil {
		return err
	}
	return writeMetainfo(ctx, tx, row)
}

// MarkFiles implements store.Driver.
func (d *Driver) MarkFiles(ctx context.Context, u store.FilesUpdate) error {
	return d.Claim(ctx, store.ClaimUpdate{ID: u.ID, Epoch: u.Epoch, Files: u.Files})
}

// SaveCounters implements store.Driver.
func (d *Driver) SaveCounters(ctx context.Context, u store.CountersUpdate) error {
	return d.Claim(ctx, store.ClaimUpdate{ID: u.ID, Epoch: u.Epoch, Counters: u.Counters})
}

// SaveAnnounces implements store.Driver.
func (d *Driver) SaveAnnounces(ctx context.Context, us []store.AnnounceUpdate) []error {
	return d.writeEach(ctx, "save announce state", len(us), func(tx *sql.Tx, i int) error {
		return saveAnnounce(ctx, tx, &us[i])
	})
}

func saveAnnounce(ctx context.Context, tx *sql.Tx, u *store.AnnounceUpdate) error {
	if _, err := fenced(ctx, tx, u.ID, u.Epoch); err != nil {
		return err
	}
	kept := u.Announce
	kept.At = store.Wall(kept.At)
	if err := writeAnnounce(ctx, tx, &store.Row{ID: u.ID, Announce: kept}); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE torrents SET next_announce = ? WHERE id = ?", putTime(kept.Next()), u.ID)
	return err
}

// SaveSettings implements store.Driver.
func (d *Driver) SaveSettings(ctx context.Context, u store.SettingsUpdate) error {
	return d.write(ctx, "save settings", func(tx *sql.Tx) error {
		if _, err := fenced(ctx, tx, u.ID, u.Epoch); err != nil {
			return err
		}
		labels, err := jsonText(u.Settings.Labels)
		if err != nil {
			return err
		}
		trackers, err := jsonText(u.Settings.Trackers)
		if err != nil {
			return err
		}
		s := &u.Settings
		for _, table := range []string{"files", "partials"} { // which lie in the folder of before
			_, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE torrent = ? AND (SELECT dir FROM torrents WHERE id = ?) <> ?", u.ID, u.ID, s.Dir)
			if err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "UPDATE torrents SET dir = ?, intent = ?, priorities = ?, labels = ?, rate_down = ?, rate_up = ?, max_peers = ?, trackers = ? WHERE id = ?",
			s.Dir, s.Intent, store.AppendPriorities(nil, s.Priorities), labels, s.Limits.Down, s.Limits.Up, s.Limits.Peers, trackers, u.ID)
		return err
	})
}
