//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package net

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// addrsSocket hears what the kernel tells of addresses (route(4)).
type addrsSocket struct{ news *os.File }

// WatchAddrs listens to the kernel.
func (host) WatchAddrs() (AddrsWatch, error) {
	fd, err := unix.Socket(unix.AF_ROUTE, unix.SOCK_RAW, unix.AF_UNSPEC)
	if err != nil {
		return nil, errors.ErrUnsupported
	}
	unix.CloseOnExec(fd)
	err = unix.SetNonblock(fd, true)
	news := os.NewFile(uintptr(fd), "address changes")
	if err != nil {
		_ = news.Close()
		return nil, errors.ErrUnsupported
	}
	return &addrsSocket{news}, nil
}

// messageType is where the type stands in a message, which begins with its length in
// two bytes and its version in one.
const messageType = 3

func (s *addrsSocket) Wait() error {
	var message [2048]byte
	for {
		n, err := s.news.Read(message[:])
		switch {
		case errors.Is(err, unix.ENOBUFS): // there was more than the kernel could keep
			return nil
		case err != nil:
			return err
		case n <= messageType:
		case message[messageType] == unix.RTM_NEWADDR || message[messageType] == unix.RTM_DELADDR:
			return nil
		}
	}
}

func (s *addrsSocket) Close() error { return s.news.Close() }
