//go:build !unix

package main

import "os"

// hangups are the signals that stop the program, or by which the address filter is
// read again: there is none here.
var hangups []os.Signal
