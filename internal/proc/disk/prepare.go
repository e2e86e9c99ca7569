package disk

import (
	"context"
	"errors"
	"slices"

	"github.com/etorrent/etorrent/internal/storage"
)

// prepared is what became of the files that are to be there.
type prepared struct {
	made    map[int]storage.FileFacts // how those look that were absent, whoever made them; links do not count
	refused []storage.FileFault       // links that were left out
}

// prepareFiles makes the absent files, and then the links. A file that was known to
// be there was taken away since, and what is known of it stays: so it differs when
// the torrent is opened next.
func prepareFiles(ctx context.Context, req OpenRequest, st storage.Store, known []storage.FileFacts) (prepared, error) {
	var out prepared
	if req.Spec.Access == storage.ReadOnly {
		return out, nil
	}
	files, links := apart(req)
	made, err := makeFiles(ctx, req, st, files, known)
	if err == nil {
		out.refused, err = makeLinks(ctx, st, links)
	}
	found := slices.DeleteFunc(absentOf(known, files), func(i int) bool { return slices.Contains(made, i) })
	if len(made)+len(found) == 0 {
		return out, err
	}
	now, examineErr := st.Examine(ctx)
	if examineErr != nil {
		return out, errors.Join(err, examineErr)
	}
	out.made = map[int]storage.FileFacts{}
	for _, i := range made {
		if was, there := known[i].(storage.Present); there && was.Home == storage.InPlace {
			err = errors.Join(err, &storage.Error{Op: "prepare", Path: req.Spec.Path(i), Err: storage.ErrRemoved})
			continue
		}
		out.made[i] = madeByUs(now[i])
		if bad, is := now[i].(storage.Unusable); is {
			err = errors.Join(err, bad.Err) // the row could not know it for ours
		}
	}
	for _, i := range found {
		out.made[i] = now[i]
		if p, there := now[i].(storage.Present); there && p.Size > 0 {
			err = errors.Join(err, &storage.Error{Op: "prepare", Path: req.Spec.Path(i), Err: errAppeared})
		}
	}
	return out, err
}

// absentOf are those of the files that are known to be absent.
func absentOf(known []storage.FileFacts, files []int) []int {
	var out []int
	for _, i := range files {
		if _, absent := known[i].(storage.Absent); absent {
			out = append(out, i)
		}
	}
	return out
}

// relearnt is what is known of the files with new facts of some of them.
func relearnt(known []storage.FileFacts, now map[int]storage.FileFacts) []storage.FileFacts {
	known = slices.Clone(known) // jobs that are under way have the old ones
	for i, f := range now {
		known[i] = sameMaker(known[i], f)
	}
	return known
}

// prepareLate is prepareFiles for a torrent that is open for a while: files may have
// grown since they were judged.
func prepareLate(ctx context.Context, req OpenRequest, st storage.Store, known []storage.FileFacts) (prepared, error) {
	if req.Spec.Access == storage.ReadOnly {
		return prepared{}, nil
	}
	now, err := st.Examine(ctx)
	if err == nil {
		err = viewVolume(req, st, now)
	}
	if err != nil {
		return prepared{}, err
	}
	return prepareFiles(ctx, req, st, known)
}

// makeFiles makes files that must exist, and lets those that share pieces with them
// lie in the parts file, where the store has one. It returns the files whose facts
// are others now.
func makeFiles(ctx context.Context, req OpenRequest, st storage.Store, files []int, known []storage.FileFacts) ([]int, error) {
	keeper, can := storage.As[storage.Keeper](st)
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
	linker, can := storage.As[storage.Linker](st)
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
