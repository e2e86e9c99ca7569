// Package vouch compares what a state row remembers of a torrent's files with
// what lies there now, and says which pieces may be relied on, which must be
// read first, and where nothing may be touched.
package vouch

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Policy says what to do with files that the row knows nothing of.
type Policy uint8

// The policies: read and hash them, take them for right, refuse the torrent, or
// write over them.
const (
	Check Policy = iota
	Trust
	Refuse
	Replace
)

// File is one file of the torrent: what the row remembers and what is there.
type File struct {
	Path           string
	Offset, Length int64
	Remembered     Memory
	Now            Presence
}

// Memory is what the row remembers of a file.
//
//sumtype:decl
type Memory interface{ memory() }

// Unknown says that the row knows nothing of the file.
type Unknown struct{}

// LeftOpen says that the file was being written when the row was last changed:
// it may have grown since.
type LeftOpen struct{ Identity Identity }

// LeftClean says that the file was closed with this size and time.
type LeftClean struct {
	Identity Identity
	Size     int64
	ModTime  time.Time
}

// LeftInDoubt says that somebody changed the file while it was in use.
type LeftInDoubt struct{}

func (Unknown) memory()     {}
func (LeftOpen) memory()    {}
func (LeftClean) memory()   {}
func (LeftInDoubt) memory() {}

// Identity names a file on its device. Zero numbers say nothing.
type Identity struct{ Device, Inode uint64 }

// Presence is what is there now.
//
//sumtype:decl
type Presence interface{ presence() }

// Gone says that no file is there, or none that can be used.
type Gone struct{}

// There says that a file is there.
type There struct {
	Identity Identity
	Size     int64
	ModTime  time.Time
	Home     Home
}

// Home says where a file's bytes lie.
type Home uint8

// The homes: the file itself, or the parts file, which only this program makes
// and which may lack any of the bytes.
const (
	InPlace Home = iota
	InParts
)

// Nowhere says that the file is padding and never lies anywhere.
type Nowhere struct{}

func (Gone) presence()    {}
func (There) presence()   {}
func (Nowhere) presence() {}

// Question is what View looks at.
type Question struct {
	Geometry geometry.Geometry
	Files    []File
	Claimed  *pieceset.Set // by the row
	Wanted   *pieceset.Set // pieces that are worth reading
	Policy   Policy
}

// Evidence says what may be relied on.
//
//sumtype:decl
type Evidence interface{ vouchEvidence() }

// Vouched divides the pieces: Claimed may be relied on; Suspect were claimed,
// but their files are not as they were left; Found may lie in files that the
// row knows nothing of; Trusted are to be taken for right. Strangers are the
// non-empty files that the row knows nothing of, by number.
type Vouched struct {
	Claimed, Suspect, Found, Trusted *pieceset.Set
	Strangers                        []int
}

// Forbidden says that a file is there and the policy is to refuse.
type Forbidden struct{ Path string }

func (Vouched) vouchEvidence()   {}
func (Forbidden) vouchEvidence() {}

// View compares.
func View(q Question) Evidence {
	n := q.Geometry.Pieces()
	v := Vouched{
		Claimed: q.Claimed.Clone(), Suspect: pieceset.New(n),
		Found: pieceset.New(n), Trusted: pieceset.New(n),
	}
	incomplete := pieceset.New(n) // a file of theirs is absent or short
	parts := q.viewParts()
	for i, f := range q.Files {
		switch {
		case !q.isStranger(f):
		case f.madeBy() == somebodys:
			if q.Policy == Refuse {
				return Forbidden{Path: f.Path}
			}
			v.Strangers = append(v.Strangers, i)
			addPieces(q.Geometry, f, 0, v.Found)
		case parts == partsUnknown:
			addPieces(q.Geometry, f, 0, v.Found)
		}
		v.doubt(q.Geometry, f)
		if size, isFile := q.sizeOf(f); isFile && size < f.Length {
			addPieces(q.Geometry, f, max(0, size), incomplete)
		}
	}
	v.Claimed.RemoveAll(v.Suspect)
	v.Found.RemoveAll(q.Claimed)
	switch q.Policy {
	case Trust:
		v.Trusted = v.Found.Clone()
		v.Trusted.RemoveAll(incomplete)
		v.Found.Clear()
	case Replace, Refuse:
		v.Found.Clear()
		v.Strangers = nil
	case Check:
		v.Found.Retain(q.Wanted)
		v.Found.RemoveAll(incomplete)
	}
	return v
}

// isStranger says whether a non-empty file is there that the row does not know,
// neither by its facts nor by a claim on a piece of it: facts can be missing
// where the file could not be looked at when it was written.
func (q Question) isStranger(f File) bool {
	now, there := f.Now.(There)
	_, unknown := f.Remembered.(Unknown)
	if !there || !unknown || now.Size == 0 || f.Length == 0 {
		return false
	}
	touched := pieceset.New(q.Geometry.Pieces())
	addPieces(q.Geometry, f, 0, touched)
	return touched.Overlap(q.Claimed) == 0
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
		if there && now.Size == left.Size && now.ModTime.Equal(left.ModTime) && same(left.Identity, now.Identity) {
			return
		}
	case LeftOpen:
		if there && same(left.Identity, now.Identity) {
			from = min(now.Size, f.Length) // all that a shrink can have taken
		}
	case Unknown, LeftInDoubt:
	}
	touched := pieceset.New(v.Claimed.Size())
	addPieces(g, f, from, touched)
	touched.Retain(v.Claimed)
	v.Suspect.AddAll(touched)
}

// same compares identities as far as both are known.
func same(a, b Identity) bool {
	return a == b || a == (Identity{}) || b == (Identity{})
}

// addPieces adds the pieces that have a byte of the file behind from.
func addPieces(g geometry.Geometry, f File, from int64, to *pieceset.Set) {
	if from >= f.Length {
		return
	}
	first := (f.Offset + from) / g.PieceLength
	last := (f.Offset + f.Length - 1) / g.PieceLength
	for i := first; i <= last; i++ {
		to.Add(pieceset.Index(i))
	}
}

// Untouchable returns the number of the first stranger of which no piece is
// held, once the found pieces have been read: nothing of it is the torrent's.
func Untouchable(g geometry.Geometry, files []File, strangers []int, held *pieceset.Set) (int, Finding) {
	for _, i := range strangers {
		touched := pieceset.New(held.Size())
		addPieces(g, files[i], 0, touched)
		if touched.Overlap(held) == 0 {
			return i, NothingOfOurs
		}
	}
	return 0, AllOurs
}

// Finding says whether a stranger has nothing of the torrent.
type Finding uint8

// The findings.
const (
	AllOurs Finding = iota
	NothingOfOurs
)
