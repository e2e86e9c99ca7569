package disk

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
)

// Who made a file is known from its Prepare on, by its identity: another file at its
// path is somebody's. What is not known for ours is never deleted.

// madeByUs marks a file that Prepare made.
func madeByUs(f storage.FileFacts) storage.FileFacts {
	if p, there := f.(storage.Present); there && p.Home == storage.InPlace {
		p.Maker = storage.MadeByPrepare
		return p
	}
	return f
}

// sameMaker are new facts of a file of which others were known.
func sameMaker(before, now storage.FileFacts) storage.FileFacts {
	b, knew := before.(storage.Present)
	n, there := now.(storage.Present)
	if knew && there && b.Maker == storage.MadeByPrepare && b.Device == n.Device && b.Inode == n.Inode && b.Home == n.Home {
		n.Maker = b.Maker
		return n
	}
	return now
}

// withMakers are facts with what the row remembers of who made the files.
func withMakers(facts []storage.FileFacts, remembered []store.FileFacts) []storage.FileFacts {
	facts = slices.Clone(facts)
	for _, f := range remembered {
		if f.File >= 0 && f.File < len(facts) && isStillOurs(facts[f.File], f) == stillOurs {
			facts[f.File] = madeByUs(facts[f.File])
		}
	}
	return facts
}

func rowMaker(m storage.Maker) store.Maker {
	if m == storage.MadeByPrepare {
		return store.MadeByUs
	}
	return store.MadeBySomebody
}

// ownership says whether a file is the one that we made.
type ownership uint8

const (
	somebodysFile ownership = iota
	stillOurs
)

func isStillOurs(now storage.FileFacts, f store.FileFacts) ownership {
	p, there := now.(storage.Present)
	switch {
	case !there || p.Home != storage.InPlace || f.Maker != store.MadeByUs:
	case p.Device != f.Device || p.Inode != f.Inode:
	case f.Inode == 0 && (p.Size != f.Size || !p.ModTime.Equal(f.ModTime)): // there are no numbers to know it by
	default:
		return stillOurs
	}
	return somebodysFile
}

// Node is what a file system knows a file by.
type Node struct{ Device, Inode uint64 }

// Uses are the files that other torrents have.
type Uses struct {
	Paths map[string]struct{} // absolute
	Nodes map[Node]struct{}
}

// has says whether another torrent has a file.
func (u Uses) has(spec *storage.Spec, file int, p storage.Present) bool {
	_, path := u.Paths[AbsolutePath(spec.Path(file))]
	_, node := u.Nodes[Node{p.Device, p.Inode}]
	return path || node && p.Inode != 0
}

// AbsolutePath is a path as Uses has it.
func AbsolutePath(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return filepath.Clean(path)
}

// Discard deletes files of a torrent that is not open: those that we made, as the row
// remembers them, and that are in no other use; with the last of them its links and
// parts file. It waits for the storage in its caller.
func (s *Set) Discard(ctx context.Context, spec storage.Spec, remembered []store.FileFacts, others Uses) error {
	st, err := s.o.Storage.Open(ctx, spec)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	facts, err := st.Examine(ctx)
	if err != nil {
		return err
	}
	known, kept := withMakers(facts, remembered), 0
	var files, links []int
	for i, f := range known {
		p, there := f.(storage.Present)
		switch {
		case spec.Files[i].Role == storage.Link:
			links = append(links, i)
		case !there || p.Home == storage.InParts:
		case p.Maker == storage.MadeByPrepare && !others.has(&spec, i, p):
			files = append(files, i)
		default:
			kept++
		}
	}
	if kept == 0 {
		files = append(files, links...)
	}
	return st.Delete(ctx, files)
}
