//go:build linux

package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// The test runs itself again in a sandbox.
func TestASandboxTakesOptionsAway(t *testing.T) {
	const which = "ETORRENT_TEST_BENCH_SANDBOX"
	inside := map[sandbox]func(t *testing.T, fd int){
		withoutSegments: func(t *testing.T, fd int) {
			if _, err := unix.GetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT); !errors.Is(err, unix.ENOPROTOOPT) {
				t.Errorf("UDP_SEGMENT can be read: %v", err)
			}
			if err := unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1); !errors.Is(err, unix.ENOPROTOOPT) {
				t.Errorf("UDP_GRO can be set: %v", err)
			}
		},
		stockBuffers: func(t *testing.T, fd int) {
			before, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
			if err != nil {
				t.Fatal(err)
			}
			if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 2*before); !errors.Is(err, unix.EPERM) {
				t.Errorf("a buffer is forced: %v", err)
			}
			if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, before/4); err != nil {
				t.Error(err)
			}
			if after, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF); after != before || err != nil {
				t.Errorf("a buffer of %d is %d, %v", before, after, err)
			}
		},
	}
	if s := os.Getenv(which); s != "" {
		if os.Getenv(which+"_IN") == "" {
			t.Setenv(which+"_IN", "yes")
			t.Fatal(sandboxMain([]string{s, os.Args[0], "-test.run=^" + t.Name() + "$", "-test.v"}))
		}
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		raw, err := c.(*net.UDPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Control(func(fd uintptr) { inside[sandbox(s)](t, int(fd)) }); err != nil {
			t.Fatal(err)
		}
		return
	}
	for s := range inside {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		child.Env = append(os.Environ(), which+"="+string(s))
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", s, err, out)
		}
	}
}
