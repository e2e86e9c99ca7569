package clock

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// host compares the runtime's monotonic clock, which goes on in suspend here, with
// one that does not.
type host struct{ origin time.Time }

func newHost() host { return host{origin: time.Now()} }

func (host) Wall() time.Time { return time.Now() }

var queryUnbiasedInterruptTime = windows.NewLazySystemDLL("kernel32.dll").NewProc("QueryUnbiasedInterruptTime")

func (h host) Asleep() time.Duration {
	var awake uint64 // in units of 100 ns
	if ok, _, _ := queryUnbiasedInterruptTime.Call(uintptr(unsafe.Pointer(&awake))); ok == 0 {
		return 0
	}
	return time.Since(h.origin) - time.Duration(awake)*100
}

func (host) Watch() (Watch, error) { return nil, errors.ErrUnsupported }
