package reveal_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/reveal"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func TestEachIsShownOneOtherPieceAtFirst(t *testing.T) {
	s := newStage(t, 100)
	s.join(1)
	s.join(2)
	seen := pieceset.New(100)
	for id := range reveal.RemoteID(30) {
		r := s.join(3 + id)
		s.expectShown(r, 1)
		if r.shown.Overlap(seen) > 0 {
			t.Errorf("%d is shown what another was", r.id)
		}
		seen.AddAll(r.shown)
	}
}

func TestTheNextPieceIsShownWhenAnotherHasThatWhichWasGiven(t *testing.T) {
	s := newStage(t, 100)
	s.join(1)
	other := s.join(2)
	r := s.join(3)
	first := r.missing()[0]
	s.gets(r, first)
	s.expectShown(r, 1) // nothing is proven yet
	s.gets(other, first)
	s.expectShown(r, 3) // its window has grown
	for k, i := range r.missing() {
		s.gets(r, i)
		s.expectShown(r, 3+max(0, k-1))
	}
}

func TestWhoGivesNothingOnIsGivenLittle(t *testing.T) {
	s := newStage(t, 400)
	rider, one, two := s.join(1), s.join(2), s.join(3)
	for range 300 { // seconds
		for _, pair := range [][2]*remote{{one, two}, {two, one}} {
			if missing := pair[0].missing(); len(missing) > 0 {
				s.gets(pair[0], missing[0])
				s.gets(pair[1], missing[0])
			}
		}
		for _, i := range rider.missing() {
			s.gets(rider, i)
		}
		s.pass(time.Second)
		if s.end != nil {
			t.Fatalf("%T", s.end)
		}
		if one.has.Count() >= 390 {
			break
		}
	}
	if n := rider.shown.Count(); n > 2 { // the first two when it was alone
		t.Errorf("it was given %d pieces", n)
	}
	if one.has.Count() < 390 {
		t.Errorf("the others have %d pieces", one.has.Count())
	}
}

func TestALoneRemoteIsShownAllThatItTakes(t *testing.T) {
	s := newStage(t, 50)
	r := s.join(1)
	for range 30 {
		for _, i := range r.missing() {
			s.gets(r, i)
		}
		s.pass(time.Second)
	}
	if !r.has.IsFull() || s.given != 50 {
		t.Errorf("it has %d pieces, %d were shown", r.has.Count(), s.given)
	}
}

func TestWhatItsOnlyHolderTookAwayIsShownToAnother(t *testing.T) {
	s := newStage(t, 3)
	one, two := s.join(1), s.join(2)
	for _, i := range one.missing() {
		s.gets(one, i)
	}
	lost := one.has.Clone()
	lost.AddAll(one.shown)
	s.leave(one)
	if two.shown.Overlap(lost) == 0 {
		t.Errorf("%d pieces are not shown again", lost.Count())
	}
}

func TestAPieceThatCeasedToSpreadIsGivenAgain(t *testing.T) {
	s := newStage(t, 3)
	one, two := s.join(1), s.join(2)
	for _, r := range []*remote{one, two} {
		for _, i := range r.missing() {
			s.gets(r, i)
		}
	}
	shown := s.given
	s.pass(29 * time.Second)
	if s.given != shown {
		t.Fatal("it is given again at once")
	}
	s.pass(2 * time.Minute)
	if !one.shown.IsFull() || !two.shown.IsFull() {
		t.Errorf("they were shown %d and %d of 3 pieces", one.shown.Count(), two.shown.Count())
	}
}

// Who lacks what many have fetches it last, and of them.
func TestAPieceThatManyHaveIsNotGivenAgainWhileOthersSpread(t *testing.T) {
	s := newStage(t, 120)
	var all []*remote
	for id := range reveal.RemoteID(6) {
		all = append(all, s.join(id+1))
	}
	common := all[0].missing()[0]
	late := all[4:]
	for range 60 { // each has two more a second; the last two leave one for the end
		for k := range 2 * len(all) {
			r := all[k%len(all)]
			for i := range pieceset.Index(s.pieces) {
				if at := (i + common) % pieceset.Index(s.pieces); !r.has.Has(at) && (at != common || k%len(all) < 4) {
					s.gets(r, at)
					break
				}
			}
		}
		s.pass(time.Second)
	}
	shown := func() bool { return late[0].shown.Has(common) || late[1].shown.Has(common) }
	if late[0].has.Count() != s.pieces-1 {
		t.Fatalf("%d pieces came", late[0].has.Count())
	}
	if s.pass(45 * time.Second); shown() {
		t.Error("it is given again")
	}
	if s.pass(time.Minute); !shown() {
		t.Error("it is not given again though nothing spreads")
	}
}

func TestWhereNobodyGivesAnythingEverythingIsGiven(t *testing.T) {
	s := newStage(t, 40)
	var all []*remote
	for id := range reveal.RemoteID(4) {
		all = append(all, s.join(1+id))
	}
	for range 900 {
		for _, r := range all {
			for _, i := range r.missing() {
				s.gets(r, i)
			}
		}
		s.pass(time.Second)
	}
	for _, r := range all {
		if !r.has.IsFull() {
			t.Errorf("remote %d has %d pieces", r.id, r.has.Count())
		}
	}
}

// A partial seed, or one that wants other files, is shown more by and by, and what it
// was shown first is shown to others meanwhile.
func TestWhoWantsNothingOfWhatItIsShownIsShownMore(t *testing.T) {
	s := newStage(t, 64)
	r, other := s.join(1), s.join(2)
	r.wants = reveal.NotInterested
	first := r.missing()[0]
	s.pass(12 * time.Second)
	if r.shown.Count() < 2 {
		t.Error("it is shown no more")
	}
	for range 60 {
		for _, i := range other.missing() {
			s.gets(other, i)
		}
		s.pass(time.Second)
	}
	if !other.has.IsFull() || !other.shown.Has(first) {
		t.Errorf("the other, which is alone now, has %d pieces", other.has.Count())
	}
	s.pass(2 * time.Minute)
	if !r.shown.IsFull() {
		t.Errorf("in three minutes it was shown %d pieces of 64", r.shown.Count())
	}
}

func TestWhoDoesNotTellWhatWeHaveIsKnownByWhatItTook(t *testing.T) {
	s := newStage(t, 50)
	r := s.join(1)
	for range 30 {
		taken := r.missing()
		r.sent += int64(len(taken)) * pieceSize
		for _, i := range taken {
			r.has.Add(i) // it says nothing
		}
		s.pass(time.Second)
	}
	if r.has.Count() < 12 { // a few seconds each, and not ten
		t.Errorf("in half a minute it has %d pieces", r.has.Count())
	}
}

func TestWhoTakesNothingThoughItMayMakesRoomForOthers(t *testing.T) {
	s := newStage(t, 3)
	stuck, other := s.join(1), s.join(2)
	kept := stuck.missing()
	if len(kept) == 0 {
		t.Fatal("it is shown nothing")
	}
	for range 40 {
		for _, i := range other.missing() {
			s.gets(other, i)
		}
		s.pass(time.Second)
	}
	for _, i := range kept {
		if !other.shown.Has(i) {
			t.Errorf("piece %d is kept for one that does not take it", i)
		}
	}
}

func TestItIsOverWhenThereIsAnotherSeed(t *testing.T) {
	s := newStage(t, 10)
	s.join(1)
	s.join(2) // and is shown something, before its first word comes
	s.core.RemoteHasSet(s.now, 2, pieceset.Full(10))
	s.settle()
	if why, is := s.end.(reveal.OtherSeed); !is || why.ID != 2 {
		t.Errorf("%v", s.end)
	}
	if s.core.NextDeadline() != mono.Never {
		t.Error("a tick is due behind the end")
	}
}

func TestItIsOverWhenTenHaveEverything(t *testing.T) {
	s := newStage(t, 2)
	for id := range reveal.RemoteID(12) {
		s.join(1 + id)
	}
	for n, r := range s.order {
		if _, is := s.end.(reveal.EnoughComplete); is != (n >= 10) {
			t.Fatalf("%d have everything: %v", n, s.end)
		}
		for _, i := range s.all() {
			s.gets(r, i)
		}
	}
}

// One that comes with everything may be one of ours that comes back.
func TestWhoGotEverythingHereIsNoOtherSeed(t *testing.T) {
	s := newStage(t, 4)
	r, _ := s.join(1), s.join(2)
	for _, i := range s.all() {
		s.gets(r, i)
	}
	s.leave(r)
	s.join(3, s.all()...)
	if s.end != nil {
		t.Errorf("%T", s.end)
	}
}

func TestWhatWasShownIsKnownToTheNextCore(t *testing.T) {
	s := newStage(t, 4)
	r := &remote{id: 1, has: pieceset.New(4), shown: pieceset.Of(4, 0, 1, 2, 3), wants: reveal.Interested}
	s.remotes[1] = r
	s.core.RemoteJoined(s.now, 1, reveal.SeesShown, r.shown)
	s.settle() // the stage fails where it is shown one twice
	s.core.RemoteHasSet(s.now, 1, pieceset.Full(4))
	s.settle()
	if s.end != nil {
		t.Errorf("%T, though it has everything from here", s.end)
	}
}
