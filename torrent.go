package etorrent

import (
	"context"
	"net/netip"

	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/metainfo"
)

// Torrent is the handle of a torrent that a Client runs. Its methods may be
// called from everywhere at once.
type Torrent struct {
	t    *torrent.Torrent
	c    *Client
	meta *metainfo.Torrent
}

// ID names the torrent.
func (t *Torrent) ID() metainfo.ID { return t.meta.ID() }

// Metainfo is the torrent's description. It must not be changed.
func (t *Torrent) Metainfo() *metainfo.Torrent { return t.meta }

// Phase says what a torrent is doing.
type Phase = torrent.Phase

// The phases.
const (
	Opening  = torrent.Opening
	Checking = torrent.Checking
	Fetching = torrent.Fetching
	Sharing  = torrent.Sharing
	Paused   = torrent.Paused
	Refused  = torrent.Refused
	Retired  = torrent.Retired
)

// Stats is a snapshot of a torrent. Sizes are in bytes.
type Stats struct {
	torrent.Status
	Downloaded int64 // payload received since the torrent was added to this client
	Uploaded   int64 // payload sent since then
}

// Stats returns a snapshot.
func (t *Torrent) Stats() Stats {
	status, _ := t.t.Status()
	down, up := t.t.Tally().Read()
	return Stats{Status: status, Downloaded: down, Uploaded: up}
}

// AddPeers names endpoints to connect to.
func (t *Torrent) AddPeers(peers ...netip.AddrPort) { t.t.AddPeers(peers) }

// SetPriorities sets the priority of each file, in the torrent's order; files
// behind the end are normal.
func (t *Torrent) SetPriorities(ctx context.Context, p ...Priority) error {
	return t.c.engine.SetPriorities(ctx, t.t, p)
}

// SetRates bounds the torrent's own rates at once, in bytes per second; 0, and what
// is below, is unlimited. Those of the client hold besides. They are kept in the
// State, and hold again when the torrent is added the next time. After an error they
// hold until the torrent ends, and may not be kept.
func (t *Torrent) SetRates(ctx context.Context, down, up int64) error {
	return t.c.engine.SetTorrentRates(ctx, t.t, store.Rates{Down: max(0, down), Up: max(0, up)})
}

// Resume lets a torrent that is Paused, Refused or quarantined try again at once.
func (t *Torrent) Resume(ctx context.Context) error { return t.c.engine.Resume(ctx, t.t) }

// Retire stops the torrent in order: connections end, partial pieces are written,
// what is written is synced and claimed, files are closed, and another program
// may run it. Its state is kept: Add goes on where it was. Retiring a torrent
// that does not run does nothing.
func (t *Torrent) Retire(ctx context.Context) error { return t.c.engine.Retire(ctx, t.t) }

// Milestone is a point in a torrent's life that Wait waits for.
type Milestone uint8

// The milestones. FilesOpen: what lies there has been checked. DataStored: every
// wanted byte is durable.
const (
	FilesOpen Milestone = iota
	DataStored
)

// Wait returns when the milestone is reached. It returns early with the reason
// when the torrent is Paused or Refused, with a *CrashError when the engine gave
// up, ErrStopped when it was shut down or the torrent retired, and the context's error.
func (t *Torrent) Wait(ctx context.Context, m Milestone) error {
	for {
		s, changed := t.t.Status()
		switch s.Phase {
		case torrent.Paused, torrent.Refused:
			return s.Err
		case torrent.Retired:
			return ErrStopped
		case torrent.Sharing:
			return nil
		case torrent.Fetching:
			if m == FilesOpen {
				return nil
			}
		case torrent.Opening, torrent.Checking:
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.c.Done():
			if err := t.c.Err(); err != nil {
				return err
			}
			return ErrStopped
		case <-changed:
		}
	}
}
