package storage

import (
	"errors"
	"fmt"
)

// SizeLimit is the most bytes that one file of a store can have.
type SizeLimit int64

const (
	// SizeLimitUnknown is what a store says that knows of no limit.
	SizeLimitUnknown SizeLimit = 0
	// SizeLimitFAT is that of FAT, which keeps sizes in 32 bits.
	SizeLimitFAT SizeLimit = 1<<32 - 1
)

// String is the limit in words.
func (l SizeLimit) String() string {
	switch l {
	case SizeLimitUnknown:
		return "any size"
	case SizeLimitFAT:
		return "4 GiB less one byte"
	}
	return fmt.Sprintf("%d bytes", int64(l))
}

// SizeFit says how a size stands to a limit.
type SizeFit uint8

const (
	// SizeFits says that no limit is known which forbids it.
	SizeFits SizeFit = iota
	// SizeExceeds says that no file can get there.
	SizeExceeds
)

// View compares a size in bytes with the limit.
func (l SizeLimit) View(size int64) SizeFit {
	if l == SizeLimitUnknown || size <= int64(l) {
		return SizeFits
	}
	return SizeExceeds
}

// ErrTooLarge is the cause of every SizeLimitError.
var ErrTooLarge = errors.New("larger than a file can be on this file system")

// SizeLimitError is the cause where a file would have to exceed the limit of its
// store.
type SizeLimitError struct{ Limit SizeLimit }

// Error tells the limit and what can be done.
func (e *SizeLimitError) Error() string {
	return fmt.Sprintf("a file on this file system has at most %v; choose another folder, or leave the file out (--select), with those that share its last piece", e.Limit)
}

// Unwrap makes it one of ErrTooLarge.
func (e *SizeLimitError) Unwrap() error { return ErrTooLarge }
