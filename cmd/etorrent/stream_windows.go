package main

import "golang.org/x/sys/windows"

// canDraw says whether the console obeys escape sequences, and asks it to.
func (s *stream) canDraw() bool {
	console := windows.Handle(s.fd)
	var mode uint32
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
