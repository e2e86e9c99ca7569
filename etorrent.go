// Package etorrent is a BitTorrent client as a library: a supervised engine that
// fetches and shares torrents, and never claims what is not on disk.
//
// Every client is a client and a server at once, every peer is a process of its
// own, and a crash of one disturbs no other. A piece is verified when its hash is
// right, written when it is in the file, and durable when it is synced and the
// state claims it: only then does it count as stored.
//
// The library has no globals, prints nothing, and several Clients may live in
// one program.
package etorrent

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"

	"github.com/etorrent/etorrent/internal/proc/client"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/metainfo"
	"github.com/etorrent/etorrent/sup"
)

// Version is the version of this library and its program.
const Version = "0.1.0"

// Client is one engine. Its methods may be called from everywhere at once.
type Client struct {
	engine *client.Client
	dir    string
}

// New starts a client. ctx bounds the start only. What the environment does not
// allow yet, such as a taken port, is no error: the client starts degraded and
// tries again.
func New(ctx context.Context, o Options) (*Client, error) {
	shares := client.Divide(client.Descriptors())
	if o.Storage == nil {
		o.Storage = NewFileStorage(shares.Files)
	}
	if o.State == nil {
		o.State = NewMemoryState()
	}
	if o.Listen == nil {
		o.Listen = []string{":0"}
	}
	engine, err := client.Start(ctx, client.Config{
		Storage: o.Storage, Rows: o.State, Network: o.Network, DSCP: o.DSCP, Clock: o.Clock, Transport: o.Transport,
		Shares: shares, Peers: o.Limits.peers(),
		Listen: o.Listen, Ports: o.Ports, Down: o.Limits.Down, Up: o.Limits.Up,
		Filter: o.Filter, Hook: o.Hook, Logger: o.Logger, Random: o.RandomSeed, Version: Version,
	})
	if err != nil {
		return nil, err
	}
	return &Client{engine: engine, dir: o.Dir}, nil
}

// Add makes the client run a torrent. A torrent that it runs already is
// returned together with an error that is ErrExists; another program that runs
// it on the same state is a *HeldError.
func (c *Client) Add(ctx context.Context, s Source, o ...AddOption) (*Torrent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s == nil {
		return nil, sourceError(errors.New("there is none"))
	}
	meta, err := s.metainfo(ctx)
	if err != nil {
		return nil, err
	}
	opts := addOptions{dir: c.dir}
	for _, option := range o {
		option(&opts)
	}
	if opts.err != nil {
		return nil, opts.err
	}
	req := client.AddRequest{
		Metainfo: meta, Dir: opts.dir, Priorities: opts.priorities,
		Options: torrent.Options{Existing: opts.existing, Peers: opts.peers, Names: opts.names, Allocate: opts.allocate, Picker: opts.picker, Choker: opts.choker, Announce: meta.Announce, Tiers: opts.tiers, Trackers: opts.trackers},
	}
	req.Options.Seeding, req.Options.Goals = opts.seeding, opts.goals
	if opts.serveOnly == shareOnly {
		req.Options.ReadOnly = torrent.ServeOnly
	}
	r, err := c.engine.Add(ctx, req)
	if r.Torrent == nil {
		return nil, c.told(ctx, err)
	}
	return c.handle(r), err
}

// handle is a torrent as a host has it.
func (c *Client) handle(r client.Running) *Torrent {
	return &Torrent{t: r.Torrent, c: c, meta: r.Metainfo, paths: r.Paths}
}

// told is an error of a client, or why it lives no more.
func (c *Client) told(ctx context.Context, err error) error {
	var down *sup.DownError
	if !errors.As(err, &down) || ctx.Err() != nil {
		return err
	}
	select {
	case <-c.Done():
		if crash := c.Err(); crash != nil {
			return crash
		}
		return ErrStopped
	default:
		return err
	}
}

// ErrUnknown is the answer of Torrent for one that does not run.
var ErrUnknown = errors.New("no such torrent runs")

// Torrent returns the torrent that the ID names, by its info-hash of either version. The
// error is ErrUnknown.
func (c *Client) Torrent(id ID) (*Torrent, error) {
	for _, r := range c.engine.Running() {
		if r.Metainfo.ID().View(id) == metainfo.SameTorrent {
			return c.handle(r), nil
		}
	}
	return nil, ErrUnknown
}

// Torrents yields the torrents that run now.
func (c *Client) Torrents() iter.Seq[*Torrent] {
	return func(yield func(*Torrent) bool) {
		for _, r := range c.engine.Running() {
			if !yield(c.handle(r)) {
				return
			}
		}
	}
}

// Addrs are the addresses that the client accepts connections on now.
func (c *Client) Addrs() []netip.AddrPort { return c.engine.Addrs() }

// Listening returns the addresses once every listener has one. The error is the
// context's, joined with why a listener has none.
func (c *Client) Listening(ctx context.Context) ([]netip.AddrPort, error) {
	return c.engine.Listening(ctx)
}

// SetFilter changes Options.Filter at once: connections end whose address it blocks.
// Nil lets everybody pass.
func (c *Client) SetFilter(f *Filter) { c.engine.SetFilter(f) }

// Tree is the live tree of processes.
func (c *Client) Tree() sup.Snapshot { return c.engine.Tree() }

// Kill kills one process of Tree, by its path, such as
// "client/torrents/pool/torrent[1]/control": its context is cancelled, what it has
// open is closed, and it panics where it next receives a message. Its supervisor does
// what it does after any crash. Kill does not wait for that. It is for demonstrations
// and lectures; ARCHITECTURE.md says what the crash of each kind may disturb. The
// error is a *sup.UnkillableError.
func (c *Client) Kill(path string) error { return c.engine.Kill(path) }

// Shutdown stops the client in order: connections end, partial pieces are
// written, what is written is synced and claimed, files are closed. If ctx ends
// first the client goes on stopping and the error is the context's. It may be
// called more than once.
func (c *Client) Shutdown(ctx context.Context) error { return c.engine.Stop(ctx) }

// Close stops the client at once: what is not durable yet is fetched again next
// time.
func (c *Client) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := c.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Done is closed when the client has stopped, by Shutdown or because its root
// gave up; Err says which.
func (c *Client) Done() <-chan struct{} { return c.engine.Done() }

// Err is nil while the client lives and after Shutdown, and a *CrashError after
// its root gave up.
func (c *Client) Err() error {
	if err := c.engine.Err(); err != nil {
		return &CrashError{Err: err}
	}
	return nil
}

// CrashError says that the engine could not be kept alive; the host program
// lives on. Err is a *sup.EscalatedError.
type CrashError struct{ Err error }

// Error tells what gave up.
func (e *CrashError) Error() string { return fmt.Sprintf("the engine gave up: %v", e.Err) }

// Unwrap returns the escalation.
func (e *CrashError) Unwrap() error { return e.Err }

// ErrExists is the answer of Add for a torrent that runs already.
var ErrExists = client.ErrExists

// HeldError says that another program runs the torrent on the same state.
type HeldError = store.HeldError

// StorageError is what went wrong with a file.
type StorageError = storage.Error

// ConflictError says that a file lies there which is not ours to write over.
type ConflictError = torrent.OverwriteError

// LongerFileError is the Err of a WarningEvent: a file has bytes behind those of
// the torrent, which are left alone.
type LongerFileError = torrent.LongerFileError

// LookupError is the Err of a WarningEvent: a peer's host could not be found by its
// name, and is looked up again.
type LookupError = torrent.LookupError

// Metainfo is a parsed .torrent.
type Metainfo = metainfo.Torrent
