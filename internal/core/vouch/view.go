package vouch

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// View compares.
func View(q Question) Evidence {
	n := q.Geometry.Pieces()
	v := Vouched{
		Claimed: q.Claimed.Clone(), Suspect: pieceset.New(n),
		Found: pieceset.New(n), Trusted: pieceset.New(n),
	}
	changed := pieceset.New(n)    // the row knows their files, but not so
	short := pieceset.New(n)      // it knows nothing of a file of theirs, which is too short
	incomplete := pieceset.New(n) // a file of theirs is absent or short
	parts := q.viewParts()
	for i, f := range q.Files {
		seen := q.viewFile(f)
		switch seen {
		case stranger:
			if q.Policy == Refuse && overlaps(q.Geometry, f, q.Wanted) {
				return Forbidden{Path: f.Path}
			}
			addPieces(q.Geometry, f, 0, v.Found)
			if q.isShort(f) {
				addPieces(q.Geometry, f, 0, short)
			}
		case forgotten:
			if parts == partsUnknown {
				addPieces(q.Geometry, f, 0, v.Found)
			}
		case replaced, altered:
			addPieces(q.Geometry, f, 0, changed)
		case asLeft:
		}
		v.note(q, i, seen)
		v.doubt(q.Geometry, f)
		if size, isFile := q.sizeOf(f); isFile && size < f.Length {
			addPieces(q.Geometry, f, max(0, size), incomplete)
		}
	}
	v.Claimed.RemoveAll(v.Suspect)
	v.Found.RemoveAll(q.Claimed)
	changed.RemoveAll(q.Claimed)
	switch q.Policy {
	case Trust: // what was the torrent's and changed is no file of a person's
		v.Trusted = v.Found.Clone()
		v.Trusted.RemoveAll(incomplete)
		v.Trusted.RemoveAll(short) // a file that is too short may be anything
		v.Found = changed
		v.Found.AddAll(short)
		v.Found.RemoveAll(v.Trusted)
	case Replace:
		v.Found.Clear()
		v.Strangers = nil
	case Refuse:
		v.Found = changed
	case Check:
		v.Found.AddAll(changed)
	}
	v.Found.Retain(q.Wanted)
	v.Found.RemoveAll(incomplete)
	return v
}

// isShort says whether a file is there and shorter than the torrent's.
func (q Question) isShort(f File) bool {
	size, isFile := q.sizeOf(f)
	return isFile && size < f.Length
}

// acquaintance says what the row knows of a file that is there.
type acquaintance uint8

const (
	asLeft    acquaintance = iota // or not there, or of no length
	stranger                      // nothing, neither by its facts nor by a claim
	forgotten                     // the same, but it lies in the parts file
	altered                       // it changed, or its facts are missing
	replaced                      // another file has its place
)

// viewFile says what the row knows of a file. Facts can be missing where the file
// could not be looked at when it was written.
func (q Question) viewFile(f File) acquaintance {
	now, there := f.Now.(There)
	if !there || now.Size == 0 || f.Length == 0 {
		return asLeft
	}
	before := Identity{}
	switch left := f.Remembered.(type) {
	case Unknown:
		if overlaps(q.Geometry, f, q.Claimed) {
			return altered
		}
		if f.madeBy() == ours {
			return forgotten
		}
		return stranger
	case LeftInDoubt:
	case LeftClean:
		if left.isAs(now) {
			return asLeft
		}
		before = left.Identity
	case LeftOpen:
		if same(left.Identity, now.Identity) {
			return asLeft
		}
		before = left.Identity
	}
	if f.madeBy() == somebodys && before.Inode != 0 && now.Identity.Inode != 0 && before.Inode != now.Identity.Inode {
		return replaced
	}
	return altered
}

// note notes a file that is not as the row knows it.
func (v *Vouched) note(q Question, i int, seen acquaintance) {
	if seen == asLeft || q.Files[i].madeBy() == ours {
		return
	}
	wanted, all := 0, 0
	for p := range pieces(q.Geometry, q.Files[i], 0) {
		all++
		if q.Wanted.Has(p) {
			wanted++
		}
	}
	if wanted > 0 && seen != altered {
		v.Strangers = append(v.Strangers, i)
	}
	if wanted < all {
		v.Unread = append(v.Unread, i)
	}
}

// partsMemory says whether the row knows the parts file. If it does, it also knows
// of which files there is something in it.
type partsMemory uint8

const (
	partsUnknown partsMemory = iota
	partsKnown
)

func (q Question) viewParts() partsMemory {
	for _, f := range q.Files {
		if _, unknown := f.Remembered.(Unknown); !unknown && f.madeBy() == ours {
			return partsKnown
		}
	}
	return partsUnknown
}

// owner says who can have made what is there.
type owner uint8

const (
	somebodys owner = iota
	ours
)

// madeBy tells the parts file from any other.
func (f File) madeBy() owner {
	if now, there := f.Now.(There); there && now.Home == InParts {
		return ours
	}
	return somebodys
}

// sizeOf is the size of what is there, where the file is one that is stored. A
// person's word for files does not cover what lies in the parts file.
func (q Question) sizeOf(f File) (int64, bool) {
	switch now := f.Now.(type) {
	case There:
		if q.Policy == Trust && f.madeBy() == ours {
			return 0, true
		}
		return now.Size, true
	case Gone:
		return 0, true
	case Nowhere:
	}
	return 0, false
}

// doubt adds the claimed pieces of a file that is not as it was left.
func (v *Vouched) doubt(g geometry.Geometry, f File) {
	now, there := f.Now.(There)
	if _, padding := f.Now.(Nowhere); padding || f.Length == 0 {
		return
	}
	from := int64(0)
	switch left := f.Remembered.(type) {
	case LeftClean:
		if there && left.isAs(now) {
			return
		}
	case LeftOpen:
		if there && same(left.Identity, now.Identity) {
			from = min(now.Size, f.Length) // all that a shrink can have taken
		}
	case Unknown, LeftInDoubt:
	}
	for i := range pieces(g, f, from) {
		if v.Claimed.Has(i) {
			v.Suspect.Add(i)
		}
	}
}

// isAs says whether a file is as it was left. The number of a device may be
// another after a restart or a replug, so it does not count where the rest agrees.
func (l LeftClean) isAs(now There) bool {
	alike := same(l.Identity, now.Identity) || l.Identity.Inode == now.Identity.Inode
	return alike && now.Size == l.Size && now.ModTime.Equal(l.ModTime)
}

// same compares identities as far as both are known.
func same(a, b Identity) bool {
	return a == b || a == (Identity{}) || b == (Identity{})
}
