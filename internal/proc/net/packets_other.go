//go:build !linux

package net

import (
	"errors"
	"net"
)

// wrapUDP has nothing to say to the descriptor here.
func wrapUDP(*net.UDPConn) Packets { return nil }

// segmentLender has no segments to read here.
func segmentLender(Packets, int) Lender { return nil }

// inletOf can only wait here.
func inletOf(p Packets) inlet { return waitingInlet{p} }

// forceBuffer has no way past the administrator's bound here, or none is needed.
func forceBuffer(uintptr, int, int) error { return errors.ErrUnsupported }
