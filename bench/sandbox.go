//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// roleSandbox is this program as one that takes options of sockets from another.
const roleSandbox = "sandbox"

// sandbox is what a program is measured without.
type sandbox string

const (
	// openSandbox has everything.
	openSandbox sandbox = ""
	// withoutSegments has a kernel that knows neither UDP_SEGMENT nor UDP_GRO.
	withoutSegments sandbox = "without-segments"
	// stockBuffers has the kernel's usual buffers of sockets, whatever is asked for.
	stockBuffers sandbox = "stock-buffers"
)

// refusal is what becomes of some options of sockets: a call that sets or reads one ends
// with errno. With errno 0 it does nothing, and says that it did.
type refusal struct {
	level, option uint32
	errno         syscall.Errno
}

var refusals = map[sandbox][]refusal{
	openSandbox: nil,
	withoutSegments: {
		{unix.IPPROTO_UDP, unix.UDP_SEGMENT, unix.ENOPROTOOPT},
		{unix.IPPROTO_UDP, unix.UDP_GRO, unix.ENOPROTOOPT},
	},
	stockBuffers: {
		{unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, unix.EPERM},
		{unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, unix.EPERM},
	},
}

// quietly are the options that a sandbox lets be set without any effect; they can be read.
var quietly = map[sandbox][]refusal{
	stockBuffers: {{unix.SOL_SOCKET, unix.SO_RCVBUF, 0}, {unix.SOL_SOCKET, unix.SO_SNDBUF, 0}},
}

// sandboxMain is SANDBOX PROGRAM ARGUMENT...
func sandboxMain(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: SANDBOX PROGRAM, and its arguments")
	}
	s := sandbox(args[0])
	if _, known := refusals[s]; !known {
		return fmt.Errorf("there is no sandbox %q", s)
	}
	if s != openSandbox {
		runtime.LockOSThread() // exec keeps what this thread may not do
		if err := install(filterOf(s)); err != nil {
			return fmt.Errorf("the kernel takes no filter of calls: %w", err)
		}
	}
	return syscall.Exec(args[1], args[1:], os.Environ())
}

// filterOf looks at the number, the second and the third argument of each call.
func filterOf(s sandbox) []unix.SockFilter {
	const (
		load, equals, ends = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
		// where a filter finds them in struct seccomp_data
		number, level, option = 0, 24, 32
	)
	var f []unix.SockFilter
	add := func(call uint32, all []refusal) {
		for _, r := range all {
			f = append(f,
				unix.SockFilter{Code: load, K: number}, unix.SockFilter{Code: equals, Jf: 5, K: call},
				unix.SockFilter{Code: load, K: level}, unix.SockFilter{Code: equals, Jf: 3, K: r.level},
				unix.SockFilter{Code: load, K: option}, unix.SockFilter{Code: equals, Jf: 1, K: r.option},
				unix.SockFilter{Code: ends, K: unix.SECCOMP_RET_ERRNO | uint32(r.errno)})
		}
	}
	add(unix.SYS_SETSOCKOPT, refusals[s])
	add(unix.SYS_GETSOCKOPT, refusals[s])
	add(unix.SYS_SETSOCKOPT, quietly[s])
	return append(f, unix.SockFilter{Code: ends, K: unix.SECCOMP_RET_ALLOW})
}

func install(filter []unix.SockFilter) error {
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&program))); errno != 0 {
		return errno
	}
	return nil
}
