package blame

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// notes writes down what became of holders.
type notes struct {
	lines []string
	on    map[storage.Sender]int // suspected, not cleared
}

func (n *notes) Suspect(h storage.Sender) {
	n.on[h]++
	n.lines = append(n.lines, fmt.Sprint("suspect ", h))
}

func (n *notes) Clear(h storage.Sender) {
	n.on[h]--
	n.lines = append(n.lines, fmt.Sprint("clear ", h))
}

func (n *notes) Convict(h storage.Sender, p Proof) {
	n.lines = append(n.lines, fmt.Sprintf("convict %d of %d blocks of %d", h, p.Blocks, p.Piece))
}

// expect compares what was noted since the last expect.
func (n *notes) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(n.lines, want) {
		t.Errorf("%q, want %q", n.lines, want)
	}
	n.lines = nil
}

// digests are of blocks whose bytes are named by one letter each.
func digests(blocks string) []storage.Digest {
	out := make([]storage.Digest, len(blocks))
	for n := range blocks {
		out[n][0] = blocks[n]
	}
	return out
}

// sent is a copy of a piece: who sent which block, and its bytes.
func sent(bytes string, by ...storage.Sender) []storage.Suspect {
	out := make([]storage.Suspect, len(by))
	for n, d := range digests(bytes) {
		out[n] = storage.Suspect{Sender: by[n], Digest: d}
	}
	return out
}

func TestWhoAloneSentACorruptPieceIsConvictedOnce(t *testing.T) {
	c, n := New(), &notes{on: map[storage.Sender]int{}}
	c.Corrupt(4, sent("ab", 7, 7), n)
	n.expect(t, "convict 7 of 0 blocks of 4")
	c.Corrupt(5, sent("ab", 7, 7), n)
	n.expect(t)
}

func TestNobodyIsBlamedForWhatIsNotKnown(t *testing.T) {
	c, n := New(), &notes{on: map[storage.Sender]int{}}
	c.Corrupt(4, nil, n)
	c.Corrupt(4, sent("ab", storage.Nobody, storage.Nobody), n)
	c.Right(4, digests("aa"), n)
	n.expect(t)
}

func TestARightCopyNamesTheLiarAndClearsTheOthers(t *testing.T) {
	c, n := New(), &notes{on: map[storage.Sender]int{}}
	c.Corrupt(4, sent("aXca", 1, 2, 3, 1), n)
	n.expect(t, "suspect 1", "suspect 2", "suspect 3")
	c.Right(5, digests("abca"), n)
	n.expect(t)
	c.Right(4, digests("abca"), n)
	n.expect(t, "convict 2 of 1 blocks of 4", "clear 1", "clear 3")
	c.Right(4, digests("aaaa"), n)
	n.expect(t)
}

func TestEveryCorruptCopyIsCompared(t *testing.T) {
	c, n := New(), &notes{on: map[storage.Sender]int{}}
	c.Corrupt(4, sent("Xbc", 1, 2, 3), n)
	c.Corrupt(4, sent("aYZ", 3, 4, 4), n)
	n.expect(t, "suspect 1", "suspect 2", "suspect 3", "suspect 4")
	c.Right(4, digests("abc"), n)
	n.expect(t, "convict 1 of 1 blocks of 4", "clear 2", "convict 4 of 2 blocks of 4", "clear 3")
}

func TestBlocksThatWereThereBeforeBlameNobody(t *testing.T) {
	c, n := New(), &notes{on: map[storage.Sender]int{}}
	c.Corrupt(4, sent("Xb", storage.Nobody, 2), n)
	c.Right(4, digests("ab"), n)
	n.expect(t, "suspect 2", "clear 2")
}

func TestSuspicionsEndWithoutDigestsOfTheRightCopy(t *testing.T) {
	c, n := New(), &notes{on: map[storage.Sender]int{}}
	c.Corrupt(4, sent("Xb", 1, 2), n)
	c.Corrupt(5, sent("Xb", 2, 3), n)
	n.lines = nil
	c.Right(4, nil, n)
	n.expect(t, "clear 1")
	c.Forget(n)
	n.expect(t, "clear 2", "clear 3")
}

func TestTheOldestCopiesAreForgotten(t *testing.T) {
	c, n := New(), &notes{on: map[storage.Sender]int{}}
	many := sent(strings.Repeat("ab", Bound/4), slices.Repeat([]storage.Sender{1, 2}, Bound/4)...)
	for i := range pieceset.Index(5) {
		c.Corrupt(i, many, n)
		if c.blocks > Bound {
			t.Fatalf("%d blocks are remembered", c.blocks)
		}
	}
	if len(c.copies) != 2 || c.copies[0].piece != 3 {
		t.Errorf("%d copies, the first of piece %d", len(c.copies), c.copies[0].piece)
	}
}

// Whatever is sent, nobody honest is convicted, and nobody stays suspected when
// every piece is right.
func TestNobodyHonestIsConvicted(t *testing.T) {
	for run := range uint64(500) {
		rnd := rand.New(rand.NewPCG(run, 3))
		c, n := New(), &notes{on: map[storage.Sender]int{}}
		right := digests("abcdefgh")
		for range 30 {
			i := pieceset.Index(rnd.IntN(4))
			if rnd.IntN(4) == 0 {
				c.Right(i, right, n)
				continue
			}
			lie(rnd, i, right, c, n)
		}
		c.Forget(n)
		for h, on := range n.on {
			if on != 0 && h > 2 {
				t.Fatalf("run %d: %d stays suspected", run, h)
			}
		}
		for h := range c.guilty {
			if h > 2 {
				t.Fatalf("run %d: honest %d is convicted", run, h)
			}
		}
	}
}

// lie has senders 1 and 2 send wrong blocks among those of honest ones.
func lie(rnd *rand.Rand, i pieceset.Index, right []storage.Digest, c *Core, n *notes) {
	blocks := make([]storage.Suspect, len(right))
	wrong := rnd.IntN(len(right))
	for k := range blocks {
		by := storage.Sender(rnd.IntN(7))
		if k == wrong {
			by = storage.Sender(rnd.IntN(2) + 1)
		}
		blocks[k] = storage.Suspect{Sender: by, Digest: right[k]}
		if k == wrong || (by == 1 || by == 2) && rnd.IntN(3) == 0 {
			blocks[k].Digest[1] = 1
		}
	}
	c.Corrupt(i, blocks, n)
}
