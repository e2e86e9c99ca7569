package net_test

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// The test runs itself again as a program that a sandbox refuses both calls of many.
func TestDatagramsTravelInASandbox(t *testing.T) {
	if os.Getenv("ETORRENT_TEST_SANDBOX") != "" {
		inSandbox(t)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), "ETORRENT_TEST_SANDBOX=1")
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func inSandbox(t *testing.T) {
	from, to := open(t, nil, pnet.V4, "127.0.0.1:0"), open(t, nil, pnet.V4, "127.0.0.1:0")
	lent := pnet.Segmented(open(t, nil, pnet.V4, "127.0.0.1:0"))
	pass := func() {
		for to, out := range map[pnet.Packets][]pnet.Datagram{to: numbered(100, to.LocalAddr()), lent: alike(100, 1000, lent.LocalAddr())} {
			if n, _, err := from.Write(out); n != len(out) || err != nil {
				t.Fatalf("wrote %d, %v", n, err)
			}
			drain(t, to, 70, out)
		}
	}
	pass()
	if err := forbid(unix.SYS_RECVMMSG, unix.SYS_SENDMMSG); err != nil {
		t.Skip(err)
	}
	for _, nr := range []uintptr{unix.SYS_RECVMMSG, unix.SYS_SENDMMSG} {
		if _, _, errno := unix.Syscall6(nr, ^uintptr(0), 0, 0, 0, 0, 0); errno != unix.EPERM {
			t.Errorf("call %d: %v", nr, errno)
		}
	}
	for range 5 {
		pass()
	}
}

// forbid has system calls of the whole program end with EPERM.
func forbid(a, b uint32) error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 2, K: a},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: b},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
	}
	runtime.LockOSThread() // the first call is of a thread
	defer runtime.UnlockOSThread()
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return errno
	}
	return nil
}
