package disk

import (
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
)

// viewFolder says whether the folder that the row remembers files in is gone, or
// lies on another volume now, with none of them there. A volume that is not
// mounted looks like that, and so does a folder that somebody removed: neither is
// a reason to give the claims up and to write in its place.
func viewFolder(req OpenRequest, st storage.Store, facts []storage.FileFacts) error {
	viewer, can := storage.As[storage.FolderViewer](st)
	if !can || req.Existing == ReplaceExisting || len(req.Row.Files) == 0 {
		return nil
	}
	for _, f := range facts {
		switch f.(type) {
		case storage.Absent, storage.Virtual:
		case storage.Present, storage.Unusable:
			return nil
		}
	}
	switch now := viewer.ViewFolder().(type) {
	case storage.FolderUnknown:
	case storage.FolderMissing:
		return &storage.Error{Op: "open", Path: req.Spec.Dir, Err: storage.ErrFolderGone}
	case storage.FolderThere:
		if viewHome(req.Row.Files, now.Device) == anotherVolume {
			return &storage.Error{Op: "open", Path: req.Spec.Dir, Err: storage.ErrOtherVolume}
		}
	}
	return nil
}

// homeVolume says whether a device is the one that files were stored on.
type homeVolume uint8

const (
	sameVolume homeVolume = iota // or no file's device is known
	anotherVolume
)

func viewHome(files []store.FileFacts, device uint64) homeVolume {
	seen := sameVolume
	for _, f := range files {
		switch f.Device {
		case 0: // not known
		case device:
			return sameVolume
		default:
			seen = anotherVolume
		}
	}
	return seen
}
