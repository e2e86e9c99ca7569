package vouch

import (
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Two files of 250 bytes in pieces of 100: piece 2 lies in both.
var shape = geometry.Geometry{TotalLength: 500, PieceLength: 100}

var (
	left                  = time.Unix(1, 0)
	same1, same2, another = Identity{1, 1}, Identity{1, 2}, Identity{1, 9}
)

// question is about the two files as they were left, all claimed.
func question(change func(*Question)) Question {
	q := Question{
		Geometry: shape, Claimed: pieceset.Full(5), Wanted: pieceset.Full(5),
		Files: []File{
			{Path: "a", Length: 250, Remembered: LeftClean{same1, 250, left}, Now: There{same1, 250, left, InPlace}},
			{Path: "b", Offset: 250, Length: 250, Remembered: LeftClean{same2, 250, left}, Now: There{same2, 250, left, InPlace}},
		},
	}
	change(&q)
	return q
}

func TestWhatMayBeReliedOn(t *testing.T) {
	for name, c := range map[string]struct {
		change                           func(*Question)
		claimed, suspect, found, trusted []pieceset.Index
		strangers, unread                []int
	}{
		"as left":  {change: func(*Question) {}, claimed: []pieceset.Index{0, 1, 2, 3, 4}},
		"touched":  {change: func(q *Question) { q.Files[0].Now = There{same1, 250, left.Add(1), InPlace} }, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0, 1, 2}},
		"replaced": {change: func(q *Question) { q.Files[1].Now = There{another, 250, left, InPlace} }, claimed: []pieceset.Index{0, 1}, suspect: []pieceset.Index{2, 3, 4}, strangers: []int{1}},
		"gone":     {change: func(q *Question) { q.Files[0].Now = Gone{} }, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0, 1, 2}},
		"open, grown": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now = LeftOpen{same1}, There{same1, 250, left.Add(9), InPlace}
		}, claimed: []pieceset.Index{0, 1, 2, 3, 4}},
		"open, shrunk": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now = LeftOpen{same1}, There{same1, 150, left, InPlace}
		}, claimed: []pieceset.Index{0, 3, 4}, suspect: []pieceset.Index{1, 2}},
		"open, replaced": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now = LeftOpen{same1}, There{another, 250, left, InPlace}
		}, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0, 1, 2}, strangers: []int{0}},
		"in doubt": {change: func(q *Question) { q.Files[1].Remembered = LeftInDoubt{} }, claimed: []pieceset.Index{0, 1}, suspect: []pieceset.Index{2, 3, 4}},
		"half, in doubt": {change: func(q *Question) {
			q.Files[0].Remembered, q.Claimed = LeftInDoubt{}, pieceset.Of(5, 0, 3, 4)
		}, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0}, found: []pieceset.Index{1, 2}},
		"on another device": {change: func(q *Question) { q.Files[0].Now = There{Identity{7, 1}, 250, left, InPlace} }, claimed: []pieceset.Index{0, 1, 2, 3, 4}},
		"on another device, touched": {change: func(q *Question) {
			q.Files[0].Now = There{Identity{7, 1}, 250, left.Add(1), InPlace}
		}, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0, 1, 2}},
		"open, on another device": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now = LeftOpen{same1}, There{Identity{7, 1}, 250, left, InPlace}
		}, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0, 1, 2}},
		"half, replaced": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now, q.Claimed = LeftClean{same1, 150, left}, There{another, 250, left, InPlace}, pieceset.Of(5, 0, 3, 4)
		}, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0}, found: []pieceset.Index{1, 2}, strangers: []int{0}},
		"half, replaced by a short one": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now, q.Claimed = LeftClean{same1, 150, left}, There{another, 220, left, InPlace}, pieceset.Of(5, 0, 3, 4)
		}, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0}, found: []pieceset.Index{1}, strangers: []int{0}},
		"half, changed": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now, q.Claimed = LeftClean{same1, 150, left}, There{same1, 250, left.Add(1), InPlace}, pieceset.Of(5, 0, 3, 4)
		}, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0}, found: []pieceset.Index{1, 2}},
		"half, changed, the rest unwanted": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now = LeftClean{same1, 150, left}, There{same1, 250, left.Add(1), InPlace}
			q.Claimed, q.Wanted = pieceset.Of(5, 0, 3, 4), pieceset.Of(5, 0, 1)
		}, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0}, found: []pieceset.Index{1}, unread: []int{0}},
		"half, changed, to be trusted": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now = LeftClean{same1, 150, left}, There{same1, 250, left.Add(1), InPlace}
			q.Claimed, q.Policy = pieceset.Of(5, 0, 3, 4), Trust
		}, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0}, found: []pieceset.Index{1, 2}},
		"half, changed, to be replaced": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now = LeftClean{same1, 150, left}, There{same1, 250, left.Add(1), InPlace}
			q.Claimed, q.Policy = pieceset.Of(5, 0, 3, 4), Replace
		}, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0}},
		"open, half, grown": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now, q.Claimed = LeftOpen{same1}, There{same1, 250, left.Add(9), InPlace}, pieceset.Of(5, 0, 3, 4)
		}, claimed: []pieceset.Index{0, 3, 4}},
		"open, half, replaced": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now, q.Claimed = LeftOpen{same1}, There{another, 250, left, InPlace}, pieceset.Of(5, 0, 3, 4)
		}, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0}, found: []pieceset.Index{1, 2}, strangers: []int{0}},
		"stranger, unwanted": {change: func(q *Question) {
			q.Files[0].Remembered, q.Claimed, q.Wanted = Unknown{}, pieceset.Of(5, 3), pieceset.Of(5, 3, 4)
		}, claimed: []pieceset.Index{3}, unread: []int{0}},
		"stranger, unwanted but for its edge": {change: func(q *Question) {
			q.Files[0].Remembered, q.Claimed, q.Wanted = Unknown{}, pieceset.Of(5, 3), pieceset.Of(5, 2, 3, 4)
		}, claimed: []pieceset.Index{3}, found: []pieceset.Index{2}, strangers: []int{0}, unread: []int{0}},
		"unknown, claimed in part": {change: func(q *Question) {
			q.Files[0].Remembered, q.Claimed = Unknown{}, pieceset.Of(5, 0, 3, 4)
		}, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0}, found: []pieceset.Index{1, 2}},
		"unknown, claimed":  {change: func(q *Question) { q.Files[0].Remembered = Unknown{} }, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0, 1, 2}},
		"check interrupted": {change: func(q *Question) { q.Files[0].Remembered, q.Claimed = Unknown{}, pieceset.Of(5, 0, 3) }, claimed: []pieceset.Index{3}, suspect: []pieceset.Index{0}, found: []pieceset.Index{1, 2}},
		"stranger":          {change: func(q *Question) { q.Files[0].Remembered, q.Claimed = Unknown{}, pieceset.Of(5, 3, 4) }, claimed: []pieceset.Index{3, 4}, found: []pieceset.Index{0, 1, 2}, strangers: []int{0}},
		"stranger, trusted": {change: func(q *Question) { q.Files[0].Remembered, q.Claimed, q.Policy = Unknown{}, pieceset.Of(5, 3, 4), Trust }, claimed: []pieceset.Index{3, 4}, trusted: []pieceset.Index{0, 1, 2}, strangers: []int{0}},
		"short stranger": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now, q.Claimed = Unknown{}, There{same1, 150, left, InPlace}, pieceset.Of(5, 3, 4)
		}, claimed: []pieceset.Index{3, 4}, found: []pieceset.Index{0}, strangers: []int{0}},
		"short stranger, to be trusted": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now, q.Claimed, q.Policy = Unknown{}, There{same1, 150, left, InPlace}, pieceset.Of(5, 3, 4), Trust
		}, claimed: []pieceset.Index{3, 4}, found: []pieceset.Index{0}, strangers: []int{0}},
		"in the parts file, no row": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now, q.Claimed = Unknown{}, There{same1, 250, left, InParts}, pieceset.Of(5, 3, 4)
		}, claimed: []pieceset.Index{3, 4}, found: []pieceset.Index{0, 1, 2}},
		"in the parts file, which the row knows": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now, q.Claimed = Unknown{}, There{same1, 250, left, InParts}, pieceset.Of(5, 3, 4)
			q.Files[1].Now = There{same2, 250, left, InParts}
		}, claimed: []pieceset.Index{3, 4}},
		"in the parts file, trusted": {change: func(q *Question) {
			q.Files[0].Remembered, q.Files[0].Now = Unknown{}, There{same1, 250, left, InParts}
			q.Files[1].Remembered, q.Claimed, q.Policy = Unknown{}, pieceset.New(5), Trust
		}, trusted: []pieceset.Index{3, 4}, strangers: []int{1}},
		"in the parts file, touched": {change: func(q *Question) { q.Files[0].Now = There{same1, 250, left.Add(1), InParts} }, claimed: []pieceset.Index{3, 4}, suspect: []pieceset.Index{0, 1, 2}},
		"to be replaced": {change: func(q *Question) {
			q.Files[0].Remembered, q.Claimed, q.Policy = Unknown{}, pieceset.Of(5, 3, 4), Replace
		}, claimed: []pieceset.Index{3, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			v, is := View(question(c.change)).(Vouched)
			if !is {
				t.Fatal("forbidden")
			}
			for what, pair := range map[string][2][]pieceset.Index{
				"claimed": {slices.Collect(v.Claimed.All()), c.claimed}, "suspect": {slices.Collect(v.Suspect.All()), c.suspect},
				"found": {slices.Collect(v.Found.All()), c.found}, "trusted": {slices.Collect(v.Trusted.All()), c.trusted},
			} {
				if !slices.Equal(pair[0], pair[1]) {
					t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
				}
			}
			if !slices.Equal(v.Strangers, c.strangers) || !slices.Equal(v.Unread, c.unread) {
				t.Errorf("strangers %v, unread %v", v.Strangers, v.Unread)
			}
		})
	}
}

func TestAStrangerIsRefusedWhereAskedFor(t *testing.T) {
	e := View(question(func(q *Question) { q.Files[1].Remembered, q.Claimed, q.Policy = Unknown{}, pieceset.New(5), Refuse }))
	if f, is := e.(Forbidden); !is || f.Path != "b" {
		t.Errorf("%#v", e)
	}
}

func TestAStrangerOfWhichNothingIsWantedIsNoReasonToRefuse(t *testing.T) {
	v, is := View(question(func(q *Question) {
		q.Files[1].Remembered, q.Claimed, q.Wanted, q.Policy = Unknown{}, pieceset.New(5), pieceset.Of(5, 0, 1), Refuse
	})).(Vouched)
	if !is || !slices.Equal(v.Unread, []int{1}) {
		t.Errorf("%+v", v)
	}
}

func TestAStrangerOfWhichNoPieceIsHeldIsUntouchable(t *testing.T) {
	files := question(func(*Question) {}).Files
	for held, want := range map[pieceset.Index]Finding{0: NothingOfOurs, 2: AllOurs, 4: AllOurs} {
		if i, found := Untouchable(shape, files, []int{1}, pieceset.Of(5, held)); found != want || found == NothingOfOurs && i != 1 {
			t.Errorf("with piece %d held: %d of file %d", held, found, i)
		}
	}
}
