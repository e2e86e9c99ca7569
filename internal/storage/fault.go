package storage

import (
	"errors"
	"io/fs"
)

// FaultEvidence says what an error of a store means for the torrent.
//
//sumtype:decl
type FaultEvidence interface{ faultEvidence() }

type (
	// NoSpace says that the volume is full.
	NoSpace struct{}
	// QuotaExceeded says that the user's share of the volume is used up.
	QuotaExceeded struct{}
	// ReadOnlyFileSystem says that the volume takes no writes.
	ReadOnlyFileSystem struct{}
	// FileTooLarge says that the file system or a limit of the process does not
	// take files of this size (4 GiB on FAT).
	FileTooLarge struct{}
	// InputOutput says that the device failed.
	InputOutput struct{}
	// Missing says that the file, its folder or its volume is not there.
	Missing struct{}
	// Truncated says that the file ends before the bytes asked for.
	Truncated struct{}
	// Changed says that the file is not the one that was in use, or not as it was
	// left: another program replaced or changed it.
	Changed struct{}
	// NoPermission says that this user may not do it, or that the store is open
	// for reading only.
	NoPermission struct{}
	// TooManyFiles says that the process or the machine has no descriptor left.
	TooManyFiles struct{}
	// NameRefused says that the file system does not take the name.
	NameRefused struct{}
	// PathBlocked says that what lies in the file's place or on the way is of
	// another kind, or a symbolic link that leads out of the folder.
	PathBlocked struct{}
	// StoreClosed says that the store was closed.
	StoreClosed struct{}
	// OtherFault is any other error.
	OtherFault struct{ Err error }
)

func (NoSpace) faultEvidence()            {}
func (QuotaExceeded) faultEvidence()      {}
func (ReadOnlyFileSystem) faultEvidence() {}
func (FileTooLarge) faultEvidence()       {}
func (InputOutput) faultEvidence()        {}
func (Missing) faultEvidence()            {}
func (Truncated) faultEvidence()          {}
func (Changed) faultEvidence()            {}
func (NoPermission) faultEvidence()       {}
func (TooManyFiles) faultEvidence()       {}
func (NameRefused) faultEvidence()        {}
func (PathBlocked) faultEvidence()        {}
func (StoreClosed) faultEvidence()        {}
func (OtherFault) faultEvidence()         {}

// faultRow says what an error in a chain means.
type faultRow struct {
	is    error
	means FaultEvidence
}

// portableFaults hold on every platform. The first row that matches decides, so
// the store's own causes stand before what the system's errors stand for.
var portableFaults = []faultRow{
	{ErrTruncated, Truncated{}},
	{ErrTooLarge, FileTooLarge{}},
	{ErrReplaced, Changed{}},
	{ErrEdited, Changed{}},
	{ErrNotRegular, PathBlocked{}},
	{ErrNotFolder, PathBlocked{}},
	{ErrEscapes, PathBlocked{}},
	{ErrClosed, StoreClosed{}},
}

// View says what a store's error means. Of a SyncError it views the first
// fault. It is not for nil.
func View(err error) FaultEvidence {
	var several *SyncError
	if errors.As(err, &several) && len(several.Faults) > 0 {
		err = several.Faults[0].Err
	}
	for _, rows := range [][]faultRow{portableFaults, systemFaults, genericFaults} {
		for _, r := range rows {
			if errors.Is(err, r.is) {
				return r.means
			}
		}
	}
	return OtherFault{Err: err}
}

// genericFaults are the families of package fs, which a system's error belongs
// to when no row of its own names it.
var genericFaults = []faultRow{
	{fs.ErrNotExist, Missing{}},
	{fs.ErrPermission, NoPermission{}},
}
