package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// fenced reads the head of a row that a write with this epoch may change.
func fenced(ctx context.Context, tx *sql.Tx, id ident.TorrentID, epoch store.Epoch) (*head, error) {
	h, err := readHead(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return h, store.Fence(id, epoch, store.Epoch(h.epoch), h.owner)
}

func (h *head) shape() store.Shape {
	return store.Shape{ID: ident.TorrentID(h.id), Pieces: h.pieces, Files: h.files}
}

// Claim implements store.Driver.
func (d *Driver) Claim(ctx context.Context, u store.ClaimUpdate) error {
	return d.ClaimAll(ctx, []store.ClaimUpdate{u})[0]
}

// ClaimAll implements store.Driver.
func (d *Driver) ClaimAll(ctx context.Context, us []store.ClaimUpdate) []error {
	return d.writeEach(ctx, "claim", len(us), func(tx *sql.Tx, i int) error { return claim(ctx, tx, &us[i]) })
}

// writeEach does n updates in one transaction. What refuses one of them has to be
// found before it writes anything, so that the others stand.
func (d *Driver) writeEach(ctx context.Context, op string, n int, update func(tx *sql.Tx, i int) error) []error {
	errs := make([]error, n)
	if n == 0 {
		return errs
	}
	err := d.write(ctx, op, func(tx *sql.Tx) error {
		for i := range errs {
			errs[i] = update(tx, i)
			if errs[i] != nil && !refusal(errs[i]) {
				return errs[i]
			}
		}
		return nil
	})
	if err != nil {
		for i := range errs {
			if !refusal(errs[i]) {
				errs[i] = err
			}
		}
	}
	return errs
}

// refusal says whether err is about one row, with nothing written.
func refusal(err error) bool {
	var corrupt *store.CorruptError
	return isStores(err) && !errors.As(err, &corrupt)
}

func claim(ctx context.Context, tx *sql.Tx, u *store.ClaimUpdate) error {
	h, err := fenced(ctx, tx, u.ID, u.Epoch)
	if err != nil {
		return err
	}
	if err := h.shape().FitsClaim(u); err != nil {
		return err
	}
	row, err := h.claimable(ctx, tx, u)
	if err != nil {
		return err
	}
	if u.Add != nil {
		row.Claims = row.Claims.Grown(row.Pieces, u.Add, u.Origin)
		err = writeClaims(ctx, tx, row)
	}
	if err == nil && (u.Add != nil || u.Partials != nil) {
		row.Partials = row.Partials.Without(row.Claims.Held(row.Pieces))
		err = writePartials(ctx, tx, row)
	}
	if err == nil {
		err = putFiles(ctx, tx, u.ID, u.Files)
	}
	if err == nil {
		err = raise(ctx, tx, u)
	}
	return err
}

// claimable reads what the update changes of the row.
func (h *head) claimable(ctx context.Context, tx *sql.Tx, u *store.ClaimUpdate) (*store.Row, error) {
	row := &store.Row{ID: u.ID, Pieces: h.pieces}
	if u.Add == nil && u.Partials == nil {
		return row, nil
	}
	if err := store.FitsPieces(row.ID, h.pieces); err != nil {
		return nil, h.bad("pieces", err)
	}
	if err := readClaims(ctx, tx, row); err != nil {
		return nil, err
	}
	if u.Partials != nil {
		row.Partials = *u.Partials
		return row, nil
	}
	return row, readPartials(ctx, tx, row)
}

// raise sets the counters and the completion; zeros change nothing.
func raise(ctx context.Context, tx *sql.Tx, u *store.ClaimUpdate) error {
	c := store.Counters{}.Raised(u.Counters)
	if c == (store.Counters{}) && u.Completed.IsZero() {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE torrents SET uploaded = max(uploaded, ?), downloaded = max(downloaded, ?),
		seeding = max(seeding, ?), completed = coalesce(completed, ?) WHERE id = ?`,
		c.Uploaded, c.Downloaded, int64(c.Seeding/time.Second), putTime(u.Completed), u.ID)
	return err
}

// writeClaims replaces the claims of the row and their number.
func writeClaims(ctx context.Context, tx *sql.Tx, row *store.Row) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM claims WHERE torrent = ?", row.ID); err != nil {
		return err
	}
	if err := writeClaim(ctx, tx, row, store.TrustedClaim{Pieces: row.Claims.Checked}); err != nil {
		return err
	}
	for _, t := range row.Claims.Trusted {
		if err := writeClaim(ctx, tx, row, t); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, "UPDATE torrents SET claimed = ? WHERE id = ?", row.Claims.Count(), row.ID)
	return err
}

// writeClaim writes one set of the row's claims: the checked one or a trusted.
func writeClaim(ctx context.Context, tx *sql.Tx, row *store.Row, t store.TrustedClaim) error {
	if t.Pieces == nil || t.Pieces.IsEmpty() {
		return nil
	}
	origin := originTrusted
	if t.Pieces == row.Claims.Checked {
		origin = originChecked
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO claims (torrent, origin, source, pieces) VALUES (?, ?, ?, ?)",
		row.ID, origin, t.Source, store.AppendClaims(nil, t.Pieces))
	return err
}

// Unclaim implements store.Driver. Taking back all claims reads none, and so
// mends a row whose claims are damaged.
func (d *Driver) Unclaim(ctx context.Context, u store.UnclaimUpdate) error {
	return d.write(ctx, "unclaim", func(tx *sql.Tx) error {
		h, err := fenced(ctx, tx, u.ID, u.Epoch)
		if err != nil {
			return err
		}
		if err := h.shape().FitsSet("claims", u.Remove); err != nil || u.Remove == nil {
			return err
		}
		row, went := &store.Row{ID: u.ID, Pieces: h.pieces}, h.claimed
		if !u.Remove.IsFull() {
			if err := readClaims(ctx, tx, row); err != nil {
				return err
			}
			row.Claims, went = row.Claims.Shrunk(h.pieces, u.Remove)
		}
		if err := writeClaims(ctx, tx, row); err != nil || went == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE torrents SET lost_reason = ?, lost_pieces = ? WHERE id = ?", u.Reason, went, u.ID)
		return err
	})
}
