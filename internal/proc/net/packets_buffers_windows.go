package net

import "golang.org/x/sys/windows"

func bufferOf(fd uintptr, way int) (int, error) {
	return windows.GetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, [...]int{windows.SO_RCVBUF, windows.SO_SNDBUF}[way])
}

func setBuffer(fd uintptr, way, size int) error {
	return windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, [...]int{windows.SO_RCVBUF, windows.SO_SNDBUF}[way], size)
}
