package net

import (
	"errors"

	"golang.org/x/sys/windows"
)

// forceBuffer has no bound to pass here.
func forceBuffer(uintptr, int, int) error { return errors.ErrUnsupported }

func bufferOf(fd uintptr, way int) (int, error) {
	return windows.GetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, [...]int{windows.SO_RCVBUF, windows.SO_SNDBUF}[way])
}
