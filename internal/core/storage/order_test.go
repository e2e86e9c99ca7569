package storage

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

func TestAPieceIsVerifiedThenWrittenThenSyncedThenClaimed(t *testing.T) {
	s := newScript(t, 4, 2)
	s.bring(0, 1)
	s.expect()
	s.bring(0, 0)
	s.answer("hash 0+2 of 0")
	s.answer("verified 0", "write 0+2 of 0")
	s.expect("forget 0", "written 0")
	if got := s.tick(); got != FirstCommit {
		t.Errorf("the first window opened after %v", got)
	}
	s.expect("sync 0")
	s.t.Synced(s.now, s)
	s.expect("claim 0")
	s.t.Claimed(s.now, s)
	s.expect("durable 0")
	if d := s.t.NextDeadline(); d != mono.Never {
		t.Errorf("a deadline at %v with nothing to do", d)
	}
}

func TestWhatIsWrittenDuringASyncBelongsToTheNextWindow(t *testing.T) {
	s := newScript(t, 4, 1)
	s.fetch(0)
	s.expect("forget 0", "written 0")
	s.tick()
	s.expect("sync 0")
	s.bring(3, 0) // something to wait for
	s.expect("hash 0+1 of 3")
	s.fetch(1)
	s.expect("forget 1", "written 1")
	s.t.Synced(s.now, s)
	s.expect("claim 0")
	s.t.Claimed(s.now, s)
	s.expect("durable 0")
	if got := s.tick(); got != CommitEvery {
		t.Errorf("the second window opened after %v", got)
	}
	s.expect("sync 1")
}

func TestTheLastPieceAndManyBytesOpenAWindowAtOnce(t *testing.T) {
	s := newScript(t, 2, 1)
	s.fetch(0)
	s.expect("forget 0", "written 0")
	s.fetch(1)
	s.expect("forget 1", "written 1", "sync 0,1")

	const blocks = CommitBytes / geometry.BlockSize
	s = newScript(t, 2, blocks)
	for n := range uint32(blocks) {
		s.now = s.now.Add(time.Millisecond) // slow enough for each hash to go on alone
		s.bring(0, n)
		if len(s.lines) > 0 {
			s.answer(s.lines...)
		}
	}
	for first := uint32(0); first < blocks; first += writeLimit {
		s.lines = nil
		s.t.RunWritten(s.now, geometry.Run{Piece: 0, First: first, Count: writeLimit}, s)
	}
	s.expect("forget 0", "written 0", "sync 0")
}

func TestTheHashFollowsThePrefix(t *testing.T) {
	s := newScript(t, 2, 3*ChunkBlocks)
	for n := range uint32(ChunkBlocks - 1) {
		s.bring(0, n)
	}
	s.expect()
	s.bring(0, ChunkBlocks-1)
	s.answer("hash 0+16 of 0")
	s.expect()
	for n := uint32(ChunkBlocks + 1); n < 3*ChunkBlocks; n++ {
		s.bring(0, n)
	}
	s.expect()
	s.bring(0, ChunkBlocks)
	s.answer("hash 16+32 of 0")
	s.answer("verified 0", "write 0+48 of 0")
	s.expect("forget 0", "written 0")
}

func TestTightMemoryWritesThroughAndTheHashReadsBack(t *testing.T) {
	g := geometry.Geometry{TotalLength: 8 * geometry.BlockSize, PieceLength: 4 * geometry.BlockSize}
	b := &budget{bound: 4 * geometry.BlockSize}
	s := scriptOf(t, Config{Geometry: g, Memory: b, Chunk: 1, Together: 1, Files: FilesOpen})
	s.bring(0, 1, 2, 3)
	s.expect()
	s.bring(1, 3) // the fourth of four: tight
	s.answer("write 1+1 of 0")
	s.expect("release chunk 1 of 0")
	s.bring(1, 0) // room for it came free, and it is tight again
	s.expect("write 2+1 of 0", "hash 0+1 of 1")
	if e := s.store(1, 1); e != BlockNoRoom {
		t.Errorf("without room a block is %d", e)
	}
	s.t.RunWritten(s.now, geometry.Run{Piece: 0, First: 2, Count: 1}, s)
	s.expect("release chunk 2 of 0")
	s.bring(0, 0)
	s.answer("write 3+1 of 0", "hash 0+1 of 0")
	s.answer("hash 1+2 of 0 from file")
	s.answer("hash 3+1 of 0")
	s.answer("verified 0", "write 0+1 of 0")
	s.expect("release chunk 0 of 0")
	s.t.RunWritten(s.now, geometry.Run{Piece: 0, First: 3, Count: 1}, s)
	s.expect("forget 0", "written 0")
}

func TestOldBlocksAreWrittenAndClaimedAsPartials(t *testing.T) {
	s := newScript(t, 2, 3)
	s.bring(1, 0, 2)
	s.expect()
	if got := s.tick(); got != PartialAge {
		t.Errorf("written after %v", got)
	}
	s.answer("write 0+1 of 1", "write 2+1 of 1")
	s.t.RunWritten(s.now, geometry.Run{Piece: 1, First: 0, Count: 1}, s)
	s.expect("release chunk 0 of 1")
	if got := s.tick(); got != CommitEvery {
		t.Errorf("claimed after %v", got)
	}
	s.expect("sync 1")
	s.t.Synced(s.now, s)
	s.expect("claim  part 1:101")
	s.t.Claimed(s.now, s)

	next := scriptOf(t, Config{
		Geometry: s.t.geometry, Memory: &budget{bound: 1 << 30}, Files: FilesOpen,
		Known: Known{Partials: s.claim.Partials},
	})
	if e := next.store(1, 2); e != BlockDuplicate {
		t.Errorf("a block of a partial is %d", e)
	}
	next.bring(1, 1)
	next.answer("hash 0+1 of 1 from file")
	next.answer("hash 1+1 of 1")
	next.answer("hash 2+1 of 1 from file")
	next.answer("verified 1", "write 1+1 of 1")
	next.expect("forget 1", "written 1")
}

func TestNothingIsWrittenBeforeTheRowCallsTheFilesOpen(t *testing.T) {
	g := geometry.Geometry{TotalLength: 2 * geometry.BlockSize, PieceLength: geometry.BlockSize}
	s := scriptOf(t, Config{Geometry: g, Memory: &budget{bound: 1 << 30}})
	s.bring(0, 0)
	s.answer("hash 0+1 of 0")
	s.expect("verified 0", "begin writing")
	s.bring(1, 0)
	s.answer("hash 0+1 of 1")
	s.expect("verified 1")
	s.t.WritingBegun(s.now, s)
	s.expect("write 0+1 of 0", "write 0+1 of 1")
}
