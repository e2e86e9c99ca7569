package net

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// WaitGathered has the kernel wake nobody before n bytes are there (SO_RCVLOWAT).
func (c *socketConn) WaitGathered(n int, span time.Duration) error {
	n = max(n, 1)
	if c.lowWater != n {
		c.lowWater = n
		err := c.raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, n) // else it waits for one byte
		})
		if err != nil {
			return err
		}
	}
	if n == 1 {
		return c.WaitReadable()
	}
	if err := c.tcp.SetReadDeadline(time.Now().Add(span)); err != nil {
		return err
	}
	err := c.WaitReadable()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	return errors.Join(err, c.tcp.SetReadDeadline(time.Time{}))
}
