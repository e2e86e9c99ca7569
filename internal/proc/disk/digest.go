package disk

import (
	"crypto/sha256"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// digestJob takes the digest of every block of a piece, so that a corrupt copy
// can be compared with a right one.
type digestJob struct {
	keeps
	t       *open
	piece   pieceset.Index
	blocks  [][]byte // nil entries: from the file
	files   storage.Store
	digests []core.Digest // nil: the file could not be read
}

func (t *open) digestJob(i pieceset.Index, memory core.BlockSet) *digestJob {
	j := &digestJob{t: t, piece: i, files: t.files, blocks: make([][]byte, t.req.Spec.Geometry.Blocks(i))}
	for n := range j.blocks {
		if memory.Has(uint32(n)) {
			// A block lies within one chunk.
			j.blocks[n] = t.spans(geometry.Run{Piece: i, First: uint32(n), Count: 1}, nil)[0]
		}
	}
	return j
}

func (j *digestJob) work() result {
	g := j.t.req.Spec.Geometry
	digests := make([]core.Digest, len(j.blocks))
	var room [geometry.BlockSize]byte
	for n, b := range j.blocks {
		if b == nil {
			begin, length := g.BlockBytes(geometry.Block{Piece: j.piece, Number: uint32(n)})
			b = room[:length]
			if _, err := j.files.ReadAt(b, g.PieceOffset(j.piece)+int64(begin)); err != nil {
				return j
			}
		}
		digests[n] = sha256.Sum256(b)
	}
	j.digests = digests
	return j
}

func (j *digestJob) apply(x *process) {
	j.t.step(func(fx *batch) { j.t.core.Digested(x.now(), j.piece, j.digests, fx) })
}
