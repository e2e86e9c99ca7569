//go:build linux

package links

import (
	"os"
	"strconv"
	"syscall"
	"testing"
	"unsafe"
)

// roundRobin is Linux's class of processes that run before all ordinary ones, in turn.
const roundRobin = 2

// refused is why the system did not let us; 0: it did.
var refused syscall.Errno

// TestMain has the threads of the tests run before others of the machine, where that may
// be: who waits for a processor takes that for a queue, and these take little of one. A
// nice value would not do, since it counts within a session.
func TestMain(m *testing.M) {
	lowest := struct{ priority int32 }{1}
	threads, _ := os.ReadDir("/proc/self/task")
	for _, thread := range threads {
		if id, err := strconv.Atoi(thread.Name()); err == nil {
			_, _, refused = syscall.Syscall(syscall.SYS_SCHED_SETSCHEDULER, uintptr(id), roundRobin, uintptr(unsafe.Pointer(&lowest)))
		}
	}
	os.Exit(m.Run())
}
