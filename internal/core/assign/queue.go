package assign

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

// queue has the blocks that one holder fetches, in the order they were dealt.
// Answers mostly come in that order, so that the block sought is mostly first.
type queue struct {
	blocks []geometry.Block
	head   int
}

func (q *queue) len() int { return len(q.blocks) - q.head }

// at is the k-th block from the front.
func (q *queue) at(k int) geometry.Block { return q.blocks[q.head+k] }

func (q *queue) push(b geometry.Block) {
	if len(q.blocks) == cap(q.blocks) && q.head > len(q.blocks)/2 {
		q.blocks = q.blocks[:copy(q.blocks, q.blocks[q.head:])]
		q.head = 0
	}
	q.blocks = append(q.blocks, b)
}

// index is the place of b from the front, or nowhere.
func (q *queue) index(b geometry.Block) int { return slices.Index(q.blocks[q.head:], b) }

// remove takes b out, which must be in it.
func (q *queue) remove(b geometry.Block) {
	k := q.head
	for q.blocks[k] != b {
		k++
	}
	copy(q.blocks[q.head+1:k+1], q.blocks[q.head:k])
	q.head++
	if q.head == len(q.blocks) {
		q.blocks, q.head = q.blocks[:0], 0
	}
}
