package client

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// DataPolicy says what becomes of a torrent's files when it is removed.
type DataPolicy uint8

// The policies.
const (
	KeepData DataPolicy = iota
	DeleteData
)

// Remove retires a torrent, deletes its data if that is asked for, and then its row. It
// is done by whoever asks, under a hold of its own, so that nobody runs the torrent
// meanwhile; where it ends early the rest of the row is as after files were removed by
// hand, and it may be asked again.
func (c *Client) Remove(ctx context.Context, t *torrent.Torrent, key [20]byte, p DataPolicy) error {
	if err := c.Retire(ctx, t); err != nil {
		return err
	}
	hold, err := c.store.Hold(ctx, calls.RemoveHold, store.Key(key), c.owner+" removes it")
	if err != nil {
		return err
	}
	defer c.release(ctx, hold)
	row, err := c.store.Get(ctx, calls.RemoveGetRow, t.ID())
	var gone *store.NotFoundError
	if errors.As(err, &gone) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := c.store.Own(ctx, calls.RemoveOwn, row.ID, c.owner); err != nil {
		return err
	}
	if p == DeleteData {
		others, err := c.uses(ctx, row)
		if err == nil {
			err = torrent.Discard(ctx, c.disks, row, others)
		}
		if err != nil {
			return err
		}
	}
	return c.store.Delete(ctx, calls.RemoveDeleteRow, row.ID)
}

// releaseWithin bounds how long a hold is given up whose asker may be gone.
const releaseWithin = 5 * time.Second

func (c *Client) release(ctx context.Context, h store.Hold) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseWithin)
	defer cancel()
	_ = c.store.Release(ctx, calls.RemoveRelease, h) // else it ends with the program
}

// rowsAtOnce is how many rows are listed at a time.
const rowsAtOnce = 256

// uses are the files of a row that other rows have too.
func (c *Client) uses(ctx context.Context, of *store.Row) (disk.Uses, error) {
	own := ownFiles(of)
	shared := disk.Uses{Paths: map[string]struct{}{}, Nodes: map[disk.Node]struct{}{}}
	after := ident.TorrentID(0)
	for {
		list, err := c.store.List(ctx, calls.RemoveListRows, after, rowsAtOnce)
		if err != nil {
			return shared, err
		}
		for _, s := range list {
			if after = s.ID; s.ID == of.ID {
				continue
			}
			row, err := c.store.Get(ctx, calls.RemoveGetRow, s.ID)
			var gone *store.NotFoundError
			if errors.As(err, &gone) {
				continue
			}
			if err != nil {
				return shared, err
			}
			share(shared, own, ownFiles(row))
		}
		if len(list) < rowsAtOnce {
			return shared, nil
		}
	}
}

// ownFiles are the files of a row.
func ownFiles(r *store.Row) disk.Uses {
	u := disk.Uses{Paths: map[string]struct{}{}, Nodes: map[disk.Node]struct{}{}}
	for _, path := range r.FileMap {
		if path != "" {
			u.Paths[disk.AbsolutePath(filepath.Join(r.Settings.Dir, filepath.FromSlash(path)))] = struct{}{}
		}
	}
	for _, f := range r.Files {
		if f.Inode != 0 {
			u.Nodes[disk.Node{Device: f.Device, Inode: f.Inode}] = struct{}{}
		}
	}
	return u
}

// share adds to shared what two have.
func share(shared, a, b disk.Uses) {
	for path := range b.Paths {
		if _, both := a.Paths[path]; both {
			shared.Paths[path] = struct{}{}
		}
	}
	for node := range b.Nodes {
		if _, both := a.Nodes[node]; both {
			shared.Nodes[node] = struct{}{}
		}
	}
}
