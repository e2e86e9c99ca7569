package net

import "golang.org/x/sys/windows"

var (
	takenErrors  = []error{windows.WSAEADDRINUSE, windows.WSAEACCES} // the second where its owner wants it alone
	absentErrors = []error{windows.WSAEAFNOSUPPORT, windows.WSAEPROTONOSUPPORT}
	// An address that cannot be had is one of ours, of a family that we have none of.
	noNetworkErrors = []error{windows.WSAENETUNREACH, windows.WSAENETDOWN, windows.WSAEADDRNOTAVAIL}
	noHostErrors    = []error{windows.WSAEHOSTUNREACH, windows.WSAEHOSTDOWN}
	refusedErrors   = []error{windows.WSAECONNRESET}
	tooLargeErrors  = []error{windows.WSAEMSGSIZE}
	noBufferErrors  = []error{windows.WSAENOBUFS, windows.WSAEWOULDBLOCK}
	cutErrors       = tooLargeErrors // a datagram was longer than the room for it
)
