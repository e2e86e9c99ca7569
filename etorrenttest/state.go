package etorrenttest

import (
	"context"
	"errors"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/internal/store"
)

// State keeps in memory what clients remember of their torrents, from one client
// to the next.
type State struct{ rows etorrent.State }

// NewState returns a State that remembers nothing yet.
func NewState() *State { return &State{rows: etorrent.NewMemoryState()} }

// Open returns the state for one client's Options. Close, which the client
// calls, ends its holds and keeps the rows for the next.
func (s *State) Open() etorrent.State { return &session{State: s.rows} }

// session is the state in the hands of one client. It has one user at a time:
// the store process, and after it whoever closes it.
type session struct {
	etorrent.State
	holds []store.Hold
}

// Hold takes the right to run a torrent, until Close at the longest.
func (s *session) Hold(ctx context.Context, key store.Key, owner string) (store.Hold, error) {
	h, err := s.State.Hold(ctx, key, owner)
	if err == nil {
		s.holds = append(s.holds, h)
	}
	return h, err
}

// Close releases every hold.
func (s *session) Close() error {
	var errs []error
	for _, h := range s.holds {
		errs = append(errs, h.Release())
	}
	s.holds = nil
	return errors.Join(errs...)
}
