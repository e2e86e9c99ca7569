package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// columns are what a scan reads, in the order of head.scan.
const columns = `id, token, v1, v2, name, source, pieces, files, dir, intent, priorities, labels, rate_down, rate_up, max_peers, trackers,
	added, completed, uploaded, downloaded, seeding, next_announce, lost_reason, lost_pieces,
	owner, epoch, claimed`

// head is a row of the table torrents, as its columns are.
type head struct {
	id              int64
	token, v1, v2   []byte
	name, source    string
	pieces, files   int
	claimed         int
	settings        headSettings
	added           sql.NullInt64
	completed, next sql.NullInt64
	counters        headCounters
	lost            headLoss
	owner           string
	epoch           int64
}

type headSettings struct {
	dir        string
	intent     int64
	priorities []byte
	labels     string
	limits     store.Limits
	trackers   string
}

type headCounters struct{ uploaded, downloaded, seeding int64 }

type headLoss struct{ reason, pieces int64 }

func (h *head) scan(row interface{ Scan(...any) error }) error {
	s, c := &h.settings, &h.counters
	return row.Scan(&h.id, &h.token, &h.v1, &h.v2, &h.name, &h.source, &h.pieces, &h.files, &s.dir,
		&s.intent, &s.priorities, &s.labels, &s.limits.Down, &s.limits.Up, &s.limits.Peers, &s.trackers, &h.added, &h.completed, &c.uploaded, &c.downloaded,
		&c.seeding, &h.next, &h.lost.reason, &h.lost.pieces, &h.owner, &h.epoch, &h.claimed)
}

// readHead reads a row's head; *store.NotFoundError if it is not there.
func readHead(ctx context.Context, tx *sql.Tx, id ident.TorrentID) (*head, error) {
	h := &head{}
	err := h.scan(tx.QueryRowContext(ctx, "SELECT "+columns+" FROM torrents WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &store.NotFoundError{ID: id}
	}
	return h, err
}

// Get implements store.Driver.
func (d *Driver) Get(ctx context.Context, id ident.TorrentID) (*store.Row, error) {
	var row *store.Row
	err := d.read(ctx, "get", func(tx *sql.Tx) (err error) {
		row, err = readRow(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return row, nil
}

func readRow(ctx context.Context, tx *sql.Tx, id ident.TorrentID) (*store.Row, error) {
	h, err := readHead(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	row, err := h.row()
	if err != nil {
		return nil, err
	}
	for _, part := range []func(context.Context, *sql.Tx, *store.Row) error{
		readMetainfo, readClaims, readPartials, readFiles, readAnnounce,
	} {
		if err := part(ctx, tx, row); err != nil {
			return nil, err
		}
	}
	return row, nil
}

// FindByKey implements store.Driver.
func (d *Driver) FindByKey(ctx context.Context, key store.Key) (ident.TorrentID, error) {
	var id ident.TorrentID
	err := d.read(ctx, "find", func(tx *sql.Tx) (err error) {
		id, err = findKey(ctx, tx, key)
		return err
	})
	return id, err
}

func findKey(ctx context.Context, tx *sql.Tx, key store.Key) (ident.TorrentID, error) {
	var id ident.TorrentID
	err := tx.QueryRowContext(ctx, "SELECT torrent FROM keys WHERE key = ?", key[:]).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, &store.NoKeyError{Key: key}
	}
	return id, err
}

// List implements store.Driver.
func (d *Driver) List(ctx context.Context, after ident.TorrentID, limit int) ([]store.Summary, error) {
	var out []store.Summary
	err := d.read(ctx, "list", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT "+columns+" FROM torrents WHERE id > ? ORDER BY id LIMIT ?", after, max(0, limit))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			h := head{}
			if err := h.scan(rows); err != nil {
				return err
			}
			out = append(out, h.summary())
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// row decodes what the head holds of a row.
func (h *head) row() (*store.Row, error) {
	row := &store.Row{
		ID: ident.TorrentID(h.id), Name: h.name, Source: h.source, Pieces: h.pieces,
		Added: getTime(h.added), Completed: getTime(h.completed),
		Counters: h.counters.decode(), Owner: h.owner, Epoch: store.Epoch(h.epoch),
	}
	copy(row.Token[:], h.token)
	var err error
	if row.Keys, err = h.keys(); err != nil {
		return row, err
	}
	if err := store.FitsPieces(row.ID, h.pieces); err != nil {
		return row, h.bad("pieces", err)
	}
	if row.Lost, err = h.decodeLoss(); err != nil {
		return row, err
	}
	row.Settings, err = h.decodeSettings()
	return row, err
}

// summary is what a list tells; damage does not hide the rest.
func (h *head) summary() store.Summary {
	row, err := h.row()
	return store.Summary{
		ID: row.ID, Keys: row.Keys, Name: row.Name, Settings: row.Settings,
		Pieces: row.Pieces, Claimed: h.claimed,
		Added: row.Added, Completed: row.Completed, Counters: row.Counters,
		Next: getTime(h.next), Owner: row.Owner, Epoch: row.Epoch, Damage: err,
	}
}

func (h *head) bad(field string, err error) error {
	return &store.BadRowError{ID: ident.TorrentID(h.id), Field: field, Err: err}
}
