//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package net

import "errors"

// WatchAddrs has nobody to listen to here: the addresses are looked at once in a
// while.
func (host) WatchAddrs() (AddrsWatch, error) { return nil, errors.ErrUnsupported }
