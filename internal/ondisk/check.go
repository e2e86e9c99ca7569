package ondisk

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/etorrent/etorrent/internal/hashing"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/files"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// FileEvidence says how a file of the torrent lies on the disk.
//
//sumtype:decl
type FileEvidence interface{ fileOnDisk() }

type (
	// FileGood has its size, and every piece with bytes of it is right; or it is the
	// symbolic link that it should be.
	FileGood struct{}
	// FileVirtual is padding, or a symbolic link that is left out: it is never
	// stored.
	FileVirtual struct{}
	// FileAbsent is not there.
	FileAbsent struct{}
	// FileShorter lacks bytes at its end. Size is what it has, in bytes.
	FileShorter struct{ Size int64 }
	// FileLonger has bytes behind its own, and every piece with bytes of it is
	// right: nothing of the torrent is damaged. Size is what it has, in bytes.
	FileLonger struct{ Size int64 }
	// FileDamaged has its size at least, but pieces with bytes of it are wrong.
	FileDamaged struct{ Pieces int }
	// FileMislinked is where a symbolic link should be that says Text: it is another
	// thing, or leads elsewhere.
	FileMislinked struct{ Text string }
	// FileUnusable cannot be read.
	FileUnusable struct{ Err error }
)

func (FileGood) fileOnDisk()      {}
func (FileVirtual) fileOnDisk()   {}
func (FileAbsent) fileOnDisk()    {}
func (FileShorter) fileOnDisk()   {}
func (FileLonger) fileOnDisk()    {}
func (FileDamaged) fileOnDisk()   {}
func (FileMislinked) fileOnDisk() {}
func (FileUnusable) fileOnDisk()  {}

// Checked is the outcome of a Check.
type Checked struct {
	Good, Damaged *pieceset.Set
	// Files has one entry for each of Plan.Meta.Files.
	Files []FileEvidence
}

// Progress is told of pieces as they are hashed: done of all.
type Progress func(done, all int)

// Check reads and hashes everything below dir but holes, whose bytes are known. The
// error is the context's, or that of the folder itself; what is wrong with files is
// evidence.
func (p *Plan) Check(ctx context.Context, dir string, tell Progress) (*Checked, error) {
	return p.check(ctx, files.New(files.Options{}), dir, tell)
}

func (p *Plan) check(ctx context.Context, in storage.Storage, dir string, tell Progress) (*Checked, error) {
	spec := p.spec(dir)
	store, err := in.Open(ctx, spec)
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }()
	facts, err := store.Examine(ctx)
	if err != nil {
		return nil, err
	}
	c := &check{plan: p, spec: &spec, facts: facts, links: p.viewLinks(store), tell: tell}
	c.good = pieceset.New(spec.Geometry.Pieces())
	c.unread = map[int]error{}
	holes, _ := storage.As[storage.HoleViewer](store)
	job := hashing.Job{Bytes: store, Holes: holes, Geometry: spec.Geometry, NewHash: p.Meta.Verifier().NewHash}
	if err := hashing.Run(ctx, job, c.piece); err != nil {
		return nil, err
	}
	return c.outcome(), nil
}

// check collects what comes of the pieces.
type check struct {
	plan   *Plan
	spec   *storage.Spec
	facts  []storage.FileFacts
	links  map[int]FileEvidence
	tell   Progress
	done   int
	good   *pieceset.Set
	unread map[int]error // the first error of reading, by file
}

func (c *check) piece(e hashing.PieceEvidence) error {
	switch e := e.(type) {
	case hashing.PieceHashed:
		if c.plan.Meta.Verifier().Matches(int(e.Piece), e.Sum) {
			c.good.Add(e.Piece)
		}
	case hashing.PieceUnread:
		c.blame(e)
	}
	c.done++
	c.tell(c.done, c.good.Size())
	return nil
}

// blame keeps a reading error with the file that gave it.
func (c *check) blame(e hashing.PieceUnread) {
	var at *storage.Error
	if !errors.As(e.Err, &at) {
		return
	}
	for i := range c.filesOf(e.Piece) {
		if _, known := c.unread[i]; !known && at.Path == c.plan.PathIn(c.spec.Dir, i) {
			c.unread[i] = e.Err
		}
	}
}

// filesOf yields the files that hold bytes of a piece.
func (c *check) filesOf(i pieceset.Index) iter.Seq[int] {
	return func(yield func(int) bool) {
		g := c.spec.Geometry
		for s := range c.spec.Segments(g.PieceOffset(i), int(g.PieceSize(i))) {
			if !yield(s.File) {
				return
			}
		}
	}
}

func (c *check) outcome() *Checked {
	damaged := pieceset.Full(c.good.Size())
	damaged.RemoveAll(c.good)
	out := &Checked{Good: c.good, Damaged: damaged, Files: make([]FileEvidence, len(c.facts))}
	touched := make([]int, len(c.facts))
	for p := range damaged.All() {
		for i := range c.filesOf(p) {
			touched[i]++
		}
	}
	for i, f := range c.facts {
		out.Files[i] = c.judge(i, f, touched[i])
	}
	return out
}

func (c *check) judge(i int, f storage.FileFacts, touched int) FileEvidence {
	switch f := f.(type) {
	case storage.Virtual:
		if link, is := c.links[i]; is {
			return link
		}
		return FileVirtual{}
	case storage.Absent:
		return FileAbsent{}
	case storage.Unusable:
		return FileUnusable{Err: f.Err}
	case storage.Present:
		if f.Home == storage.InParts {
			return FileAbsent{}
		}
		if f.Size < c.spec.Files[i].Length {
			return FileShorter{Size: f.Size}
		}
		if err := c.unread[i]; err != nil {
			return FileUnusable{Err: err}
		}
		if touched > 0 {
			return FileDamaged{Pieces: touched}
		}
		if f.Size > c.spec.Files[i].Length {
			return FileLonger{Size: f.Size}
		}
		return FileGood{}
	}
	panic(fmt.Sprintf("ondisk: unknown facts %T", f))
}
