package sqlite

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// ViewPlace looks on what the folder, an absolute path, lies.
func ViewPlace(dir string) Place {
	root, err := windows.UTF16PtrFromString(filepath.VolumeName(dir) + `\`)
	if err != nil {
		return PlaceShared
	}
	switch windows.GetDriveType(root) {
	case windows.DRIVE_FIXED, windows.DRIVE_REMOVABLE, windows.DRIVE_RAMDISK:
		return PlaceLocal
	}
	return PlaceShared
}
