package net

import "golang.org/x/sys/windows"

var (
	tooLargeErrors = []error{windows.WSAEMSGSIZE}
	noBufferErrors = []error{windows.WSAENOBUFS, windows.WSAEWOULDBLOCK}
)
