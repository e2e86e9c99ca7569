package library_test

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/etorrent/etorrent/state"
	"github.com/etorrent/etorrent/statetest"
)

// rows is a State from nothing, as somebody else writes one.
type rows struct {
	mu     sync.Mutex
	closed error
	last   state.TorrentID
	all    map[state.TorrentID]*state.Row
	holds  map[state.Key]string // owners
}

func newRows() *rows {
	return &rows{all: map[state.TorrentID]*state.Row{}, holds: map[state.Key]string{}}
}

// enter locks, if the state is open and ctx too.
func (r *rows) enter(ctx context.Context) error {
	r.mu.Lock()
	err := ctx.Err()
	if err == nil {
		err = r.closed
	}
	if err != nil {
		r.mu.Unlock()
	}
	return err
}

// with is the row that has one of the keys; nil if none has.
func (r *rows) with(keys ...state.Key) *state.Row {
	for _, row := range r.all {
		if slices.ContainsFunc(row.Keys.Wire(), func(k state.Key) bool { return slices.Contains(keys, k) }) {
			return row
		}
	}
	return nil
}

func (r *rows) Insert(ctx context.Context, row *state.Row) (state.TorrentID, error) {
	if err := r.enter(ctx); err != nil {
		return 0, err
	}
	defer r.mu.Unlock()
	own, err := state.Admit(row)
	if err != nil {
		return 0, err
	}
	if had := r.with(own.Keys.Wire()...); had != nil {
		if had.Token == row.Token && had.Token != (state.Token{}) {
			return had.ID, nil
		}
		return 0, &state.ExistsError{ID: had.ID}
	}
	r.last++
	own.ID = r.last
	r.all[own.ID] = own
	return own.ID, nil
}

func (r *rows) Get(ctx context.Context, id state.TorrentID) (*state.Row, error) {
	if err := r.enter(ctx); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	if row := r.all[id]; row != nil {
		return row.Clone(), nil
	}
	return nil, &state.NotFoundError{ID: id}
}

func (r *rows) FindByKey(ctx context.Context, key state.Key) (state.TorrentID, error) {
	if err := r.enter(ctx); err != nil {
		return 0, err
	}
	defer r.mu.Unlock()
	if row := r.with(key); row != nil {
		return row.ID, nil
	}
	return 0, &state.NoKeyError{Key: key}
}

func (r *rows) List(ctx context.Context, after state.TorrentID, limit int) (out []state.Summary, err error) {
	if err := r.enter(ctx); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	for id := after + 1; id <= r.last && len(out) < limit; id++ {
		if row := r.all[id]; row != nil {
			out = append(out, row.Summary())
		}
	}
	return out, nil
}

func (r *rows) Delete(ctx context.Context, id state.TorrentID) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.mu.Unlock()
	delete(r.all, id)
	return nil
}

func (r *rows) Own(ctx context.Context, id state.TorrentID, owner string) (state.Epoch, error) {
	if err := r.enter(ctx); err != nil {
		return 0, err
	}
	defer r.mu.Unlock()
	row := r.all[id]
	if row == nil {
		return 0, &state.NotFoundError{ID: id}
	}
	row.Owner = owner
	row.Epoch++
	return row.Epoch, nil
}

// change puts what alter makes of a copy in the place of a row.
func (r *rows) change(ctx context.Context, id state.TorrentID, epoch state.Epoch, alter func(*state.Row) error) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.mu.Unlock()
	row := r.all[id]
	if row == nil {
		return &state.NotFoundError{ID: id}
	}
	if err := state.Fence(id, epoch, row.Epoch, row.Owner); err != nil {
		return err
	}
	row = row.Clone()
	if err := alter(row); err != nil {
		return err
	}
	r.all[id] = row
	return nil
}

func (r *rows) Learn(ctx context.Context, u state.MetadataUpdate) error {
	return r.change(ctx, u.ID, u.Epoch, func(row *state.Row) error {
		learned, err := row.Learned(&u)
		if err != nil {
			return err
		}
		for _, k := range learned.Keys.Wire() {
			if other := r.with(k); other != nil && other.ID != row.ID {
				return &state.ExistsError{ID: other.ID}
			}
		}
		*row = *learned
		return nil
	})
}

func (r *rows) Claim(ctx context.Context, u state.ClaimUpdate) error {
	return r.change(ctx, u.ID, u.Epoch, func(row *state.Row) error { return row.Claim(&u) })
}

func (r *rows) ClaimAll(ctx context.Context, us []state.ClaimUpdate) (errs []error) {
	for _, u := range us {
		errs = append(errs, r.Claim(ctx, u))
	}
	return errs
}

func (r *rows) Unclaim(ctx context.Context, u state.UnclaimUpdate) error {
	return r.change(ctx, u.ID, u.Epoch, func(row *state.Row) error {
		if err := row.Shape().FitsSet("claims", u.Remove); err != nil {
			return err
		}
		claims, went := row.Claims.Shrunk(row.Pieces, u.Remove)
		if went > 0 {
			row.Claims, row.Lost = claims, state.Loss{Reason: u.Reason, Pieces: went}
		}
		return nil
	})
}

func (r *rows) MarkFiles(ctx context.Context, u state.FilesUpdate) error {
	return r.change(ctx, u.ID, u.Epoch, func(row *state.Row) error {
		if err := row.Shape().FitsFiles(u.Files); err != nil {
			return err
		}
		row.Files = state.MergeFiles(row.Files, u.Files)
		return nil
	})
}

func (r *rows) SaveCounters(ctx context.Context, u state.CountersUpdate) error {
	return r.change(ctx, u.ID, u.Epoch, func(row *state.Row) error {
		row.Counters = row.Counters.Raised(u.Counters)
		return nil
	})
}

func (r *rows) SaveAnnounces(ctx context.Context, us []state.AnnounceUpdate) (errs []error) {
	for _, u := range us {
		errs = append(errs, r.change(ctx, u.ID, u.Epoch, func(row *state.Row) error {
			row.Announce = u.Announce.Clone()
			row.Announce.At = state.Wall(row.Announce.At)
			return nil
		}))
	}
	return errs
}

func (r *rows) SaveSettings(ctx context.Context, u state.SettingsUpdate) error {
	return r.change(ctx, u.ID, u.Epoch, func(row *state.Row) error {
		if row.Settings.Dir != u.Settings.Dir {
			row.Files, row.Partials = nil, nil
		}
		row.Settings = u.Settings.Clone()
		return nil
	})
}

func (r *rows) Hold(ctx context.Context, key state.Key, owner string) (state.Hold, error) {
	if err := r.enter(ctx); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	if by, held := r.holds[key]; held && by != owner {
		return nil, &state.HeldError{Key: key, PID: os.Getpid()}
	}
	r.holds[key] = owner
	return hold{r, key, owner}, nil
}

func (r *rows) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = state.ErrClosed
	clear(r.holds)
	return nil
}

// hold is the right to run one torrent.
type hold struct {
	of    *rows
	key   state.Key
	owner string
}

func (h hold) Release() error {
	h.of.mu.Lock()
	defer h.of.mu.Unlock()
	if h.of.holds[h.key] == h.owner {
		delete(h.of.holds, h.key)
	}
	return nil
}

func TestAStateOfSomebodyElsesKeepsThePromises(t *testing.T) {
	statetest.Run(t, func(*testing.T) state.Driver { return newRows() })
}
