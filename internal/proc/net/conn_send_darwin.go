package net

import "golang.org/x/sys/unix"

// maxGather is how many buffers one gathered write carries.
const maxGather = 256

// sendGathered writes buffers by one call. Not Writev, whose list of buffers grows by
// doubling.
func sendGathered(fd int, bufs [][]byte) (int, error) {
	return unix.SendmsgBuffers(fd, bufs, nil, nil, 0)
}
