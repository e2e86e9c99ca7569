//go:build !linux

package net

import "syscall"

// tuneSocket leaves the platform's defaults alone.
func tuneSocket(_, _ string, _ syscall.RawConn) error { return nil }
