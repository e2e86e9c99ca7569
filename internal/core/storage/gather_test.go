package storage

import (
	"math"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// newFast begins a torrent with chunks of one block, of which four came at once: the
// first is hashed alone, and the pace is fast.
func newFast(t *testing.T, pieces, blocks int64, memory int64) *script {
	return newFastFor(t, 2, pieces, blocks, memory)
}

// newFastFor is the same where so many hashes go on together.
func newFastFor(t *testing.T, together int, pieces, blocks, memory int64) *script {
	s := scriptOf(t, Config{
		Geometry: geometry.Geometry{TotalLength: pieces * blocks * geometry.BlockSize, PieceLength: blocks * geometry.BlockSize},
		Memory:   &budget{bound: memory}, Chunk: 1, Together: together, Files: FilesOpen,
	})
	s.bring(0, 0, 1, 2, 3)
	s.answer("hash 0+1 of 0")
	return s
}

func TestWhileBlocksComeFastTwoHashesGoOnAtOnce(t *testing.T) {
	s := newFast(t, 4, 4, math.MaxInt64)
	s.expect()
	s.bring(1, 0, 1, 2)
	s.expect()
	s.bring(1, 3)
	s.expect("hash 1+3 of 0 with 0+4 of 1")
	s.t.Hashed(s.now, 1, HashRight, s)
	s.expect("verified 1", "write 0+4 of 1")
	s.bring(2, 0, 1, 2, 3)
	s.expect()
	s.t.Hashed(s.now, 0, HashRight, s)
	s.expect("verified 0", "write 0+4 of 0")
	s.bring(3, 0, 1, 2, 3)
	s.expect("hash 0+4 of 2 with 0+4 of 3")
}

func TestAHashWaitsForAnotherForAMomentOnly(t *testing.T) {
	s := newFast(t, 4, 4, math.MaxInt64)
	s.bring(1, 0)
	s.expect()
	if d := s.tick(); d != GatherWait {
		t.Errorf("it waited %v", d)
	}
	s.expect("hash 1+3 of 0")
	s.bring(1, 1)
	s.expect("hash 0+2 of 1") // who waited in vain does not do so again
}

func TestTheLastHashWaitsForNothing(t *testing.T) {
	newFast(t, 1, 4, math.MaxInt64).expect("hash 1+3 of 0")
}

func TestAsManyHashesGoOnTogetherAsAreWorthIt(t *testing.T) {
	s := newFastFor(t, 4, 8, 4, math.MaxInt64)
	s.bring(1, 0, 1, 2, 3)
	s.bring(2, 0, 1, 2, 3)
	s.expect()
	s.bring(3, 0, 1, 2, 3)
	s.expect("hash 1+3 of 0 with 0+4 of 1 with 0+4 of 2 with 0+4 of 3")
}

func TestThoseThatWaitTakeNoMoreMemoryThanTheirPart(t *testing.T) {
	s := newFastFor(t, 16, 16, 8, math.MaxInt64)
	s.bring(0, 4, 5, 6, 7)
	for i := range pieceset.Index(6) {
		s.expect()
		s.bring(1+i, 0, 1, 2, 3, 4, 5, 6, 7)
	}
	s.expect("hash 1+7 of 0 with 0+8 of 1 with 0+8 of 2 with 0+8 of 3 with 0+8 of 4 with 0+8 of 5 with 0+4 of 6")
}

func TestThoseThatWaitGoOnWhenMemoryIsUsedUp(t *testing.T) {
	s := newFastFor(t, 4, 8, 4, 10*geometry.BlockSize)
	s.bring(1, 0, 1, 2, 3)
	s.bring(2, 0, 1)
	s.lines = nil // what is written for it
	if e := s.store(2, 2); e != BlockNoRoom {
		t.Fatalf("there is room: %v", e)
	}
	s.expect("hash 1+3 of 0 with 0+4 of 1")
}

// Much that is being hashed or written gives memory back soon.
func TestThoseThatWaitDoSoWhileMuchMemoryComesBack(t *testing.T) {
	s := newFastFor(t, 6, 12, 4, 30*geometry.BlockSize)
	for i := range pieceset.Index(5) {
		s.expect()
		s.bring(1+i, 0, 1, 2, 3)
	}
	s.expect("hash 1+3 of 0 with 0+4 of 1 with 0+4 of 2 with 0+4 of 3 with 0+4 of 4 with 0+4 of 5")
	s.bring(6, 0, 1, 2, 3)
	s.bring(7, 0, 1)
	s.lines = nil // what is written for it
	if e := s.store(7, 2); e != BlockNoRoom {
		t.Fatalf("there is room: %v", e)
	}
	s.expect()
	s.t.Hashed(s.now, 0, HashRight, s)
	s.t.RunWritten(s.now, geometry.Run{Piece: 0, Count: 4}, s)
	s.bring(7, 2)
	s.bring(8, 0, 1, 2)
	s.lines = nil
	if e := s.store(8, 3); e != BlockNoRoom {
		t.Fatalf("there is room: %v", e)
	}
	s.expect("hash 0+4 of 6")
}

func TestAStopEndsTheWaitOfAHash(t *testing.T) {
	s := newFast(t, 4, 4, math.MaxInt64)
	s.t.Stop(s.now, s)
	s.expect("hash 1+3 of 0")
}

func TestOnlyTheEndOfALongPieceWaits(t *testing.T) {
	s := newFast(t, 4, 16, math.MaxInt64)
	s.answer("hash 1+3 of 0")
	for _, step := range []string{"hash 4+1 of 0", "hash 5+1 of 0", "hash 6+1 of 0"} {
		s.bring(0, s.t.active[0].count)
		s.answer(step)
	}
	s.bring(0, 7, 8, 9, 10, 11, 12, 13, 14, 15)
	s.expect()
	s.bring(1, 0, 1, 2)
	s.expect()
	s.bring(1, 3)
	s.expect("hash 7+9 of 0 with 0+4 of 1")
}

func TestWhatWasWrittenOutMeanwhileIsHashedAlone(t *testing.T) {
	s := newFast(t, 4, 16, math.MaxInt64)
	s.answer("hash 1+3 of 0")
	s.bring(0, 4)
	s.answer("hash 4+1 of 0")
	s.bring(0, 5)
	s.answer("hash 5+1 of 0")
	s.bring(0, 6)
	s.answer("hash 6+1 of 0")
	s.bring(0, 7, 8, 9, 10) // it waits
	s.expect()
	s.t.Relieve(16*geometry.BlockSize, s)
	s.lines = nil
	for n := range uint32(11) {
		s.t.RunWritten(s.now, geometry.Run{Piece: 0, First: n, Count: 1}, s)
	}
	s.lines = nil
	s.bring(1, 0, 1, 2, 3)
	s.expect("hash 7+4 of 0 from file", "hash 0+4 of 1")
}
