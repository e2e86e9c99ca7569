package main

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isPipeClosed says whether a write failed since nobody reads any more.
func isPipeClosed(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}
