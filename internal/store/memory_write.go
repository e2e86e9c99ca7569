package store

import (
	"context"

	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// change replaces row id by what alter makes of a copy of it, if epoch is right.
func (m *Memory) change(ctx context.Context, id ident.TorrentID, epoch Epoch, alter func(*Row) error) error {
	leave, err := m.enter(ctx)
	defer leave()
	if err != nil {
		return err
	}
	row, known := m.rows[id]
	if !known {
		return &NotFoundError{ID: id}
	}
	if err := Fence(id, epoch, row.Epoch, row.Owner); err != nil {
		return err
	}
	row = row.Clone()
	if err := alter(row); err != nil {
		return err
	}
	m.put(row)
	return nil
}

// Own implements Driver.
func (m *Memory) Own(ctx context.Context, id ident.TorrentID, owner string) (Epoch, error) {
	leave, err := m.enter(ctx)
	defer leave()
	if err != nil {
		return 0, err
	}
	row, known := m.rows[id]
	if !known {
		return 0, &NotFoundError{ID: id}
	}
	row.Owner = owner
	row.Epoch++
	return row.Epoch, nil
}

// Learn implements Driver.
func (m *Memory) Learn(ctx context.Context, u MetadataUpdate) error {
	return m.change(ctx, u.ID, u.Epoch, func(r *Row) error {
		learned, err := r.Learned(&u)
		if err != nil {
			return err
		}
		for _, k := range learned.Keys.Wire() {
			if id, known := m.keys[k]; known && id != r.ID {
				return &ExistsError{ID: id}
			}
		}
		*r = *learned
		return nil
	})
}

// Claim implements Driver.
func (m *Memory) Claim(ctx context.Context, u ClaimUpdate) error {
	return m.change(ctx, u.ID, u.Epoch, func(r *Row) error { return r.Claim(&u) })
}

// ClaimAll implements Driver.
func (m *Memory) ClaimAll(ctx context.Context, us []ClaimUpdate) []error {
	errs := make([]error, len(us))
	for i, u := range us {
		errs[i] = m.Claim(ctx, u)
	}
	return errs
}

// Unclaim implements Driver.
func (m *Memory) Unclaim(ctx context.Context, u UnclaimUpdate) error {
	return m.change(ctx, u.ID, u.Epoch, func(r *Row) error {
		if err := r.Shape().FitsSet("claims", u.Remove); err != nil {
			return err
		}
		claims, went := r.Claims.Shrunk(r.Pieces, u.Remove)
		if went > 0 {
			r.Claims, r.Lost = claims, Loss{Reason: u.Reason, Pieces: went}
		}
		return nil
	})
}

// MarkFiles implements Driver.
func (m *Memory) MarkFiles(ctx context.Context, u FilesUpdate) error {
	return m.change(ctx, u.ID, u.Epoch, func(r *Row) error {
		if err := r.Shape().FitsFiles(u.Files); err != nil {
			return err
		}
		r.Files = MergeFiles(r.Files, u.Files)
		return nil
	})
}

// SaveCounters implements Driver.
func (m *Memory) SaveCounters(ctx context.Context, u CountersUpdate) error {
	return m.change(ctx, u.ID, u.Epoch, func(r *Row) error {
		r.Counters = r.Counters.Raised(u.Counters)
		return nil
	})
}

// SaveAnnounces implements Driver.
func (m *Memory) SaveAnnounces(ctx context.Context, us []AnnounceUpdate) []error {
	errs := make([]error, len(us))
	for i, u := range us {
		errs[i] = m.change(ctx, u.ID, u.Epoch, func(r *Row) error {
			r.Announce = u.Announce.Clone()
			r.Announce.At = Wall(r.Announce.At)
			return nil
		})
	}
	return errs
}

// SaveSettings implements Driver.
func (m *Memory) SaveSettings(ctx context.Context, u SettingsUpdate) error {
	return m.change(ctx, u.ID, u.Epoch, func(r *Row) error {
		if r.Settings.Dir != u.Settings.Dir {
			r.Files, r.Partials = nil, nil
		}
		r.Settings = u.Settings.Clone()
		return nil
	})
}
