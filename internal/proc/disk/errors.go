package disk

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/etorrent/etorrent/internal/vocab/ident"
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

var (
	// errAppeared is the cause where a file was absent when the files were looked
	// at, and is there, with something in it, when it is to be made.
	errAppeared = errors.New("appeared a moment ago, and must be looked at first")
	// errUnread is the cause where a torrent that is open comes to want what may lie
	// in a file that was not read.
	errUnread = errors.New("was not wanted so far and must be looked at first")
)

// SharedFileError says that another torrent of this program has the file.
type SharedFileError struct {
	Other string // its name
	ID    ident.TorrentID
	Cause SharedCause
}

// SharedCause says why a file that another torrent has cannot be had now.
type SharedCause uint8

const (
	// SharedWanting says that the other lacks some of the file, and comes first.
	SharedWanting SharedCause = iota
	// SharedDiffering says that the other holds bytes that are not this torrent's.
	SharedDiffering
)

// Error names the other torrent.
func (e *SharedFileError) Error() string {
	if e.Cause == SharedDiffering {
		return fmt.Sprintf("torrent %q has this file too, with other bytes; stop one of the two, or use another folder", e.Other)
	}
	return fmt.Sprintf("torrent %q has this file too, and comes first until it has all of it; stop one of the two, or use another folder", e.Other)
}
