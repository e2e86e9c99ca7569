package control

import (
	"fmt"
	"os"
	"path/filepath"
)

// shortName is a name for a path that fits into the address of a socket: a long one
// is reached through its open folder. It is one until release is called.
func shortName(path string) (name string, release func(), err error) {
	if len(path) <= longestName {
		return path, func() {}, nil
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	name = fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), filepath.Base(path))
	return name, func() { _ = folder.Close() }, nil
}
