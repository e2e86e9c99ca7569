//go:build linux

package main

import "github.com/etorrent/etorrent/internal/testnet/libutp"

// needsLibutp compiles it once, as it is shipped. The peer reads by recvfrom and writes by
// sendto, a call for each datagram, as libutp's own program ucat does.
func needsLibutp(l *lab) error {
	if l.libutp == "" && l.absent[libutpTool] == nil {
		l.libutp, l.absent[libutpTool] = libutp.Build(libutp.Robust)
	}
	return needs(libutpTool)(l)
}
