//go:build !windows

package net

import "syscall"

var (
	takenErrors   = []error{syscall.EADDRINUSE}
	absentErrors  = []error{syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT}
	refusedErrors = []error{syscall.ECONNREFUSED}
	cutErrors     []error // a datagram that is too long is cut without a word
)
