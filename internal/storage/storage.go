// Package storage says what a byte store is: the place where the verified
// bytes of one torrent lie. The engine sees a torrent as one line of bytes; a
// Store knows which files hold them. Packages below it are the stores that
// exist (files, memory) and a wrapper that breaks one on purpose (faulty).
package storage

import (
	"context"
	"io"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/metainfo"
)

// Role says what a file of a torrent is for.
type Role uint8

const (
	// Data is a file that is stored.
	Data Role = iota
	// Padding is a file that only fills up a piece (BEP 47): it reads as zero,
	// writes to it go nowhere, and it never exists on the disk.
	Padding
	// Link is a symbolic link (BEP 47), which has no bytes. A Store that is a
	// Linker makes it when asked to; for every other method, and for other stores,
	// it is as padding of length 0.
	Link
)

// Access says what a store is opened for.
type Access uint8

const (
	// ReadWrite opens for fetching. Files are opened for writing only when they
	// are first written.
	ReadWrite Access = iota
	// ReadOnly opens for sharing what is there. It needs no right to write,
	// makes nothing and works on a read-only mount.
	ReadOnly
)

// Allocation says how the space of new files is set aside.
type Allocation uint8

const (
	// Sparse lets files grow as they are written.
	Sparse Allocation = iota
	// Full sets the space of a file aside when Prepare makes it, where the file
	// system can do that well; elsewhere it means Sparse.
	Full
)

// File is one file of a torrent.
type File struct {
	// Path is relative to Spec.Dir, its parts joined by slashes, and already
	// safe on this platform (core/names decides it).
	Path string
	// Offset is where the file begins among the torrent's bytes; Length is its
	// size in bytes, which may be 0.
	Offset, Length int64
	Role           Role
	// Target is what a Link says: where it leads from the folder that it lies in,
	// with slashes. It does not leave Dir.
	Target string
	// Attributes are those that the torrent gives the file (BEP 47). Files that
	// Prepare makes have them, as far as the platform knows the like.
	Attributes metainfo.Attributes
}

// Spec describes the bytes of one torrent to a Storage. Files lie one behind
// the other without gaps and cover Geometry.TotalLength bytes; Check says
// whether that holds.
type Spec struct {
	// Name is for people: logs and errors of the store.
	Name     string
	Geometry geometry.Geometry
	// Dir is the folder that no path of Files leaves. It need not exist.
	Dir   string
	Files []File
	// Parts is the parts file, where a store may keep the bytes of files that need
	// not exist, of the pieces that they share with files that must: a path as those
	// of Files, of no file of theirs. Empty: nowhere.
	Parts    string
	Access   Access
	Allocate Allocation
}

// Storage opens stores. It is safe for concurrent use.
type Storage interface {
	// Open returns the store of one torrent. It makes nothing: not even Dir. A
	// Spec that fails Check is an error. Two open stores that map one file are
	// possible and do not know of each other.
	Open(ctx context.Context, s Spec) (Store, error)
}

// GatherWriter is a Store that writes from several places of the memory at once.
type GatherWriter interface {
	// WriteGathered is WriteAt of the spans as if they lay one behind the other.
	WriteGathered(spans [][]byte, off int64) (int, error)
}

// WriteSpans writes spans one by one, as if they lay one behind the other.
func WriteSpans(w io.WriterAt, spans [][]byte, off int64) (int, error) {
	done := 0
	for _, p := range spans {
		n, err := w.WriteAt(p, off+int64(done))
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// Store holds the bytes of one torrent. All methods are safe for concurrent
// use; offsets are bytes from the torrent's begin. Every error but io.EOF and
// those of a context is an *Error or, from Sync, a *SyncError; View tells what
// they mean. After Close each method answers ErrClosed.
type Store interface {
	// ReadAt fills p. It may span many files; padding reads as zero. Fewer bytes
	// than asked come with the reason: io.EOF behind the torrent's last byte, an
	// *Error that views as Missing or Truncated where a file is not there or ends
	// early (which is what an incomplete file looks like).
	io.ReaderAt
	// WriteAt stores p and may span many files; what falls on padding is dropped.
	// It makes no file: one that Prepare did not make and that was not there is
	// Missing. It never shortens a file, and an offset behind the torrent's last
	// byte is ErrOutOfRange. What was written is durable only after Sync. A file
	// that the store knows to be removed, replaced or shortened by somebody else
	// is not written until Recheck.
	io.WriterAt
	// Prepare makes those of the files (indices in Spec.Files) that are absent,
	// with the folders on the way, and sets their space aside if Spec.Allocate
	// says so. Files that are there are left alone. It returns the indices it
	// made, ascending, also beside an error: Delete is for these and no others.
	Prepare(ctx context.Context, files []int) (made []int, err error)
	// Sync makes durable all that was written to the given pieces before the
	// call: their bytes, their files' sizes and names, and the folders they lie
	// in, and files of length 0 that Prepare made. Pieces that a former run wrote
	// count as written. It tries every file and returns a *SyncError that names
	// those which failed. A file whose flush failed once fails in every later
	// Sync, with the same error, until Recheck: trying again proves nothing, since
	// the system may have dropped what it could not write. The same holds for a
	// file that, when all is flushed, does not lie at its path (ErrRemoved), is
	// another there than the one in use (ErrReplaced), or is shorter than it was
	// (ErrShortened). In use is what Examine, Prepare or the first read or write
	// found.
	Sync(ctx context.Context, pieces *pieceset.Set) error
	// Recheck ends the failed state of files after a failed Sync. It drops what
	// the operating system caches of them, where it can, so that the caller's
	// next reads show what the device holds, and takes into use what lies at their
	// paths then. The caller must hold none of the pieces of these files for
	// verified until it has read them again.
	Recheck(ctx context.Context, files []int) error
	// Examine looks at every file: one entry for each of Spec.Files.
	Examine(ctx context.Context) ([]FileFacts, error)
	// Delete removes the given files (indices in Spec.Files) and then each folder
	// below Dir on their way that became empty. What is absent already is no
	// error, and what is no regular file is not touched; of what lies in a Link's
	// place, only a link that says what it should.
	Delete(ctx context.Context, files []int) error
	// Features says what holds for the store as long as it is open.
	Features() Features
	// Close releases what the store has open. It does not sync. Calls under way
	// may still end normally. A second Close does nothing.
	Close() error
}

// Sparseness says what a range costs that was never written.
type Sparseness uint8

const (
	// SparsenessUnknown is what a store says that cannot tell.
	SparsenessUnknown Sparseness = iota
	// HolesFree says that unwritten ranges take no space.
	HolesFree
	// HolesFilled says that a write behind a file's end takes the space before it.
	HolesFilled
)

// Features is what holds for an open store.
type Features struct {
	// Volume names the device below the store. Stores of equal Volume contend
	// for it, so one disk process serves them all. It is never empty.
	Volume     string
	Sparseness Sparseness
	Access     Access
	// Largest is what no file can exceed.
	Largest SizeLimit
}

// FileFacts says what lies where a file of the torrent belongs.
//
//sumtype:decl
type FileFacts interface{ fileFacts() }

// Absent says that nothing lies there.
type Absent struct{}

// Present says that a regular file lies there. Size is in bytes. Device and
// Inode identify it, as far as the file system has such numbers; both 0
// otherwise, and Inode where it does not last. Links is its number of names: more than 1 says that a write would
// change somebody else's file too.
//
// Where Home is InParts nothing lies there, and what is known of the file's bytes
// lies in Spec.Parts, whose time and identity these are; Size is the file's
// length then, or 0 where Spec.Parts was cut.
type Present struct {
	Size          int64
	ModTime       time.Time
	Device, Inode uint64
	Links         uint64
	Home          Home
	Maker         Maker
}

// Maker says who made a file, as far as the caller of a Store remembers. A Store itself
// does not know.
type Maker uint8

// The makers: somebody, or Prepare.
const (
	MadeBySomebody Maker = iota
	MadeByPrepare
)

// Home says where the bytes of a file lie.
type Home uint8

// The homes: at the file's own path, or in Spec.Parts.
const (
	InPlace Home = iota
	InParts
)

// Unusable says that something lies there or on the way that is no regular
// file, leaves Dir, or may not be looked at. View tells more about Err.
type Unusable struct{ Err error }

// Virtual says that the file is padding and never lies anywhere, or a Link, of
// which a Linker tells more.
type Virtual struct{}

func (Absent) fileFacts()   {}
func (Present) fileFacts()  {}
func (Unusable) fileFacts() {}
func (Virtual) fileFacts()  {}

// SpaceViewer is a Store that can say how much room its volume has.
type SpaceViewer interface {
	// ViewSpace looks at the volume now.
	ViewSpace() SpaceEvidence
}

// Separator is a Store whose files may have other names, so that a write would
// change somebody else's file too. It refuses such a write with ErrLinked.
type Separator interface {
	// Separate makes those of the given files (indices in Spec.Files) that have
	// other names files of their own, with the same bytes: a copy takes the place
	// of each. Those that have one name are left alone.
	Separate(ctx context.Context, files []int) error
}

// Keeper is a Store that can do without the files that nobody wants, though they
// share pieces with files that somebody does.
type Keeper interface {
	// KeepParts lets the bytes of those of the given files that are absent be
	// written to and read from Spec.Parts, as far as they belong to pieces that the
	// files share with others; the rest of them stays Missing. Prepare of such a
	// file makes it with the bytes that it has there. KeepParts without Spec.Parts
	// is an error.
	KeepParts(ctx context.Context, files []int) error
}

// FileViewer is a Store that can look at a file which is in use.
type FileViewer interface {
	// ViewFile looks at file i (an index in Spec.Files) by its path. It answers as
	// Examine does, but that a file which is another than the one in use, or
	// shorter than it was, is Unusable with ErrReplaced or ErrShortened; so is one
	// that was removed and is there again, with ErrRemoved. As after a Sync that
	// found it so, it fails until Recheck.
	ViewFile(ctx context.Context, i int) FileFacts
}

// FolderViewer is a Store that lies in a folder which may come and go.
type FolderViewer interface {
	// ViewFolder looks at Spec.Dir now, as its path leads.
	ViewFolder() FolderEvidence
}

// FolderEvidence says what a path to a folder leads to.
//
//sumtype:decl
type FolderEvidence interface{ folderEvidence() }

// FolderThere carries the number of the device that the folder lies on; 0 where
// there are no such numbers.
type FolderThere struct{ Device uint64 }

// FolderMissing says that there is no folder.
type FolderMissing struct{}

// FolderUnknown says that the path may not be looked at.
type FolderUnknown struct{}

func (FolderThere) folderEvidence()   {}
func (FolderMissing) folderEvidence() {}
func (FolderUnknown) folderEvidence() {}

// SpaceEvidence says how much room a volume has.
//
//sumtype:decl
type SpaceEvidence interface{ spaceEvidence() }

// SpaceKnown carries the bytes that this user may still write.
type SpaceKnown struct{ Free int64 }

// SpaceUnknown says that the volume does not tell.
type SpaceUnknown struct{}

func (SpaceKnown) spaceEvidence()   {}
func (SpaceUnknown) spaceEvidence() {}
