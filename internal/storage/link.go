package storage

import (
	"context"
	"io/fs"
	"path"
)

// Linker is a Store that can make symbolic links.
type Linker interface {
	// Link makes those of the given files (indices in Spec.Files) that are Links
	// and absent, with the folders on the way. Whatever lies in the place of one is
	// left alone. The next Sync makes the links durable. Those that this file
	// system, platform or user cannot have are refused, ascending; the error is a
	// fault that a file would have met as well.
	Link(ctx context.Context, files []int) (refused []FileFault, err error)
	// ViewLink looks at what lies in the place of file i, a Link.
	ViewLink(i int) LinkEvidence
}

// LinkEvidence says what lies in the place of a symbolic link.
//
//sumtype:decl
type LinkEvidence interface{ linkEvidence() }

// LinkThere says that it is the link that it should be.
type LinkThere struct{}

// LinkAbsent says that nothing lies there.
type LinkAbsent struct{}

// LinkOther says that something else lies there, or a link that says something
// else.
type LinkOther struct{}

// LinkUnknown says that the place may not be looked at.
type LinkUnknown struct{ Err error }

func (LinkThere) linkEvidence()   {}
func (LinkAbsent) linkEvidence()  {}
func (LinkOther) linkEvidence()   {}
func (LinkUnknown) linkEvidence() {}

// leadsInside says whether a link's target is a clean relative path to something
// below the folder.
func (f *File) leadsInside() bool {
	to := path.Join(path.Dir(f.Path), f.Target)
	return path.Clean(f.Target) == f.Target && !path.IsAbs(f.Target) && fs.ValidPath(to) && to != "."
}
