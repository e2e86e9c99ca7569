//go:build unix

package main

import (
	"os"
	"syscall"
)

// hangups are the signals by which the address filter is read again.
var hangups = []os.Signal{syscall.SIGHUP}
