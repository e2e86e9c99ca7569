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
