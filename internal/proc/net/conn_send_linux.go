package net

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// maxGather is how many buffers one gathered write carries.
	maxGather = 128
	// fewBuffers is how many there are in most writes. The list of more has a stack of
	// 2 KiB, which connections that only exchange messages do without.
	fewBuffers = 8
)

// sendGathered writes buffers by one call, and makes the list of them where it costs no
// memory of its own.
func sendGathered(fd int, bufs [][]byte) (int, error) {
	if len(bufs) > fewBuffers {
		return sendLong(fd, bufs)
	}
	var list [fewBuffers]unix.Iovec
	return sendList(fd, list[:], bufs)
}

//go:noinline
func sendLong(fd int, bufs [][]byte) (int, error) {
	var list [maxGather]unix.Iovec
	return sendList(fd, list[:], bufs)
}

func sendList(fd int, list []unix.Iovec, bufs [][]byte) (int, error) {
	for i, b := range bufs {
		list[i].Base = unsafe.SliceData(b)
		list[i].SetLen(len(b))
	}
	header := unix.Msghdr{Iov: unsafe.SliceData(list)}
	header.SetIovlen(len(bufs))
	n, _, errno := syscall.Syscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&header)), 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
