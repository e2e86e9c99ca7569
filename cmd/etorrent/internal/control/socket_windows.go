package control

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isRefused says whether nobody has a socket open.
func isRefused(err error) bool { return errors.Is(err, windows.WSAECONNREFUSED) }

// protect leaves who may connect to the folder, whose permissions the file inherits.
func protect(string) error { return nil }

// unborn is empty: nothing says that the file of an open socket can be renamed.
const unborn = ""

// nameIt has nothing to do.
func nameIt(_, _ string) error { return nil }
