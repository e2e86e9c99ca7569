//go:build unix

package main

import (
	"os"
	"syscall"
)

// hangups are the signals that stop the program, or by which the address filter is
// read again.
var hangups = []os.Signal{syscall.SIGHUP}
