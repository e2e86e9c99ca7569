package storage

import "github.com/etorrent/etorrent/internal/storage"

// The errors of a Store.
type (
	// Error says which operation failed on which file.
	Error = storage.Error
	// SyncError names the files that a Sync could not make durable.
	SyncError = storage.SyncError
	// FileFault is one of them.
	FileFault = storage.FileFault
	// SizeLimitError is the cause where a file would exceed the limit of its store.
	SizeLimitError = storage.SizeLimitError
)

// The causes of an Error that a Store has beside those of the system.
var (
	// ErrClosed is what a closed store answers.
	ErrClosed = storage.ErrClosed
	// ErrOutOfRange answers an offset or a file index that the torrent lacks.
	ErrOutOfRange = storage.ErrOutOfRange
	// ErrReadOnly answers a change asked of a store opened ReadOnly.
	ErrReadOnly = storage.ErrReadOnly
	// ErrTruncated is that of a read that met the end of a file too early.
	ErrTruncated = storage.ErrTruncated
	// ErrNotRegular is that of something else than a file in a file's place.
	ErrNotRegular = storage.ErrNotRegular
	// ErrNotFolder is that of something else than a folder in Spec.Dir.
	ErrNotFolder = storage.ErrNotFolder
	// ErrEscapes is that of a symbolic link that leads out of Spec.Dir.
	ErrEscapes = storage.ErrEscapes
	// ErrRemoved is that of a file that somebody removed while it was in use.
	ErrRemoved = storage.ErrRemoved
	// ErrReplaced is that of another file at the path of one in use.
	ErrReplaced = storage.ErrReplaced
	// ErrShortened is that of a file in use that has fewer bytes than it had.
	ErrShortened = storage.ErrShortened
	// ErrLinked is that of a write to a file that has other names.
	ErrLinked = storage.ErrLinked
	// ErrTooLarge is that of every SizeLimitError.
	ErrTooLarge = storage.ErrTooLarge
)

// FaultEvidence says what an error of a store means for the torrent: whether it is
// paused until there is room, say, or its files are opened anew.
type FaultEvidence = storage.FaultEvidence

// View says what a store's error means. It is not for nil.
func View(err error) FaultEvidence { return storage.View(err) }

// What an error may mean.
type (
	// NoSpace says that the volume is full.
	NoSpace = storage.NoSpace
	// QuotaExceeded says that the user's share of the volume is used up.
	QuotaExceeded = storage.QuotaExceeded
	// ReadOnlyFileSystem says that the volume takes no writes.
	ReadOnlyFileSystem = storage.ReadOnlyFileSystem
	// FileTooLarge says that files of this size are not taken.
	FileTooLarge = storage.FileTooLarge
	// InputOutput says that the device failed.
	InputOutput = storage.InputOutput
	// Missing says that the file, its folder or its volume is not there.
	Missing = storage.Missing
	// Truncated says that the file ends before the bytes asked for.
	Truncated = storage.Truncated
	// Changed says that the file is not the one that was in use, or not as it was left.
	Changed = storage.Changed
	// NoPermission says that this user may not do it.
	NoPermission = storage.NoPermission
	// TooManyFiles says that no descriptor is left.
	TooManyFiles = storage.TooManyFiles
	// NameRefused says that the file system does not take the name.
	NameRefused = storage.NameRefused
	// PathBlocked says that something of another kind lies in the way.
	PathBlocked = storage.PathBlocked
	// StoreClosed says that the store was closed.
	StoreClosed = storage.StoreClosed
	// OtherFault is any other error.
	OtherFault = storage.OtherFault
)
