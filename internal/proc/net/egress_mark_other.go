//go:build !unix

package net

// mark does nothing: Windows lets its administrator say how traffic is marked, and
// nobody else.
func mark(uintptr, Family, DSCP) {}
