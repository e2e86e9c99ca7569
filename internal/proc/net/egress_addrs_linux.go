package net

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// addrsSocket hears what the kernel tells of addresses (rtnetlink(7)), in whole
// messages that nobody reads: they only say that something changed.
type addrsSocket struct{ news *os.File }

// WatchAddrs listens to the kernel.
func (host) WatchAddrs() (AddrsWatch, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, errors.ErrUnsupported
	}
	at := &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR}
	err = unix.Bind(fd, at)
	news := os.NewFile(uintptr(fd), "address changes")
	if err != nil {
		_ = news.Close()
		return nil, errors.ErrUnsupported
	}
	return &addrsSocket{news}, nil
}

func (s *addrsSocket) Wait() error {
	var message [4096]byte
	_, err := s.news.Read(message[:])
	if errors.Is(err, unix.ENOBUFS) {
		return nil // there was more than the kernel could keep
	}
	return err
}

func (s *addrsSocket) Close() error { return s.news.Close() }
