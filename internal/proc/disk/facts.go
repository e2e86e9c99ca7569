package disk

import (
	"context"
	"maps"
	"slices"

	"github.com/etorrent/etorrent/internal/core/vouch"
	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// The row must never hold facts that are newer than what this process has
// judged: a file that somebody changed meanwhile would look as if we had left it
// so, and nothing would ask for a check. So the facts are those of the last
// judgement, but for files that we wrote, whose size and time are ours to tell.

// leftFiles is what is known of the files when a torrent is closed.
type leftFiles struct {
	known    []storage.FileFacts
	unproven []int          // files of pieces whose check is not over
	written  map[int]uint64 // those that we wrote since their facts were taken
	strayed  map[int]struct{}
}

// facts are what the row shall say. Of unproven files it keeps what it has; those
// that strayed are in doubt.
func (l leftFiles) facts(ctx context.Context, files storage.Store) ([]store.FileFacts, error) {
	now, err := l.lookAgain(ctx, files)
	if err != nil {
		return nil, err
	}
	strayed := maps.Clone(l.strayed)
	for i, f := range now {
		if viewChange(l.known[i], f, ourselves) != nil {
			strayed[i] = struct{}{}
		}
	}
	out := rowFacts(relearnt(l.known, now), store.FileClean, append(slices.Collect(maps.Keys(strayed)), l.unproven...))
	for i := range strayed {
		out = append(out, doubted(i, l.known[i]))
	}
	return out, nil
}

// doubted is what the row says of a file in doubt. On which volume it lay stays
// known: where that one is not mounted, nothing may be written in its place.
func doubted(i int, known storage.FileFacts) store.FileFacts {
	f := store.FileFacts{File: i, State: store.FileInDoubt}
	if p, there := known.(storage.Present); there {
		f.Device = p.Device
	}
	return f
}

// lookAgain looks at the files that we wrote. A store that cannot look at one file
// does not tell either whether it is the one that we wrote.
func (l leftFiles) lookAgain(ctx context.Context, files storage.Store) (map[int]storage.FileFacts, error) {
	now := map[int]storage.FileFacts{}
	if viewer, can := storage.As[storage.FileViewer](files); can || len(l.written) == 0 {
		for i := range l.written {
			now[i] = viewer.ViewFile(ctx, i)
		}
		return now, nil
	}
	facts, err := files.Examine(ctx)
	if err != nil {
		return nil, err
	}
	for i := range l.written {
		before, knew := l.known[i].(storage.Present)
		after, there := facts[i].(storage.Present)
		if !knew || !there || before.Inode != after.Inode || before.Device != after.Device || after.Size < before.Size {
			facts[i] = storage.Unusable{Err: storage.ErrReplaced}
		}
		now[i] = facts[i]
	}
	return now, nil
}

// foreign are the files that were there before and of which nothing is the
// torrent's, or something was not read and is not held. The row must not know them
// as they are: at the next open they would look like files that the torrent left,
// and would be written over unread.
func (t *open) foreign() []int {
	v := t.vouched
	if len(v.Strangers)+len(v.Unread) == 0 {
		return nil
	}
	held := t.core.View().Held
	var out []int
	for _, i := range v.Strangers {
		if _, found := vouch.Untouchable(t.req.Spec.Geometry, v.questions, []int{i}, held); found == vouch.NothingOfOurs {
			out = append(out, i)
		}
	}
	for _, i := range v.Unread {
		if !hasAll(&t.req.Spec, i, held) {
			out = append(out, i)
		}
	}
	return out
}

// unproven are the files of pieces whose check is not over: the next open goes on
// with it. That of a file which the device does not give whole ends where it is, or
// it would end there again and again; what was not read is fetched.
func (t *open) unproven(pieces *pieceset.Set) []int {
	return slices.DeleteFunc(filesOf(t, pieces), func(i int) bool { return slices.Contains(t.faults.damaged, i) })
}

// filesOf are the files that hold bytes of pieces, which may be nil.
func filesOf(t *open, pieces *pieceset.Set) []int {
	if pieces == nil || pieces.IsEmpty() {
		return nil
	}
	files := slices.Collect(t.req.Spec.FilesOf(pieces))
	return slices.DeleteFunc(files, func(i int) bool { return slices.Contains(t.faults.damaged, i) })
}

// rowFacts turns facts into what the row keeps.
func rowFacts(facts []storage.FileFacts, state store.FileState, without []int) []store.FileFacts {
	var out []store.FileFacts
	without = slices.Sorted(slices.Values(without))
	for i, f := range facts {
		if _, left := slices.BinarySearch(without, i); left {
			continue
		}
		if p, there := f.(storage.Present); there {
			out = append(out, store.FileFacts{
				File: i, Size: p.Size, ModTime: p.ModTime, Device: p.Device, Inode: p.Inode, State: state, Maker: rowMaker(p.Maker),
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
