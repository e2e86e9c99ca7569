//go:build !windows

package main

// canDraw says whether the terminal obeys escape sequences.
func (s *stream) canDraw() bool { return true }
