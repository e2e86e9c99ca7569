package torrent

import (
	"context"

	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
)

// Discard deletes what a torrent that does not run made of its files, but for what is
// in other use; see disk.Set.
func Discard(ctx context.Context, disks *disk.Set, row *store.Row, others disk.Uses) error {
	l, err := newLayout(row)
	if err != nil {
		return err
	}
	return disks.Discard(ctx, storage.Spec{
		Name: l.meta.Name, Geometry: l.geometry, Dir: row.Settings.Dir, Files: l.files,
		Parts: storage.PartsName(l.meta.ID().V1.String()),
	}, row.Files, others)
}
