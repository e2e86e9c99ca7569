//go:build !linux && !darwin && !windows

package net

// tuneTCP leaves the platform's defaults alone.
func tuneTCP(uintptr) {}
