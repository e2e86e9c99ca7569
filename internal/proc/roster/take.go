package roster

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/etorrent/etorrent/internal/core/names"
	"github.com/etorrent/etorrent/internal/leaf/ring"
	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/metainfo"
)

// take takes the right to run a torrent and returns its entry, with a row that
// says what was asked.
func (x *process) take(a Add, hash [20]byte) (*entry, error) {
	ctx, rows := x.p.Context(), x.r.cfg.Rows
	hold, err := rows.Hold(ctx, calls.RosterHold, store.Key(hash), x.r.cfg.Owner)
	if err != nil {
		return nil, err
	}
	id, err := x.row(ctx, a, hash)
	if err != nil {
		_ = rows.Release(ctx, calls.RosterRelease, hold)
		return nil, err
	}
	var kept *store.Row
	epoch, err := rows.Own(ctx, calls.RosterOwn, id, x.r.cfg.Owner)
	if err == nil {
		kept, err = x.settings(ctx, a, id, epoch)
	}
	if err != nil {
		_ = rows.Release(ctx, calls.RosterRelease, hold)
		return nil, err
	}
	t := torrent.New(x.r.cfg.Env(id), id, epoch, a.Options)
	t.SetLimits(kept.Settings.Limits)
	if a.Options.Tiers == nil && a.Options.Trackers == torrent.AllTrackers {
		t.RestoreTrackers(kept.Settings.Trackers)
	}
	return &entry{id: id, hash: hash, hold: hold, running: Running{Torrent: t, Metainfo: a.Metainfo, Paths: kept.FileMap}}, nil
}

// row returns the row of the torrent, made if there is none.
func (x *process) row(ctx context.Context, a Add, hash [20]byte) (ident.TorrentID, error) {
	rows := x.r.cfg.Rows
	id, err := rows.FindByKey(ctx, calls.RosterFindRow, store.Key(hash))
	var none *store.NoKeyError
	if err == nil || !errors.As(err, &none) {
		return id, err
	}
	fileMap, err := x.fileMap(a.Metainfo)
	if err != nil {
		return 0, err
	}
	row := &store.Row{
		Keys: store.Keys{V1: hash}, Name: a.Metainfo.Name, Metainfo: a.Metainfo.Raw,
		Pieces: a.Metainfo.PieceCount(), FileMap: fileMap, Added: x.r.cfg.Clock.Wall(),
		Settings: store.Settings{Dir: a.Dir, Priorities: a.Priorities, Trackers: torrent.KeptTiers(a.Options.Tiers)},
	}
	_, _ = rand.Read(row.Token[:])
	id, err = rows.Insert(ctx, calls.RosterInsert, row)
	var exists *store.ExistsError
	if errors.As(err, &exists) {
		return exists.ID, nil
	}
	return id, err
}

// settings brings the row's settings in line with what is asked now, and returns
// the row as it was. In another folder nothing of what is claimed lies there.
func (x *process) settings(ctx context.Context, a Add, id ident.TorrentID, epoch store.Epoch) (*store.Row, error) {
	rows := x.r.cfg.Rows
	row, err := rows.Get(ctx, calls.RosterGetRow, id)
	if err != nil {
		return nil, err
	}
	want := row.Settings
	want.Dir = a.Dir
	if a.Priorities != nil {
		want.Priorities = a.Priorities
	}
	if a.Options.Tiers != nil {
		want.Trackers = torrent.KeptTiers(a.Options.Tiers)
	}
	if row.Settings.Dir != want.Dir {
		u := store.UnclaimUpdate{ID: id, Epoch: epoch, Remove: row.Claims.Held(row.Pieces), Reason: store.LossMoved}
		if err := rows.Unclaim(ctx, calls.RosterUnclaim, u); err != nil {
			return nil, err
		}
	}
	return row, rows.SaveSettings(ctx, calls.RosterSaveSettings, store.SettingsUpdate{ID: id, Epoch: epoch, Settings: want})
}

// fileMap decides where the torrent's files lie, once for all, and tells of the
// names that had to be changed and of the links that lead to nothing of it.
func (x *process) fileMap(m *metainfo.Torrent) (store.FileMap, error) {
	decided, changed, err := names.Decide(names.ContentOf(m), x.r.cfg.Names)
	if err != nil {
		return nil, err
	}
	_, lost := names.ViewLinks(m.Files, decided.Paths)
	for _, r := range names.OfStored(changed, lost) {
		x.warn(m, &RenamedError{Renaming: r})
	}
	for _, l := range lost {
		x.warn(m, &LostLinkError{Link: l})
	}
	return store.FileMap(decided.Paths), nil
}

// RenamedError says that a file is stored under another name than the torrent
// gives it.
type RenamedError struct{ Renaming names.Renaming }

// Error tells both names; it is safe to print.
func (e *RenamedError) Error() string { return "stored under a safe name: " + e.Renaming.String() }

// LostLinkError says that a symbolic link of the torrent is left out.
type LostLinkError struct{ Link names.LostLink }

// Error tells the link, its target and the reason; it is safe to print.
func (e *LostLinkError) Error() string { return "symbolic link left out: " + e.Link.String() }

func (x *process) warn(m *metainfo.Torrent, err error) {
	at := x.r.cfg.Clock.Wall()
	x.r.cfg.Events.Append(func(rev ring.Revision) event.Event {
		return event.Warning{Head: event.Head{At: at, Revision: event.Revision(rev), InfoHash: m.ID().V1}, Err: err}
	})
}
