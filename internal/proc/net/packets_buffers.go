package net

import (
	"errors"
	"syscall"
)

const (
	// maxBuffer is the most that is asked for, in bytes: Linux doubles it into 31 bits.
	maxBuffer = 1 << 29
	// minBuffer is where asking ends.
	minBuffer = 1 << 12
)

// buffersOf asks for buffers of a socket and reads what it has. Linux gives less than
// is asked for without a word; other systems refuse it, and are asked for half.
func buffersOf(raw syscall.RawConn, want int) (receive, send int, err error) {
	var sizes [2]int
	var of [2]error
	err = raw.Control(func(fd uintptr) {
		for way := range sizes {
			size := min(want, maxBuffer)
			for forced := forceBuffer(fd, way, size); forced != nil && size >= minBuffer && setBuffer(fd, way, size) != nil; size /= 2 {
			}
			sizes[way], of[way] = bufferOf(fd, way)
		}
	})
	return sizes[0], sizes[1], errors.Join(err, of[0], of[1])
}

func (p *portablePackets) Buffers(want int) (receive, send int, err error) {
	if p.udp == nil {
		return 0, 0, errors.ErrUnsupported
	}
	raw, err := p.udp.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	return buffersOf(raw, want)
}
