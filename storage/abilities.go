package storage

import "github.com/etorrent/etorrent/internal/storage"

// What a Store may be beside.
type (
	// GatherWriter writes from several places of the memory at once.
	GatherWriter = storage.GatherWriter
	// SpaceViewer can say how much room its volume has.
	SpaceViewer = storage.SpaceViewer
	// Separator has files that may have other names, which a write would change too.
	Separator = storage.Separator
	// Keeper can do without files that nobody wants, though they share pieces with
	// files that somebody does.
	Keeper = storage.Keeper
	// FileViewer can look at a file which is in use.
	FileViewer = storage.FileViewer
	// FolderViewer lies in a folder which may come and go.
	FolderViewer = storage.FolderViewer
	// HoleViewer can tell holes from data without reading.
	HoleViewer = storage.HoleViewer
	// Linker can make symbolic links.
	Linker = storage.Linker
)

// SpaceEvidence says how much room a volume has: SpaceKnown or SpaceUnknown.
type SpaceEvidence = storage.SpaceEvidence

// The evidence of a SpaceViewer.
type (
	// SpaceKnown carries the bytes that this user may still write.
	SpaceKnown = storage.SpaceKnown
	// SpaceUnknown says that the volume does not tell.
	SpaceUnknown = storage.SpaceUnknown
)

// FolderEvidence says what a path to a folder leads to: FolderThere, FolderMissing or
// FolderUnknown.
type FolderEvidence = storage.FolderEvidence

// The evidence of a FolderViewer.
type (
	// FolderThere carries the number of the device that the folder lies on.
	FolderThere = storage.FolderThere
	// FolderMissing says that there is no folder.
	FolderMissing = storage.FolderMissing
	// FolderUnknown says that the path may not be looked at.
	FolderUnknown = storage.FolderUnknown
)

// HoleEvidence says whether a range must be read to know its bytes.
type HoleEvidence = storage.HoleEvidence

// The evidence of a HoleViewer.
const (
	HoleUnknown = storage.HoleUnknown
	AllHole     = storage.AllHole
	HasData     = storage.HasData
)

// LinkEvidence says what lies in the place of a symbolic link: LinkThere, LinkAbsent,
// LinkOther or LinkUnknown.
type LinkEvidence = storage.LinkEvidence

// The evidence of a Linker.
type (
	// LinkThere says that it is the link that it should be.
	LinkThere = storage.LinkThere
	// LinkAbsent says that nothing lies there.
	LinkAbsent = storage.LinkAbsent
	// LinkOther says that something else lies there.
	LinkOther = storage.LinkOther
	// LinkUnknown says that the place may not be looked at.
	LinkUnknown = storage.LinkUnknown
)
