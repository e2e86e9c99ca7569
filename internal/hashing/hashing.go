// Package hashing reads the pieces of a torrent and hashes them on all cores,
// for work that needs no engine: making a torrent, and checking files by hand.
package hashing

import (
	"context"
	"fmt"
	"hash"
	"io"
	"runtime"
	"strconv"
	"time"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// Job says what is to be hashed.
type Job struct {
	// Bytes are those of the torrent. All workers read from it at once.
	Bytes    io.ReaderAt
	Geometry geometry.Geometry
	// Holes tells which of the bytes need no reading; nil: all are read.
	Holes storage.HoleViewer
	// NewHash returns the hash of a piece (metainfo.Verifier has one).
	NewHash func(piece int) hash.Hash
	// Workers is how many hash at once, each up to two pieces; 0 means one a core.
	Workers int
}

// PieceEvidence says what came of one piece.
//
//sumtype:decl
type PieceEvidence interface{ hashedPiece() }

// PieceHashed carries the sum of all bytes of a piece, which nobody may change.
type PieceHashed struct {
	Piece pieceset.Index
	Sum   []byte
}

// PieceUnread says that not all bytes of a piece could be read. Err is the
// reader's.
type PieceUnread struct {
	Piece pieceset.Index
	Err   error
}

func (PieceHashed) hashedPiece() {}
func (PieceUnread) hashedPiece() {}

// Run hashes every piece and calls each with what came of it, once a piece, in
// any order and on the goroutine of the caller. It ends early with each's error,
// with that of ctx, or with a *sup.EscalatedError if a worker crashed.
func Run(ctx context.Context, j Job, each func(PieceEvidence) error) error {
	if j.Workers <= 0 {
		j.Workers = runtime.GOMAXPROCS(0)
	}
	c := &crew{job: j, zeros: storage.NewZeros(j.Holes, j.Geometry, j.NewHash), next: make(chan turn), done: make(chan PieceEvidence)}
	tree, err := sup.Start(ctx, "hashing", c.supervisor(), sup.Options{})
	if err != nil {
		return fmt.Errorf("start the workers: %w", err)
	}
	err = c.deal(ctx, tree, each)
	if stopped := tree.Stop(context.Background()); err == nil {
		err = stopped
	}
	return err
}

// crew is the workers of one Run and what they share: pieces to take, and
// evidence to give.
type crew struct {
	job   Job
	zeros *storage.Zeros
	next  chan turn
	done  chan PieceEvidence
}

// turn is what a worker takes at once: a piece, and the one behind it, of which the
// two hashes are advanced together.
type turn struct {
	piece pieceset.Index
	count int // 1 or 2
}

// supervisor describes the workers. None is started again: what it had taken
// would be missing.
func (c *crew) supervisor() sup.Supervisor {
	s := sup.Supervisor{Strategy: sup.OneForAll, Intensity: sup.Intensity{Within: time.Hour}}
	for i := range c.job.Workers {
		s.Children = append(s.Children, sup.Child{
			Name: "worker[" + strconv.Itoa(i) + "]", Kind: "hash worker", Restart: sup.Transient, Run: c.work,
		})
	}
	return s
}

// deal gives the pieces out in order, so that a disk is read from front to back, by
// twos until only one or two are left for each worker.
func (c *crew) deal(ctx context.Context, tree *sup.Tree, each func(PieceEvidence) error) error {
	dealt, all := 0, c.job.Geometry.Pieces()
	for open := all; open > 0; {
		next, t := c.next, turn{piece: pieceset.Index(dealt), count: 1}
		switch left := all - dealt; {
		case left == 0:
			next = nil
		case left >= 2*c.job.Workers:
			t.count = 2
		}
		select {
		case next <- t:
			dealt += t.count
		case e := <-c.done:
			open--
			if err := each(e); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tree.Done():
			return tree.Err()
		}
	}
	return nil
}

func (c *crew) work(p *sup.Process) error {
	p.Ready()
	h := newHands(c)
	for {
		select {
		case <-p.Stopping():
			return nil
		case t := <-c.next:
			p.Receive("piece " + strconv.Itoa(int(t.piece)))
			found := h.hash(p.Context(), t)
			if p.Context().Err() != nil {
				return nil // what was read up to the stop says nothing of the pieces
			}
			for _, e := range found {
				select {
				case c.done <- e:
				case <-p.Stopping():
					return nil
				}
			}
		}
	}
}
