//go:build linux

package relay

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// quietEnough is the part of the processors that other programs may have: beyond it how
// long something took is theirs.
const quietEnough = 0.25

// spent is how much of the processors all programs had, and how much we and the programs
// that we waited for.
type spent struct {
	at         time.Time
	processors int
	all, ours  time.Duration
}

func spentNow(t testing.TB) spent {
	t.Helper()
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	s := spent{at: time.Now()}
	first, rest, _ := strings.Cut(string(stat), "\n")
	s.processors = strings.Count("\n"+rest, "\ncpu")
	for i, field := range strings.Fields(first)[1:] { // user, nice, system, idle, iowait, irq, softirq, steal, and what is part of user
		if ticks, err := strconv.ParseInt(field, 10, 64); err == nil && i != 3 && i != 4 && i < 8 {
			s.all += time.Duration(ticks) * time.Second / 100
		}
	}
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			t.Fatal(err)
		}
		s.ours += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return s
}

// others is the part of the processors that other programs had since.
func (s spent) others(t testing.TB) float64 {
	t.Helper()
	now := spentNow(t)
	theirs := now.all - s.all - (now.ours - s.ours)
	return float64(theirs) / float64(now.at.Sub(s.at)) / float64(now.processors)
}
