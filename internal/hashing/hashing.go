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

// chunk is how many bytes are read at once. A worker can stop between two.
const chunk = 256 << 10

// Job says what is to be hashed.
type Job struct {
	// Bytes are those of the torrent. All workers read from it at once.
	Bytes    io.ReaderAt
	Geometry geometry.Geometry
	// Holes tells which of the bytes need no reading; nil: all are read.
	Holes storage.HoleViewer
	// NewHash returns the hash of a piece (metainfo.Verifier has one).
	NewHash func(piece int) hash.Hash
	// Workers is how many pieces are hashed at once; 0 means one a core.
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
	c := &crew{job: j, zeros: storage.NewZeros(j.Holes, j.Geometry, j.NewHash), next: make(chan pieceset.Index), done: make(chan PieceEvidence)}
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
	next  chan pieceset.Index
	done  chan PieceEvidence
}

// supervisor describes the workers. None is started again: what it had taken
// would be missing.
func (c *crew) supervisor() sup.Supervisor {
	n := c.job.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	s := sup.Supervisor{Strategy: sup.OneForAll, Intensity: sup.Intensity{Within: time.Hour}}
	for i := range n {
		s.Children = append(s.Children, sup.Child{
			Name: "worker[" + strconv.Itoa(i) + "]", Kind: "hash worker", Restart: sup.Transient, Run: c.work,
		})
	}
	return s
}

// deal gives the pieces out in order, so that a disk is read from front to back.
func (c *crew) deal(ctx context.Context, tree *sup.Tree, each func(PieceEvidence) error) error {
	dealt, open := 0, c.job.Geometry.Pieces()
	for open > 0 {
		next := c.next
		if dealt == c.job.Geometry.Pieces() {
			next = nil
		}
		select {
		case next <- pieceset.Index(dealt):
			dealt++
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
	buf := make([]byte, min(chunk, max(1, c.job.Geometry.PieceLength)))
	for {
		select {
		case <-p.Stopping():
			return nil
		case i := <-c.next:
			p.Receive("piece " + strconv.Itoa(int(i)))
			e := c.hash(p.Context(), i, buf)
			if p.Context().Err() != nil {
				return nil // what was read up to the stop says nothing of the piece
			}
			select {
			case c.done <- e:
			case <-p.Stopping():
				return nil
			}
		}
	}
}

// hash reads piece i through buf, unless it is a hole.
func (c *crew) hash(ctx context.Context, i pieceset.Index, buf []byte) PieceEvidence {
	if known, zero := c.zeros.View(i).(storage.AllZero); zero {
		return PieceHashed{Piece: i, Sum: known.Sum}
	}
	g, h := c.job.Geometry, c.job.NewHash(int(i))
	at, end := g.PieceOffset(i), g.PieceOffset(i)+g.PieceSize(i)
	for at < end {
		if err := ctx.Err(); err != nil {
			return PieceUnread{Piece: i, Err: err}
		}
		part := buf[:min(int64(len(buf)), end-at)]
		n, err := c.job.Bytes.ReadAt(part, at)
		if n < len(part) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return PieceUnread{Piece: i, Err: err}
		}
		_, _ = h.Write(part)
		at += int64(n)
	}
	return PieceHashed{Piece: i, Sum: h.Sum(nil)}
}
