// Package storage has the words that a Storage is written in: those that
// etorrent.Storage and etorrent.Store take and answer with. Whoever only chooses a
// Storage does without; whoever writes or wraps one finds here what to return, and
// proves it with package storagetest.
//
// A Store has to be no more than the interface of that name says. What it may be
// beside are interfaces of their own (FileViewer, SpaceViewer, Separator, Keeper,
// FolderViewer, HoleViewer, Linker, GatherWriter), and the engine does without those
// that it is not. A wrapper that embeds the Store that it wraps hides what that one is
// beside; a method Unwrap, which makes it a Wrapper, shows it again.
package storage

import "github.com/etorrent/etorrent/internal/storage"

// The seam itself.
type (
	// Storage opens stores.
	Storage = storage.Storage
	// Store holds the bytes of one torrent.
	Store = storage.Store
	// Wrapper is a Store around another one.
	Wrapper = storage.Wrapper
	// Features is what holds for an open store.
	Features = storage.Features
)

// As is the type assertion of a Store to something that it may be beside, such as a
// FileViewer, also through Wrappers; but for GatherWriter, which is another WriteAt.
func As[T any](s Store) (as T, can bool) { return storage.As[T](s) }

// Sparseness says what a range costs that was never written.
type Sparseness = storage.Sparseness

// What is known of it: nothing, that it takes no space, or that a write behind a
// file's end takes the space before it.
const (
	SparsenessUnknown = storage.SparsenessUnknown
	HolesFree         = storage.HolesFree
	HolesFilled       = storage.HolesFilled
)

// SizeLimit is the most bytes that one file of a store can have.
type SizeLimit = storage.SizeLimit

// The limits that have names: that none is known, and that of FAT.
const (
	SizeLimitUnknown = storage.SizeLimitUnknown
	SizeLimitFAT     = storage.SizeLimitFAT
)

// SizeFit says how a size stands to a limit.
type SizeFit = storage.SizeFit

// The two.
const (
	SizeFits    = storage.SizeFits
	SizeExceeds = storage.SizeExceeds
)
