//go:build !windows

package control

import (
	"errors"
	"os"
	"syscall"
)

// isRefused says whether nobody has a socket open.
func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// protect keeps others from connecting; their folder keeps them too.
func protect(path string) error { return os.Chmod(path, 0o600) }

// unborn ends the name of a socket that takes no connections yet.
const unborn = ".new"

// nameIt gives a socket that takes connections the name at which it is looked for.
func nameIt(unborn, name string) error { return os.Rename(unborn, name) }
