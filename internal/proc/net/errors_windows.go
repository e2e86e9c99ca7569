package net

import "golang.org/x/sys/windows"

var (
	takenErrors   = []error{windows.WSAEADDRINUSE, windows.WSAEACCES} // the second where its owner wants it alone
	absentErrors  = []error{windows.WSAEAFNOSUPPORT, windows.WSAEPROTONOSUPPORT}
	refusedErrors = []error{windows.WSAECONNRESET}
	cutErrors     = []error{windows.WSAEMSGSIZE} // a datagram was longer than the room for it
)
