//go:build !linux

package net

import "net"

// wrapUDP has nothing to say to the descriptor here.
func wrapUDP(*net.UDPConn) Packets { return nil }

// segmentLender has no segments to read here.
func segmentLender(Packets, int) Lender { return nil }
