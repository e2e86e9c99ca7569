package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

var (
	// ErrClosed is what a closed store answers.
	ErrClosed = fs.ErrClosed
	// ErrOutOfRange answers an offset or a file index that the torrent lacks.
	ErrOutOfRange = errors.New("out of the torrent's range")
	// ErrReadOnly answers a change asked of a store opened ReadOnly.
	ErrReadOnly = fmt.Errorf("store is open for reading only: %w", fs.ErrPermission)
	// ErrTruncated is the cause of a read that met the end of a file too early.
	ErrTruncated = errors.New("file ends too early")
	// ErrNotRegular is the cause where a folder, device or pipe lies in a file's
	// place, or a file in a folder's.
	ErrNotRegular = errors.New("not a regular file")
	// ErrNotFolder is the cause where Spec.Dir is something else than a folder.
	ErrNotFolder = errors.New("not a folder")
	// ErrFolderGone is the cause where files were stored in a folder that is not
	// there any more.
	ErrFolderGone = fmt.Errorf("files were stored in this folder, and it is gone; mount its volume, or make the folder to fetch them again: %w", fs.ErrNotExist)
	// ErrOtherVolume is the cause where the path to the folder leads to another
	// volume than the files were stored on, and none of them is there.
	ErrOtherVolume = fmt.Errorf("files were stored on another volume; mount it, or use --existing replace to fetch them again: %w", fs.ErrNotExist)
	// ErrFolderReplaced is the cause where another folder lies at the path of the
	// one that the files were stored in.
	ErrFolderReplaced = fmt.Errorf("files were stored in this folder, and another one lies at its path now: %w", fs.ErrNotExist)
	// ErrRemoved is the cause where somebody removed or renamed a file that is in
	// use.
	ErrRemoved = fmt.Errorf("another program removed or renamed it while it was in use: %w", fs.ErrNotExist)
	// ErrReplaced is the cause where another file lies at the path of one that is
	// in use.
	ErrReplaced = errors.New("another program replaced it while it was in use")
	// ErrShortened is the cause where a file in use has fewer bytes than it had.
	ErrShortened = fmt.Errorf("another program shortened it while it was in use: %w", ErrTruncated)
	// ErrEdited is the cause where a file that is only read has another size or
	// time of its last write than when it was judged.
	ErrEdited = errors.New("another program changed it while it was in use")
	// ErrLinked is the cause of a write that is refused since the file has other
	// names; Separator makes it one that may be written.
	ErrLinked = errors.New("has other names (hard links), and is not ours alone")
	// ErrEscapes is the cause where a symbolic link leads out of Spec.Dir.
	ErrEscapes = errors.New("leads out of the folder")
)

// ViewStray is the cause of an error that means that another program took a file
// in use away, or changed it; nil of any other.
func ViewStray(err error) error {
	for _, cause := range []error{ErrRemoved, ErrReplaced, ErrShortened, ErrEdited} {
		if errors.Is(err, cause) {
			return cause
		}
	}
	return nil
}

// Error says which operation failed on which file. Path is Spec.Dir joined with
// the file's path, or Dir itself.
type Error struct {
	Op   string
	Path string
	Err  error
}

// Error returns the operation, the path and the cause in one line.
func (e *Error) Error() string { return fmt.Sprintf("%s %q: %v", e.Op, e.Path, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// FileFault is one file that could not be made durable. File is its index in
// Spec.Files.
type FileFault struct {
	File int
	Err  *Error
}

// SyncError names the files that a Sync could not make durable, ascending. All
// that was written to them since their last good Sync is in doubt, whichever
// pieces this Sync was about; Spec.PiecesOf tells the pieces. The other files
// of the call are durable.
type SyncError struct{ Faults []FileFault }

// Error returns the faults in one line.
func (e *SyncError) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.Err.Error()
	}
	return strings.Join(lines, "; ")
}

// Unwrap returns the faults' errors.
func (e *SyncError) Unwrap() []error {
	errs := make([]error, len(e.Faults))
	for i, f := range e.Faults {
		errs[i] = f.Err
	}
	return errs
}

// Files returns the indices of the files that failed, ascending.
func (e *SyncError) Files() []int {
	files := make([]int, len(e.Faults))
	for i, f := range e.Faults {
		files[i] = f.File
	}
	return files
}
