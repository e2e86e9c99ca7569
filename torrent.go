package etorrent

import (
	"context"
	"errors"
	"net/netip"

	"github.com/etorrent/etorrent/internal/proc/client"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/vocab/transport"
	"github.com/etorrent/etorrent/metainfo"
	"github.com/etorrent/etorrent/sup"
)

// Torrent is the handle of a torrent that a Client runs. Its methods may be
// called from everywhere at once.
type Torrent struct {
	t     *torrent.Torrent
	c     *Client
	meta  *metainfo.Torrent
	paths []string // as the files are stored, with the torrent's folder
}

// ID names the torrent.
func (t *Torrent) ID() ID { return t.meta.ID() }

// Metainfo is the torrent's description, which is known from the beginning as long as
// torrents are added by it. It must not be changed.
func (t *Torrent) Metainfo(ctx context.Context) (*Metainfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return t.meta, nil
}

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

// Status is what a torrent shows of itself.
type Status = torrent.Status

// Stats is a snapshot of a torrent. Sizes are in bytes.
type Stats struct {
	Status
	Downloaded int64 // payload received since the torrent was added to this client
	Uploaded   int64 // payload sent since then
	over       traffic
}

// Stats returns a snapshot.
func (t *Torrent) Stats() Stats {
	status, _ := t.t.Status()
	s := Stats{Status: status}
	for _, over := range transport.All {
		down, up := t.t.Tally().Over(over)
		s.over[over] = Traffic{Peers: status.PeersOver[over], Downloaded: down, Uploaded: up}
		s.Downloaded, s.Uploaded = s.Downloaded+down, s.Uploaded+up
	}
	return s
}

// AddPeers names endpoints to connect to, as long as the torrent runs. The error is
// ErrStopped, a *CrashError or the context's.
func (t *Torrent) AddPeers(ctx context.Context, peers ...netip.AddrPort) error {
	if err := t.mayTell(ctx); err != nil {
		return err
	}
	t.t.AddPeers(peers)
	return nil
}

// SetPriorities sets the priority of each file, in the torrent's order; files
// behind the end are normal.
func (t *Torrent) SetPriorities(ctx context.Context, p ...Priority) error {
	return t.ask(ctx, torrent.Ask{Priorities: append([]Priority{}, p...)})
}

// Pause ends the torrent's connections and closes its files, until Resume or until it is
// added anew. It is Paused then, without an error; who reads a file of it waits.
func (t *Torrent) Pause(ctx context.Context) error {
	return t.ask(ctx, torrent.Ask{Pause: &torrent.Pause{}})
}

// Resume lets a torrent go on that Pause stopped, and one that is Paused by a fault,
// Refused or quarantined try again at once.
func (t *Torrent) Resume(ctx context.Context) error {
	if err := t.mayTell(ctx); err != nil {
		return err
	}
	return t.told(t.c.engine.Resume(ctx, t.t))
}

// Verify begins to read and hash all that lies there anew, whatever is claimed: the
// torrent is Checking, FilesOpen is reached when it is over, and CheckedEvent tells
// what was found. What is wrong is fetched again. One that is paused does it when it
// goes on.
func (t *Torrent) Verify(ctx context.Context) error {
	return t.ask(ctx, torrent.Ask{Verify: &torrent.Verify{}})
}

// ask puts a request to the torrent. One that runs no more answers none.
func (t *Torrent) ask(ctx context.Context, a torrent.Ask) error {
	if err := t.mayTell(ctx); err != nil {
		return err
	}
	return t.told(t.c.engine.Ask(ctx, t.t, a))
}

// told is an answer's error, or that the torrent stopped before it came.
func (t *Torrent) told(err error) error {
	var down *sup.DownError
	if errors.As(err, &down) && t.mayTell(context.Background()) != nil {
		return t.gone()
	}
	return err
}

// Retire stops the torrent in order: connections end, partial pieces are written,
// what is written is synced and claimed, files are closed, and another program
// may run it. Its state is kept: Add goes on where it was. Retiring a torrent
// that does not run does nothing.
func (t *Torrent) Retire(ctx context.Context) error { return t.c.engine.Retire(ctx, t.t) }

// DataPolicy says what becomes of a torrent's files when it is removed.
type DataPolicy = client.DataPolicy

// The policies. DeleteData deletes the files that this client, or an earlier one on the
// same State, made for the torrent, and that no other torrent of the State has: no file
// that was there before, and none that another program put in the place of ours. Folders
// that become empty go too.
const (
	KeepData   = client.KeepData
	DeleteData = client.DeleteData
)

// Remove retires the torrent and forgets it: its State too. It may be called for one
// that was retired, and again after an error, which is a *StorageError for a file that
// could not be deleted and a *HeldError where another program runs the torrent.
func (t *Torrent) Remove(ctx context.Context, d DataPolicy) error {
	return t.c.told(ctx, t.c.engine.Remove(ctx, t.t, t.meta.ID().V1, d))
}
