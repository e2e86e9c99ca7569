//go:build !linux

package control

import (
	"fmt"
	"os"
	"path/filepath"
)

// shortName is a name for a path that fits into the address of a socket: a long one
// is named from the working folder, where that is shorter.
func shortName(path string) (name string, release func(), err error) {
	if len(path) <= longestName {
		return path, func() {}, nil
	}
	if here, err := os.Getwd(); err == nil {
		if name, err := filepath.Rel(here, path); err == nil && len(name) <= longestName {
			return name, func() {}, nil
		}
	}
	return "", nil, fmt.Errorf("%s is too long for the path of a socket", path)
}
