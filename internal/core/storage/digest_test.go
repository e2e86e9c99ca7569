package storage

import (
	"slices"
	"testing"
)

// corrupt brings a piece of two blocks whose hash turns out wrong.
func (s *script) corrupt() {
	s.Helper()
	s.bring(0, 0, 1)
	s.expect("hash 0+2 of 0")
	s.t.Hashed(s.now, 0, HashWrong, s)
}

func TestACorruptPieceIsReportedWithItsDigests(t *testing.T) {
	s := newScript(t, 2, 2)
	s.corrupt()
	s.expect("digest 0, 2 from memory")
	if e := s.store(0, 0); e != BlockNotNow {
		t.Errorf("a block meanwhile is %d", e)
	}
	s.t.Digested(s.now, 0, make([]Digest, 2), s)
	s.expect("forget 0", "corrupt 0 of 2 suspects")
	if want := []Suspect{{Sender: 1}, {Sender: 2}}; !slices.Equal(s.suspects, want) {
		t.Errorf("suspects %v", s.suspects)
	}
}

func TestTheRightCopyOfACorruptPieceIsDigestedOnce(t *testing.T) {
	s := newScript(t, 2, 2)
	s.corrupt()
	s.t.Digested(s.now, 0, nil, s)
	s.lines = nil
	s.bring(0, 0, 1)
	s.answer("hash 0+2 of 0")
	s.answer("verified 0", "write 0+2 of 0")
	s.expect("digest 0, 2 from memory")
	s.t.Digested(s.now, 0, make([]Digest, 2), s)
	s.expect("digested 0, 2 digests", "forget 0", "written 0")
}

func TestAStopWaitsForDigests(t *testing.T) {
	s := newScript(t, 1, 2)
	s.corrupt()
	s.lines = nil
	s.t.Stop(s.now, s)
	s.expect()
	s.t.Digested(s.now, 0, nil, s)
	s.expect("forget 0", "corrupt 0 of 0 suspects", "stopped")
}

func TestWhatALiarSentOfPiecesThatAreNotWholeIsFetchedAnew(t *testing.T) {
	s := newScript(t, 4, 2)
	s.bring(0, 1)
	s.bring(1, 0)
	s.bring(2, 1)
	s.bring(2, 0)
	s.expect("hash 0+2 of 2")
	s.t.Disown(s.now, 2, s) // who sent the second block of each
	s.expect("forget 0", "lost 0")
	s.t.Hashed(s.now, 2, HashRight, s)
	s.answer("verified 2", "write 0+2 of 2")
	if stage := s.t.pieces[1].stage; stage != Assembling {
		t.Errorf("a piece of another is %v", stage)
	}
	s.bring(0, 0)
	s.bring(0, 1)
	s.expect("forget 2", "written 2", "hash 0+2 of 0")
}
