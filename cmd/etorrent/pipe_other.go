//go:build !windows

package main

import (
	"errors"
	"syscall"
)

// isPipeClosed says whether a write failed since nobody reads any more.
func isPipeClosed(err error) bool { return errors.Is(err, syscall.EPIPE) }
