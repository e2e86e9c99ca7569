package etorrent

import (
	"context"

	"github.com/etorrent/etorrent/internal/proc/torrent"
)

// Goals say when a torrent was shared enough, and what happens then. The first that is
// met ends it: a ratio of what was given to others since Add, also while the torrent was
// fetched, to what is stored of the wanted files; or a time for which it is Sharing, in
// which pauses do not count. Zero Goals never end it. They are not kept in the State:
// each Add names them anew.
type Goals = torrent.Goals

// WhenMet is what happens to a torrent whose goals are met.
type WhenMet = torrent.Then

// A torrent that was shared enough goes on until it is retired, or is retired in order,
// as Retire does it.
const (
	GoOnWhenMet   = torrent.GoOn
	RetireWhenMet = torrent.Retire
)

// GoalsState says how far a torrent is from its goals.
type GoalsState = torrent.GoalsState

// The states: there are no goals; none of them is met; the one that was met first. What
// is met stays so until the goals are others.
const (
	NoGoals     = torrent.NoGoals
	GoalsAhead  = torrent.GoalsAhead
	RatioMet    = torrent.RatioMet
	SeedTimeMet = torrent.SeedTimeMet
)

// WithGoals says when the torrent was shared enough. Goals below 0, and a ratio that is
// no number, make Add fail.
func WithGoals(g Goals) AddOption {
	return func(o *addOptions) {
		if err := g.Check(); err != nil {
			o.refuse(err)
		}
		o.goals = g
	}
}

// SetGoals has other goals count at once. What was given to others before, and the time
// for which it was shared, count for them too. GoalsMetEvent comes again if they are met.
func (t *Torrent) SetGoals(ctx context.Context, g Goals) error {
	return t.ask(ctx, torrent.Ask{Goals: &g})
}
