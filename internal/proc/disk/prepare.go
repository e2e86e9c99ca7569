package disk

import (
	"context"
	"errors"
	"slices"

	"github.com/etorrent/etorrent/internal/storage"
)

// prepared is what became of the files that are to be there.
type prepared struct {
	made    int                 // files that were absent; links do not count
	known   []storage.FileFacts // how all files are known to look then
	refused []storage.FileFault // links that were left out
}

// prepareFiles makes the absent files, and then the links.
func prepareFiles(ctx context.Context, req OpenRequest, st storage.Store, known []storage.FileFacts) (prepared, error) {
	out := prepared{known: known}
	if req.Spec.Access == storage.ReadOnly {
		return out, nil
	}
	files, links := apart(req)
	made, err := makeFiles(ctx, req, st, files, known)
	if err == nil {
		out.refused, err = makeLinks(ctx, st, links)
	}
	if len(made) == 0 {
		return out, err
	}
	out.made = len(made)
	now, examineErr := st.Examine(ctx)
	if examineErr != nil {
		return out, errors.Join(err, examineErr)
	}
	out.known = slices.Clone(known) // jobs that are under way have the old ones
	for _, i := range made {
		out.known[i] = now[i]
		if bad, is := now[i].(storage.Unusable); is {
			err = errors.Join(err, bad.Err) // the row could not know it for ours
		}
	}
	return out, err
}

// prepareLate is prepareFiles for a torrent that is open for a while: files may have
// grown since they were judged.
func prepareLate(ctx context.Context, req OpenRequest, st storage.Store, known []storage.FileFacts) (prepared, error) {
	if req.Spec.Access == storage.ReadOnly {
		return prepared{known: known}, nil
	}
	now, err := st.Examine(ctx)
	if err == nil {
		err = viewVolume(req, st, now)
	}
	if err != nil {
		return prepared{known: known}, err
	}
	return prepareFiles(ctx, req, st, known)
}

// makeFiles makes files that must exist, and lets those that share pieces with them
// lie in the parts file, where the store has one. It returns the files whose facts
// are others now.
func makeFiles(ctx context.Context, req OpenRequest, st storage.Store, files []int, known []storage.FileFacts) ([]int, error) {
	keeper, can := st.(storage.Keeper)
	if !can {
		return st.Prepare(ctx, slices.Concat(files, req.Edges))
	}
	var lacking []int
	for _, i := range req.Edges {
		if isKept(known[i], req.Spec.Files[i].Length) == notKept {
			lacking = append(lacking, i)
		}
	}
	made, err := st.Prepare(ctx, files)
	if err == nil {
		err = keeper.KeepParts(ctx, lacking)
	}
	return append(made, lacking...), err
}

// keeping says whether a file has a place for its edges.
type keeping uint8

const (
	kept keeping = iota
	notKept
)

// isKept looks at a file that need not exist: neither it nor room for it in the
// parts file may be there.
func isKept(f storage.FileFacts, length int64) keeping {
	switch f := f.(type) {
	case storage.Absent:
		return notKept
	case storage.Present:
		if f.Home == storage.InParts && f.Size < length {
			return notKept
		}
	case storage.Unusable, storage.Virtual:
	}
	return kept
}

// apart parts the links that are to be there from the files.
func apart(req OpenRequest) (files, links []int) {
	for _, i := range req.Prepare {
		if req.Spec.Files[i].Role == storage.Link {
			links = append(links, i)
			continue
		}
		files = append(files, i)
	}
	return files, links
}

// makeLinks makes links behind all files, so that no file is made through one.
func makeLinks(ctx context.Context, st storage.Store, links []int) ([]storage.FileFault, error) {
	linker, can := st.(storage.Linker)
	if !can || len(links) == 0 {
		return nil, nil
	}
	return linker.Link(ctx, links)
}

// tellRefused reports the links that were left out.
func (x *process) tellRefused(t *open, refused []storage.FileFault) {
	if len(refused) > 0 {
		x.report(t.id, LinksRefused{First: refused[0].Err, Others: len(refused) - 1})
	}
}
