//go:build !windows

package net

import "syscall"

var (
	takenErrors  = []error{syscall.EADDRINUSE}
	absentErrors = []error{syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT}
	// An address that cannot be had is one of ours, of a family that we have none of.
	noNetworkErrors = []error{syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL}
	noHostErrors    = []error{syscall.EHOSTUNREACH, syscall.EHOSTDOWN}
	refusedErrors   = []error{syscall.ECONNREFUSED}
	tooLargeErrors  = []error{syscall.EMSGSIZE}
	noBufferErrors  = []error{syscall.ENOBUFS, syscall.EAGAIN, syscall.ENOMEM}
	cutErrors       []error // a datagram that is too long is cut without a word
)
