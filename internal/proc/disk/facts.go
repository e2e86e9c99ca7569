package disk

import (
	"context"
	"slices"

	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// The row must never hold facts that are newer than what this process has
// judged: a file that somebody changed meanwhile would look as if we had left it
// so, and nothing would ask for a check. So the facts are those of the last
// judgement, but for files that we wrote, whose size and time are ours to tell.

// cleanFacts are the facts of files that were not written, as they were judged;
// those of the unproven pieces are left out until they are proven.
func cleanFacts(known []storage.FileFacts, unproven []int) []store.FileFacts {
	return rowFacts(known, store.FileClean, unproven)
}

// leftFacts are the facts of files that were written, as they look after the
// last write. One that is another file now keeps the facts that it has, so that
// the next open sees the difference.
func leftFacts(ctx context.Context, files storage.Store, known []storage.FileFacts, unproven []int) ([]store.FileFacts, error) {
	now, err := files.Examine(ctx)
	if err != nil {
		return nil, err
	}
	for i := range now {
		before, knew := known[i].(storage.Present)
		after, there := now[i].(storage.Present)
		if !knew || !there || before.Inode != after.Inode || before.Device != after.Device || after.Size < before.Size {
			unproven = append(unproven, i)
		}
	}
	return rowFacts(now, store.FileClean, unproven), nil
}

// unprovenFiles are the files of pieces whose check is not over.
func unprovenFiles(t *open, pieces *pieceset.Set) []int {
	if pieces == nil || pieces.IsEmpty() {
		return nil
	}
	return slices.Collect(t.req.Spec.FilesOf(pieces))
}

// rowFacts turns facts into what the row keeps.
func rowFacts(facts []storage.FileFacts, state store.FileState, without []int) []store.FileFacts {
	var out []store.FileFacts
	for i, f := range facts {
		if p, there := f.(storage.Present); there && !slices.Contains(without, i) {
			out = append(out, store.FileFacts{
				File: i, Size: p.Size, ModTime: p.ModTime, Device: p.Device, Inode: p.Inode, State: state,
			})
		}
	}
	return out
}

// longerFiles are those with more bytes than the torrent has for them.
func longerFiles(spec storage.Spec, known []storage.FileFacts) []LongerFile {
	var out []LongerFile
	for i, f := range known {
		if p, there := f.(storage.Present); there && p.Size > spec.Files[i].Length {
			out = append(out, LongerFile{File: i, Size: p.Size})
		}
	}
	return out
}

// markFiles keeps facts in the row. A crash of the store is waited out: it is no
// reason to pause.
func markFiles(ctx context.Context, t *open, rows *store.Service, facts []store.FileFacts) error {
	if len(facts) == 0 {
		return nil
	}
	return calls.Repeat(func() error {
		return rows.MarkFiles(ctx, calls.DiskMarkFiles, store.FilesUpdate{ID: t.id, Epoch: t.req.Epoch, Files: facts})
	})
}
