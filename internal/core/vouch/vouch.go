// Package vouch compares what a state row remembers of a torrent's files with
// what lies there now, and says which pieces may be relied on, which must be
// read first, and where nothing may be touched.
package vouch

import (
	"slices"
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
// row knows nothing of, or that changed; Trusted are to be taken for right.
// Strangers are the non-empty files, by number, that the row knows nothing of, or
// another file in the place of, and of which something is wanted. Unread are those
// that are not as the row knows them and of which something is not wanted: it is
// not read.
type Vouched struct {
	Claimed, Suspect, Found, Trusted *pieceset.Set
	Strangers, Unread                []int
}

// Forbidden says that a file is there and the policy is to refuse.
type Forbidden struct{ Path string }

func (Vouched) vouchEvidence()   {}
func (Forbidden) vouchEvidence() {}

// Doubted are the strangers that the policy does not take for the torrent's at sight:
// where files are trusted, those that are too short.
func Doubted(p Policy, files []File, strangers []int) []int {
	if p != Trust {
		return strangers
	}
	q := Question{Files: files, Policy: p}
	return slices.DeleteFunc(slices.Clone(strangers), func(i int) bool { return !q.isShort(q.Files[i]) })
}

// Untouchable returns the number of the first stranger of which no piece is
// held, once the found pieces have been read: nothing of it is the torrent's.
func Untouchable(g geometry.Geometry, files []File, strangers []int, held *pieceset.Set) (int, Finding) {
	for _, i := range strangers {
		if !overlaps(g, files[i], held) {
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
