package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// The values of the column origin.
const (
	originChecked = 0
	originTrusted = 1
)

var (
	errKeys     = errors.New("an info-hash has a wrong length")
	errLoss     = errors.New("unknown reason")
	errIntent   = errors.New("unknown intent")
	errLimits   = errors.New("a limit is below 0")
	errOverlaps = errors.New("a piece is claimed twice")
)

func (h *head) keys() (store.Keys, error) {
	var k store.Keys
	if l := len(h.v1); l != 0 && l != len(k.V1) {
		return k, h.bad("v1", errKeys)
	}
	if l := len(h.v2); l != 0 && l != len(k.V2) {
		return k, h.bad("v2", errKeys)
	}
	copy(k.V1[:], h.v1)
	copy(k.V2[:], h.v2)
	return k, nil
}

func (c headCounters) decode() store.Counters {
	return store.Counters{
		Uploaded: c.uploaded, Downloaded: c.downloaded, Seeding: time.Duration(c.seeding) * time.Second,
	}
}

func (h *head) decodeLoss() (store.Loss, error) {
	if r := h.lost.reason; r < int64(store.LossNone) || r > int64(store.LossAsked) {
		return store.Loss{}, h.bad("loss", errLoss)
	}
	return store.Loss{Reason: store.LossReason(h.lost.reason), Pieces: int(h.lost.pieces)}, nil
}

func (h *head) decodeSettings() (store.Settings, error) {
	s := store.Settings{Dir: h.settings.dir, Intent: store.Intent(h.settings.intent), Limits: h.settings.limits}
	if i := h.settings.intent; i != int64(store.IntentRun) && i != int64(store.IntentPause) {
		return s, h.bad("intent", errIntent)
	}
	if min(s.Limits.Down, s.Limits.Up, int64(s.Limits.Peers)) < 0 {
		return s, h.bad("limits", errLimits)
	}
	var err error
	if s.Priorities, err = store.DecodePriorities(h.settings.priorities); err != nil {
		return s, h.bad("priorities", err)
	}
	if err := json.Unmarshal([]byte(h.settings.labels), &s.Labels); err != nil {
		return s, h.bad("labels", err)
	}
	if err := json.Unmarshal([]byte(h.settings.trackers), &s.Trackers); err != nil {
		return s, h.bad("trackers", err)
	}
	return s, nil
}

func readMetainfo(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	var blob []byte
	err := tx.QueryRowContext(ctx, "SELECT raw, file_map FROM metainfos WHERE torrent = ?", row.ID).Scan(&row.Metainfo, &blob)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	row.FileMap, err = store.DecodeFileMap(blob)
	return bad(row, "file map", err)
}

// readClaims fills in row.Claims; row.Pieces is set.
func readClaims(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	rows, err := tx.QueryContext(ctx, "SELECT origin, source, pieces FROM claims WHERE torrent = ? ORDER BY origin, source", row.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	row.Claims = store.Claims{}
	held := pieceset.New(row.Pieces)
	for rows.Next() {
		var origin int
		var source string
		var blob []byte
		if err := rows.Scan(&origin, &source, &blob); err != nil {
			return err
		}
		set, err := store.DecodeClaims(blob, row.Pieces)
		if err == nil && set.Overlap(held) > 0 {
			err = errOverlaps
		}
		if err != nil {
			return bad(row, "claims", err)
		}
		held.AddAll(set)
		if err := addClaims(&row.Claims, origin, source, set); err != nil {
			return bad(row, "claims", err)
		}
	}
	if row.Claims.Checked == nil {
		row.Claims.Checked = pieceset.New(row.Pieces)
	}
	return rows.Err()
}

func addClaims(c *store.Claims, origin int, source string, set *pieceset.Set) error {
	switch {
	case origin == originTrusted:
		c.Trusted = append(c.Trusted, store.TrustedClaim{Source: source, Pieces: set})
	case origin == originChecked && c.Checked == nil:
		c.Checked = set
	default:
		return fmt.Errorf("unknown origin %d", origin)
	}
	return nil
}

func readPartials(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	var blob []byte
	err := tx.QueryRowContext(ctx, "SELECT blocks FROM partials WHERE torrent = ?", row.ID).Scan(&blob)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if row.Partials, err = store.DecodePartials(blob); err == nil {
		err = row.Shape().FitsPartials(row.Partials)
	}
	return bad(row, "partials", err)
}

func readFiles(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	rows, err := tx.QueryContext(ctx, "SELECT file, size, mtime, mtimens, device, inode, state, maker FROM files WHERE torrent = ? ORDER BY file", row.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var f store.FileFacts
		var seconds, nanos, device, inode int64
		if err := rows.Scan(&f.File, &f.Size, &seconds, &nanos, &device, &inode, &f.State, &f.Maker); err != nil {
			return bad(row, "file facts", err)
		}
		f.ModTime = time.Unix(seconds, nanos).UTC()
		f.Device, f.Inode = uint64(device), uint64(inode)
		if f.State > store.FileInDoubt {
			return bad(row, "file facts", fmt.Errorf("unknown state %d", f.State))
		}
		if f.Maker > store.MadeByUs {
			return bad(row, "file facts", fmt.Errorf("unknown maker %d", f.Maker))
		}
		row.Files = append(row.Files, f)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return bad(row, "file facts", row.Shape().FitsFiles(row.Files))
}

func readAnnounce(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	var text string
	err := tx.QueryRowContext(ctx, "SELECT state FROM announces WHERE torrent = ?", row.ID).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return bad(row, "announce state", json.Unmarshal([]byte(text), &row.Announce))
}

// bad says that a field of the row cannot be read back; nil stays nil.
func bad(row *store.Row, field string, err error) error {
	if err == nil {
		return nil
	}
	return &store.BadRowError{ID: row.ID, Field: field, Err: err}
}
