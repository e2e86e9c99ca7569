package clock

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// host compares CLOCK_BOOTTIME, which goes on in suspend, with CLOCK_MONOTONIC.
type host struct{}

func newHost() host { return host{} }

func (host) Wall() time.Time { return time.Now() }

func (host) Asleep() time.Duration { return read(unix.CLOCK_BOOTTIME) - read(unix.CLOCK_MONOTONIC) }

func read(id int32) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// never is an instant of the wall clock, in seconds since 1970, that a timer can be
// set to and that does not come; where seconds have 32 bits, the last there is.
const never = min(9_000_000_000, math.MaxInt)

// timerWatch is a timer that never ends, and that the kernel cancels when the wall
// clock is set, which it is after each suspend too: it costs nothing meanwhile.
type timerWatch struct{ timer *os.File }

func (host) Watch() (Watch, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, errors.ErrUnsupported
	}
	at := unix.ItimerSpec{Value: unix.Timespec{Sec: never}}
	err = unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &at, nil)
	timer := os.NewFile(uintptr(fd), "clock changes")
	if err != nil {
		_ = timer.Close()
		return nil, errors.ErrUnsupported
	}
	return &timerWatch{timer}, nil
}

func (w *timerWatch) Wait() error {
	var expirations [8]byte
	_, err := w.timer.Read(expirations[:])
	var at *fs.PathError
	if errors.As(err, &at) && errors.Is(at.Err, unix.ECANCELED) {
		return nil
	}
	return err
}

func (w *timerWatch) Close() error { return w.timer.Close() }
