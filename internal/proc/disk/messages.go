// Package disk is the process that owns the open files of one volume: it
// assembles, verifies, writes, syncs and claims the pieces of every torrent
// that lies there, and reads ahead for uploads.
package disk

import (
	"github.com/etorrent/etorrent/internal/core/assign"
	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/metainfo"
	"github.com/etorrent/etorrent/sup"
)

// Existing says what to do with files that lie there and that the row does not
// vouch for.
type Existing uint8

// The policies. CheckExisting reads and hashes them first; where no piece of a
// non-empty file matches and the row knows nothing of it, it is not touched.
// TrustExisting claims those that are as long as they should be, as Trusted, without
// reading, and does the same with others. RefuseExisting refuses
// the torrent. ReplaceExisting writes over them.
const (
	CheckExisting Existing = iota
	TrustExisting
	RefuseExisting
	ReplaceExisting
)

// OpenRequest opens a torrent on its volume. It may be repeated: a torrent that
// is open stays as it is, and the disk's own truth is answered.
type OpenRequest struct {
	Torrent  ident.TorrentID
	Epoch    store.Epoch
	Spec     storage.Spec
	Verifier metainfo.Verifier
	Row      *store.Row    // claims, partials and file facts as last kept
	Written  *pieceset.Set // pieces that a former disk process reported written since; nil: none
	Prepare  []int         // files to make where they are absent
	Edges    []int         // files that share pieces with those, and need not exist
	Wanted   *pieceset.Set // pieces that are worth checking
	Existing Existing
	Verify   *pieceset.Set // pieces that a person wants read and hashed; nil: none
}

// OpenEvidence says how an open ended.
//
//sumtype:decl
type OpenEvidence interface{ openEvidence() }

// Opened says that the torrent is open. Claimed is what the row vouches for, of
// which every file is as it was left. Checking is the number of pieces that are
// now read and hashed, whose end is reported by CheckEnded. Longer are the files
// with bytes behind those of the torrent, which are left alone.
type Opened struct {
	Claimed  *pieceset.Set
	Checking int
	Reason   event.CheckReason
	Features storage.Features
	Longer   []LongerFile
}

// LongerFile is a file, by its index, and how many bytes it has.
type LongerFile struct {
	File int
	Size int64
}

// WouldOverwrite says that a file lies there which must not be touched.
type WouldOverwrite struct{ Path string }

// OpenFailed says that the environment does not let the torrent open.
type OpenFailed struct {
	Fault storage.FaultEvidence
	Err   error
}

func (Opened) openEvidence()         {}
func (WouldOverwrite) openEvidence() {}
func (OpenFailed) openEvidence()     {}

// StoreBlocks moves a slab with blocks of one holder, which are noted in it, to the
// disk.
type StoreBlocks struct {
	Torrent ident.TorrentID
	Holder  assign.HolderID
	Slab    slab.Slab
}

// ReadRun asks for Length bytes (at most slab.Size) from Begin on in a written
// piece. Exactly one ReadDone comes for it, with an error if the disk process
// restarts meanwhile.
type ReadRun struct {
	Torrent       ident.TorrentID
	Piece         pieceset.Index
	Begin, Length uint32
	Reader        Reader
	Reply         *sup.Mailbox[ReadDone]
}

// Reader says who reads what a ReadRun brings.
type Reader uint8

// The readers: this program, or nobody but the kernel, in system calls.
const (
	ReadByUs Reader = iota
	ReadByKernel
)

// ReadDone answers a ReadRun. The slab, of which Data is a part, is the receiver's; so is
// the mapping that comes in place of both where the kernel alone reads. There is neither
// if Err is set.
type ReadDone struct {
	Piece         pieceset.Index
	Begin, Length uint32
	Data          []byte
	Slab          slab.Slab
	Mapping       storage.Mapping
	Err           error
}

// Release gives back what the bytes lie in, if there is anything.
func (d *ReadDone) Release() {
	if !d.Slab.IsNone() {
		d.Slab.Release()
	}
	if !d.Mapping.IsNone() {
		d.Mapping.Release()
	}
}

// Report is what the disk tells those who attached themselves to a torrent.
//
//sumtype:decl
type Report interface{ diskReport() }

// Snapshot is the first report after an Attach: what the disk has now. Blocks
// that are with the disk and not yet on it count as stored.
type Snapshot struct {
	Held     *pieceset.Set // verified (written or about to be)
	Written  *pieceset.Set
	Partials map[pieceset.Index]assign.BlockSet
}

// PieceVerified, PieceWritten and PiecesDurable are the three words, in their
// order: the hash is right; the bytes are in the file; they are synced and
// claimed. The first two come for each piece, so many of them lie in one object.
type (
	PieceVerified struct{ Piece pieceset.Index }
	PieceWritten  struct{ Piece pieceset.Index }
	PiecesDurable struct{ Pieces *pieceset.Set }
)

// PieceCorrupt says that a piece's hash was wrong and its blocks are dropped.
// Blocks has one entry a block, with the holder that sent it as the sender; it is
// nil where the blocks could not be read again, or were there before.
type PieceCorrupt struct {
	Piece  pieceset.Index
	Blocks []core.Suspect
}

// PieceDigested comes after PieceVerified for a piece that was corrupt before.
// Digests has one entry a block; it is nil where they could not be read.
type PieceDigested struct {
	Piece   pieceset.Index
	Digests []core.Digest
}

// PiecesLost says that the disk holds pieces no more that it had reported.
type PiecesLost struct{ Pieces *pieceset.Set }

// CheckProgress and CheckEnded report on a check.
type (
	CheckProgress struct{ Done, Total int }
	CheckEnded    struct{ Good, Bad int }
)

// NothingMatched says that a check found non-empty files of which no piece
// matches and which no row of ours knows: they are not touched, and the torrent
// stays closed to writes.
type NothingMatched struct{ Path string }

// LinksRefused says that symbolic links were left out, since the file system does
// not take them.
type LinksRefused struct {
	First  *storage.Error
	Others int
}

// ClaimsWait says that the row does not take what is durable, which is tried again
// until ClaimsGoOn. It comes once.
type (
	ClaimsWait struct{ Err error }
	ClaimsGoOn struct{}
)

// TorrentFaulted says that the environment does not let the torrent go on. It
// holds what it claimed; Open tries again.
type TorrentFaulted struct {
	Fault storage.FaultEvidence
	Err   error
}

// FilesChanged says that somebody took files of the torrent away or changed them
// while it was open. Their pieces are not served until it is closed and opened
// again, which compares the files with the row. It is told again to whoever opens
// the torrent without closing it.
type FilesChanged struct{}

// DiskRestarted says that the disk process lost its memory: the torrent must be
// opened again, and attached to.
type DiskRestarted struct{}

func (Snapshot) diskReport()       {}
func (*PieceVerified) diskReport() {}
func (*PieceWritten) diskReport()  {}
func (PiecesDurable) diskReport()  {}
func (PieceCorrupt) diskReport()   {}
func (PieceDigested) diskReport()  {}
func (PiecesLost) diskReport()     {}
func (CheckProgress) diskReport()  {}
func (CheckEnded) diskReport()     {}
func (NothingMatched) diskReport() {}
func (LinksRefused) diskReport()   {}
func (ClaimsWait) diskReport()     {}
func (ClaimsGoOn) diskReport()     {}
func (TorrentFaulted) diskReport() {}
func (FilesChanged) diskReport()   {}
func (DiskRestarted) diskReport()  {}
