package store

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// The functions of this file are what all drivers do alike, so that they differ
// only in where they keep a row.

// Fence returns *StaleEpochError unless a write that carries epoch got may
// change the row, which owner holds at epoch current.
func Fence(id ident.TorrentID, got, current Epoch, owner string) error {
	if got == current {
		return nil
	}
	return &StaleEpochError{ID: id, Got: got, Current: current, Owner: owner}
}

// MaxPieces is the greatest number of pieces that a row may have. It bounds what
// a damaged row can cost.
const MaxPieces = 1 << 26

// Shape is what the parts of a row must fit.
type Shape struct {
	ID     ident.TorrentID
	Pieces int
	Files  int // entries of the file map
}

// Shape returns the shape of the row.
func (r *Row) Shape() Shape { return Shape{ID: r.ID, Pieces: r.Pieces, Files: len(r.FileMap)} }

// FitsPieces checks that a number of pieces is one that a row may have.
func FitsPieces(id ident.TorrentID, pieces int) error {
	if pieces < 0 || pieces > MaxPieces {
		return &ShapeError{ID: id, Field: "number of pieces", Got: pieces, Want: MaxPieces}
	}
	return nil
}

// FitsSet checks that a set ranges over the row's pieces; a nil set fits.
func (s Shape) FitsSet(field string, set *pieceset.Set) error {
	if set == nil || set.Size() == s.Pieces {
		return nil
	}
	return &ShapeError{ID: s.ID, Field: field, Got: set.Size(), Want: s.Pieces}
}

// FitsPartials checks that all partials name pieces of the row, ascending.
func (s Shape) FitsPartials(p Partials) error {
	for i, q := range p {
		if int64(q.Piece) >= int64(s.Pieces) || i > 0 && q.Piece <= p[i-1].Piece {
			return &ShapeError{ID: s.ID, Field: "partials", Got: int(q.Piece), Want: s.Pieces}
		}
	}
	return nil
}

// FitsFiles checks that all facts are of files of the row.
func (s Shape) FitsFiles(files []FileFacts) error {
	for _, f := range files {
		if f.File < 0 || f.File >= s.Files {
			return &ShapeError{ID: s.ID, Field: "file facts", Got: f.File, Want: s.Files}
		}
	}
	return nil
}

// FitsClaim checks all of an update.
func (s Shape) FitsClaim(u *ClaimUpdate) error {
	if u.Add != nil && u.Origin == nil {
		return ErrNoOrigin
	}
	if err := s.FitsSet("claims", u.Add); err != nil {
		return err
	}
	if u.Partials != nil {
		if err := s.FitsPartials(*u.Partials); err != nil {
			return err
		}
	}
	return s.FitsFiles(u.Files)
}

// Admit checks a row that is to be inserted and returns a copy of it in the
// form in which it will be read back: sets of full size, times in UTC, no owner.
func Admit(r *Row) (*Row, error) {
	if len(r.Keys.Wire()) == 0 {
		return nil, &ShapeError{Field: "info-hashes", Got: 0, Want: 1}
	}
	if err := FitsPieces(0, r.Pieces); err != nil {
		return nil, err
	}
	shape := r.Shape()
	err := shape.FitsClaim(&ClaimUpdate{Add: r.Claims.Checked, Origin: Checked{}, Partials: &r.Partials, Files: r.Files})
	for _, t := range r.Claims.Trusted {
		err = cmp.Or(err, shape.FitsSet("claims", t.Pieces))
	}
	if err != nil {
		return nil, err
	}
	out := r.Clone()
	out.ID, out.Owner, out.Epoch = 0, "", 0
	out.Claims = Claims{}.Grown(r.Pieces, r.Claims.Checked, Checked{})
	for _, t := range r.Claims.Trusted {
		out.Claims = out.Claims.Grown(r.Pieces, t.Pieces, Trusted{Source: t.Source})
	}
	out.Partials = out.Partials.Without(out.Claims.Held(r.Pieces))
	out.Files = MergeFiles(nil, r.Files)
	out.Added, out.Completed = Wall(r.Added), Wall(r.Completed)
	out.Announce.At = Wall(r.Announce.At)
	out.Counters = Counters{}.Raised(r.Counters)
	return out, nil
}

// Grown returns the claims, over pieces many pieces, with add under its origin.
// Neither c nor add is changed.
func (c Claims) Grown(pieces int, add *pieceset.Set, o Origin) Claims {
	out := c.Clone(pieces)
	if add == nil {
		return out
	}
	switch o := o.(type) {
	case Checked:
		out.Checked.AddAll(add)
		for _, t := range out.Trusted {
			t.Pieces.RemoveAll(add)
		}
	case Trusted:
		fresh := add.Clone()
		fresh.RemoveAll(out.Held(pieces))
		out.trust(o.Source, fresh)
	}
	return out.compact()
}

// Shrunk returns the claims without remove, and how many claims went.
func (c Claims) Shrunk(pieces int, remove *pieceset.Set) (Claims, int) {
	out := c.Clone(pieces)
	if remove == nil {
		return out, 0
	}
	out.Checked.RemoveAll(remove)
	for _, t := range out.Trusted {
		t.Pieces.RemoveAll(remove)
	}
	out = out.compact()
	return out, c.Count() - out.Count()
}

// trust adds pieces that nobody claims yet.
func (c *Claims) trust(source string, fresh *pieceset.Set) {
	i, found := slices.BinarySearchFunc(c.Trusted, source, func(t TrustedClaim, s string) int {
		return strings.Compare(t.Source, s)
	})
	if found {
		c.Trusted[i].Pieces.AddAll(fresh)
		return
	}
	c.Trusted = slices.Insert(c.Trusted, i, TrustedClaim{Source: source, Pieces: fresh})
}

func (c Claims) compact() Claims {
	c.Trusted = slices.DeleteFunc(c.Trusted, func(t TrustedClaim) bool { return t.Pieces.IsEmpty() })
	return c
}

// Without returns the partials of pieces that are not in held.
func (p Partials) Without(held *pieceset.Set) Partials {
	var out Partials
	for _, q := range p {
		if !held.Has(q.Piece) {
			out = append(out, q)
		}
	}
	return out
}

// Raised returns, field by field, the greater of both, never below zero.
func (c Counters) Raised(o Counters) Counters {
	return Counters{
		Uploaded:   max(c.Uploaded, o.Uploaded, 0),
		Downloaded: max(c.Downloaded, o.Downloaded, 0),
		Seeding:    max(c.Seeding, o.Seeding, 0).Truncate(time.Second),
	}
}

// MergeFiles returns the facts with those of fresh in place of older ones of
// the same file, by ascending file number. Of two in fresh the later stays.
func MergeFiles(facts, fresh []FileFacts) []FileFacts {
	out := slices.Clone(facts)
	for _, f := range fresh {
		f.ModTime = f.ModTime.Round(0).UTC()
		i, found := slices.BinarySearchFunc(out, f.File, func(f FileFacts, n int) int { return cmp.Compare(f.File, n) })
		if found {
			out[i] = f
			continue
		}
		out = slices.Insert(out, i, f)
	}
	return out
}

// Wall returns the time as a row keeps it: in UTC, without a monotonic part,
// and clamped to the years 1678 to 2261, which nanoseconds since 1970 can count.
func Wall(t time.Time) time.Time {
	switch {
	case t.IsZero():
		return time.Time{}
	case t.Year() < 1678:
		return time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC)
	case t.Year() > 2261:
		return time.Date(2261, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return t.Round(0).UTC()
}
