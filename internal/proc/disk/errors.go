package disk

import (
	"errors"
	"fmt"
	"syscall"
)

// NoRoomError says that a volume has less room than the torrent still needs.
type NoRoomError struct {
	Dir        string
	Need, Free int64 // bytes
}

// Error tells how much is missing.
func (e *NoRoomError) Error() string {
	return fmt.Sprintf("no room in %s: %d bytes are needed and %d are free", e.Dir, e.Need, e.Free)
}

// Unwrap makes the error view as a full volume.
func (e *NoRoomError) Unwrap() error { return syscall.ENOSPC }

// errAppeared is the cause where a file was absent when the files were looked at,
// and is there, with something in it, when it is to be made.
var errAppeared = errors.New("appeared a moment ago, and must be looked at first")
