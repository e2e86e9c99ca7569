//go:build !windows

package net

import "syscall"

var (
	tooLargeErrors = []error{syscall.EMSGSIZE}
	noBufferErrors = []error{syscall.ENOBUFS, syscall.EAGAIN, syscall.ENOMEM}
)
