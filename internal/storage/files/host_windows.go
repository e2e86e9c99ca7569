package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/etorrent/etorrent/internal/storage"
)

// openAtOnce is nothing here: opening does not wait.
const openAtOnce = 0

// flushMode is what a file must be open for to be flushed.
const flushMode = storage.ReadWrite

// flushData makes data and size of a file durable.
func flushData(f *os.File) error { return f.Sync() }

// flushFolder does nothing: folders are journalled with their files.
func flushFolder(*os.File) error { return nil }

// isUnable is never so: who reads only is not flushed.
func isUnable(error) bool { return false }

// dropCache does nothing: there is no call for it.
func dropCache(*os.File) {}

// allocate sets n bytes aside for a new file.
func allocate(f *os.File, n int64) error { return f.Truncate(n) }

// basicInfo is FILE_BASIC_INFO; times of 0 stay as they are.
type basicInfo struct {
	times      [4]int64
	attributes uint32
	_          uint32
}

// hide hides a file in listings. Where the file system knows no such attribute
// the file is shown, which is no reason to stop.
func hide(f *os.File) {
	info := basicInfo{attributes: windows.FILE_ATTRIBUTE_HIDDEN | windows.FILE_ATTRIBUTE_ARCHIVE}
	_ = windows.SetFileInformationByHandle(windows.Handle(f.Fd()), windows.FileBasicInfo,
		(*byte)(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
}

// cloneFile cannot make a file share the bytes of another.
func cloneFile(to, from *os.File) error { return errors.ErrUnsupported }

// viewVolume names the drive or share that holds dir.
func viewVolume(dir string) (storage.Features, error) {
	if _, err := os.Stat(dir); err != nil {
		return storage.Features{}, err
	}
	volume := "volume " + strings.ToUpper(filepath.VolumeName(dir))
	return storage.Features{Volume: volume, Sparseness: storage.HolesFilled, Largest: viewSizeLimit(dir)}, nil
}

// viewSizeLimit asks the volume that holds dir for the name of its file system.
func viewSizeLimit(dir string) storage.SizeLimit {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return storage.SizeLimitUnknown
	}
	root := make([]uint16, windows.MAX_LONG_PATH)
	if err := windows.GetVolumePathName(path, &root[0], uint32(len(root))); err != nil {
		return storage.SizeLimitUnknown
	}
	var name [windows.MAX_PATH + 1]uint16
	if err := windows.GetVolumeInformation(&root[0], nil, 0, nil, nil, nil, &name[0], uint32(len(name))); err != nil {
		return storage.SizeLimitUnknown
	}
	switch windows.UTF16ToString(name[:]) {
	case "FAT", "FAT32":
		return storage.SizeLimitFAT
	}
	return storage.SizeLimitUnknown
}

// storedBytes is what a file takes at most.
func storedBytes(info os.FileInfo) int64 { return info.Size() }

// presentOf asks for the numbers of a regular file that stat leaves out.
func presentOf(root *os.Root, name string, info os.FileInfo) storage.FileFacts {
	facts := storage.Present{Size: info.Size(), ModTime: info.ModTime(), Links: 1}
	f, err := root.Open(name)
	if err != nil {
		return facts
	}
	defer shut(f)
	var d windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &d); err == nil {
		facts.Device, facts.Links = uint64(d.VolumeSerialNumber), uint64(d.NumberOfLinks)
		facts.Inode = uint64(d.FileIndexHigh)<<32 | uint64(d.FileIndexLow)
	}
	return facts
}

// identityOf asks for the identity of an open file.
func identityOf(f *os.File, _ os.FileInfo) identity {
	var d windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &d); err != nil {
		return identity{}
	}
	return identity{uint64(d.VolumeSerialNumber), uint64(d.FileIndexHigh)<<32 | uint64(d.FileIndexLow)}
}

// viewNumbers asks the volume that holds dir for its file system.
func viewNumbers(dir string) numbers {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return numbersPass
	}
	var volume [windows.MAX_PATH + 1]uint16
	if err := windows.GetVolumePathName(path, &volume[0], uint32(len(volume))); err != nil {
		return numbersPass
	}
	var system [windows.MAX_PATH + 1]uint16
	if err := windows.GetVolumeInformation(&volume[0], nil, 0, nil, nil, nil, &system[0], uint32(len(system))); err != nil {
		return numbersPass
	}
	switch windows.UTF16ToString(system[:]) {
	case "NTFS", "ReFS":
		return numbersStay
	}
	return numbersPass
}

// ViewSpace asks the volume for its room.
func (s *store) ViewSpace() storage.SpaceEvidence {
	dir, err := windows.UTF16PtrFromString(existing(s.spec.Dir))
	if err != nil {
		return storage.SpaceUnknown{}
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(dir, &free, nil, nil); err != nil {
		return storage.SpaceUnknown{}
	}
	return storage.SpaceKnown{Free: int64(min(free, 1<<62))}
}

// deviceOf is 0: a path's own volume number is not in what stat tells.
func deviceOf(os.FileInfo) uint64 { return 0 }
