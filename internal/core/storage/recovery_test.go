package storage

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func TestAFailedClaimIsAskedAgainAndTheDataStays(t *testing.T) {
	s := newScript(t, 3, 1)
	s.fetch(0)
	s.expect("forget 0", "written 0")
	s.tick()
	s.t.Synced(s.now, s)
	s.expect("sync 0", "claim 0")
	wait := time.Duration(0)
	for range 8 {
		s.t.ClaimFailed(s.now, s)
		got := s.tick()
		if got < wait || got > maxClaimWait {
			t.Errorf("asked again after %v, then %v", wait, got)
		}
		wait = got
		s.expect("claim 0")
	}
	s.t.Claimed(s.now, s)
	s.expect("durable 0")
}

func TestAFailedSyncLosesWhatIsNotClaimed(t *testing.T) {
	s := newScript(t, 6, 1)
	s.fetch(0)
	s.tick()
	s.t.Synced(s.now, s)
	s.t.Claimed(s.now, s)
	s.lines = nil
	s.fetch(1, 2)
	s.lines = nil
	s.tick()
	s.expect("sync 1,2")
	s.fetch(3)
	s.lines = nil
	s.t.SyncFailed(s.now, pieceset.Of(6, 0, 1, 3), Fault{Op: OpSync}, s)
	s.expect("fault sync: <nil>", "claim 2", "lost 1,3")
	if v := s.t.View(); v.Held.Has(1) || v.Held.Has(3) || !v.Held.Has(0) || !v.Held.Has(2) {
		t.Errorf("held is %s", list(v.Held))
	}
}

func TestACheckOfADurablePieceTakesItsClaimBackBeforeItIsLost(t *testing.T) {
	s := scriptOf(t, Config{
		Geometry: geometry.Geometry{TotalLength: 2 * geometry.BlockSize, PieceLength: geometry.BlockSize},
		Memory:   &budget{bound: 1 << 30}, Files: FilesOpen, Reads: 2,
		Known: Known{Claimed: pieceset.Full(2)},
	})
	if n := s.t.Check(s.now, pieceset.Full(2), s); n != 2 {
		t.Errorf("%d pieces are in check", n)
	}
	s.expect("read 0", "read 1")
	s.t.PieceRead(s.now, 0, ReadRight, s)
	s.expect("checked 1 of 2")
	s.t.PieceRead(s.now, 1, ReadWrong, s)
	s.expect("checked 2 of 2", "check ended 1 good 1 bad", "claim  drop 1")
	if e := s.store(1, 0); e != BlockNotNow {
		t.Errorf("a block of it is %d", e)
	}
	s.t.Claimed(s.now, s)
	s.expect("lost 1")
	s.bring(1, 0)
}

func TestRecalledPiecesAreServedAndReadAgainBeforeTheyAreClaimed(t *testing.T) {
	s := scriptOf(t, Config{
		Geometry: geometry.Geometry{TotalLength: 3 * geometry.BlockSize, PieceLength: geometry.BlockSize},
		Memory:   &budget{bound: 1 << 30}, Files: FilesOpen,
		Known: Known{Recalled: pieceset.Of(3, 0, 1), Trusted: pieceset.Of(3, 2)},
	})
	s.expect("read 0", "sync 2")
	if s.t.ViewServe(0) != Servable || s.t.ViewServe(3) != NotServable {
		t.Error("what may be served is wrong")
	}
	s.t.PieceRead(s.now, 0, ReadRight, s)
	s.t.PieceRead(s.now, 1, ReadMissing, s)
	s.expect("read 1", "lost 1")
	s.t.Synced(s.now, s)
	s.expect("claim  trusted 2")
}

func TestAClaimThatIsAskedAgainLeavesOutWhatWasLostMeanwhile(t *testing.T) {
	s := newScript(t, 3, 1)
	s.fetch(0)
	s.fetch(1)
	s.tick()
	s.t.Synced(s.now, s)
	s.t.ClaimFailed(s.now, s)
	s.lines = nil
	s.t.Suspect(s.now, pieceset.Of(3, 1), s)
	s.expect()
	s.tick()
	s.expect("claim 0 drop 1")
	s.t.Claimed(s.now, s)
	s.expect("durable 0", "claim ", "lost 1")
}

func TestAPartialWithoutAGapIsRead(t *testing.T) {
	c := Config{
		Geometry: geometry.Geometry{TotalLength: 4 * geometry.BlockSize, PieceLength: 2 * geometry.BlockSize},
		Memory:   &budget{bound: 1 << 30}, Files: FilesOpen, Reads: 2,
		Known: Known{Partials: []PartialPiece{{0, NewBlockSet(2, 0, 1)}, {1, NewBlockSet(2, 0, 1)}}},
	}
	s := scriptOf(t, c)
	s.expect("read 0", "read 1")
	s.t.PieceRead(s.now, 0, ReadRight, s)
	s.expect("verified 0", "written 0")
	s.t.PieceRead(s.now, 1, ReadWrong, s)
	s.expect("corrupt 1 of 0 suspects")
	s.bring(1, 0)
}

func TestWhatABlockMeans(t *testing.T) {
	g := geometry.Geometry{TotalLength: 5*geometry.BlockSize + 100, PieceLength: 2 * geometry.BlockSize}
	s := scriptOf(t, Config{
		Geometry: g, Memory: &budget{bound: 1 << 30}, Files: FilesOpen, Known: Known{Claimed: pieceset.Of(3, 0)},
	})
	s.bring(1, 0)
	for name, c := range map[string]struct {
		b    Block
		want BlockEvidence
	}{
		"again":         {Block{Piece: 1, Begin: 0, Length: geometry.BlockSize}, BlockDuplicate},
		"held":          {Block{Piece: 0, Begin: 0, Length: geometry.BlockSize}, BlockOfHeldPiece},
		"between":       {Block{Piece: 1, Begin: 1, Length: geometry.BlockSize}, BlockMisaligned},
		"too long":      {Block{Piece: 2, Begin: geometry.BlockSize, Length: geometry.BlockSize}, BlockMisaligned},
		"too short":     {Block{Piece: 2, Begin: geometry.BlockSize, Length: 99}, BlockMisaligned},
		"behind":        {Block{Piece: 2, Begin: 2 * geometry.BlockSize, Length: 100}, BlockMisaligned},
		"no such piece": {Block{Piece: 3, Begin: 0, Length: geometry.BlockSize}, BlockOutOfRange},
		"huge":          {Block{Piece: 1<<32 - 1, Begin: 1<<32 - 1, Length: 1<<32 - 1}, BlockOutOfRange},
		"the last":      {Block{Piece: 2, Begin: geometry.BlockSize, Length: 100}, BlockStored},
	} {
		if got := s.t.StoreBlock(s.now, c.b, s); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestAFailedSyncAlsoLosesAPieceThatAnotherFaultHadGivenUp(t *testing.T) {
	s := newScript(t, 4, 2)
	s.bring(0, 1)
	s.tick() // it grows old
	s.answer("write 1+1 of 0")
	s.expect("release chunk 0 of 0")
	s.tick()
	s.expect("sync 0")
	s.bring(0, 0)
	s.answer("hash 0+1 of 0")
	s.answer("hash 1+1 of 0 from file")
	s.expect("verified 0", "write 0+1 of 0")
	s.t.Pause(s.now, Fault{Op: OpWrite}, s)
	s.expect("fault write: <nil>")
	s.t.SyncFailed(s.now, pieceset.Of(4, 0), Fault{Op: OpSync}, s)
	s.expect("claim ")
	s.t.RunWritten(s.now, geometry.Run{Piece: 0, First: 0, Count: 1}, s)
	s.expect("forget 0", "lost 0")
	if got := s.t.Stage(0); got != Absent {
		t.Errorf("the piece is %v", got)
	}
}

// That no file could be opened says nothing of its bytes.
func TestAPieceThatCouldNotBeReadIsReadAfterThePause(t *testing.T) {
	s := newScript(t, 4, 1)
	s.t.Check(s.now, pieceset.Of(4, 0), s)
	s.expect("read 0")
	s.t.PieceUnread(s.now, 0, Fault{Op: OpRead}, s)
	s.expect("fault read: <nil>")
	if !s.t.IsQuiet() || s.t.InCheck() != 1 {
		t.Errorf("quiet: %t, %d in check", s.t.IsQuiet(), s.t.InCheck())
	}
	s.t.Resume(s.now, s)
	s.expect("read 0")
	s.t.PieceRead(s.now, 0, ReadRight, s)
	s.expect("verified 0", "written 0", "checked 1 of 1", "check ended 1 good 0 bad", "sync 0")
}

func TestAPieceThatCouldNotBeReadBeforeTheStopIsInCheck(t *testing.T) {
	s := newScript(t, 4, 1)
	s.t.Check(s.now, pieceset.Of(4, 0), s)
	s.expect("read 0")
	s.t.PieceUnread(s.now, 0, Fault{Op: OpRead}, s)
	s.expect("fault read: <nil>")
	s.t.Stop(s.now, s)
	s.expect("stopped")
	if got := s.t.Stage(0); got != Checking {
		t.Errorf("the piece is %v", got)
	}
}

func TestAReadThatWasOutAtAFailedSyncIsDoneAgain(t *testing.T) {
	s := newScript(t, 4, 1)
	s.fetch(1)
	s.lines = nil
	s.t.Check(s.now, pieceset.Of(4, 0), s)
	s.expect("read 0")
	s.tick()
	s.expect("sync 1")
	s.t.SyncFailed(s.now, pieceset.Full(4), Fault{Op: OpSync}, s)
	s.expect("fault sync: <nil>", "claim ", "lost 1")
	s.t.PieceRead(s.now, 0, ReadRight, s)
	s.expect()
	s.t.Resume(s.now, s)
	s.expect("read 0")
	s.t.PieceRead(s.now, 0, ReadRight, s)
	s.expect("verified 0", "written 0", "checked 1 of 1", "check ended 1 good 0 bad")
}
