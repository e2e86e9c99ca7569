//go:build linux

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// machine is how long the machine had been busy at an instant, and with what.
type machine struct {
	at    time.Time
	cores int
	busy  time.Duration // of all cores, stolen time included
	own   time.Duration // of this program, of those that it ended, and of the kernel's threads
}

// userTick is the unit of /proc's times (USER_HZ).
const userTick = time.Second / 100

func lookAtMachine() (machine, error) {
	m := machine{at: time.Now()}
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return m, err
	}
	if m.busy, m.cores, err = parseStat(stat, interruptTimes()); err != nil {
		return m, err
	}
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if err := syscall.Getrusage(who, &r); err != nil {
			return m, err
		}
		m.own += time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	m.own += kernelThreads()
	return m, nil
}

// foreignSince is the share of the machine that other programs used.
func (m machine) foreignSince(before machine) float64 {
	span := m.at.Sub(before.at) * time.Duration(m.cores)
	if span <= 0 {
		return 0
	}
	return max(0, float64((m.busy-before.busy)-(m.own-before.own))/float64(span))
}

// interruptAccount says where the kernel puts the time of interrupts.
type interruptAccount uint8

const (
	// withPrograms: it is part of the times of the programs that they interrupt.
	withPrograms interruptAccount = iota
	// apart: no program has it, so it is nobody's.
	apart
)

// parseStat reads /proc/stat: the busy time of all cores, and how many there are.
func parseStat(stat []byte, interrupts interruptAccount) (busy time.Duration, cores int, err error) {
	for line := range strings.Lines(string(stat)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || !strings.HasPrefix(fields[0], "cpu"):
		case fields[0] != "cpu":
			cores++
		case len(fields) < 9:
			return 0, 0, fmt.Errorf("/proc/stat has %d times", len(fields)-1)
		default:
			busyFields := []int{1, 2, 3, 6, 7, 8} // user nice system irq softirq steal
			if interrupts == apart {
				busyFields = []int{1, 2, 3, 8}
			}
			for _, n := range busyFields {
				ticks, err := strconv.ParseInt(fields[n], 10, 64)
				if err != nil {
					return 0, 0, fmt.Errorf("/proc/stat: %w", err)
				}
				busy += time.Duration(ticks) * userTick
			}
		}
	}
	if cores == 0 {
		return 0, 0, errors.New("/proc/stat names no core")
	}
	return busy, cores, nil
}

// interruptTimes asks the kernel's configuration; one that does not tell is taken
// for a kernel that counts interrupts with programs.
var interruptTimes = sync.OnceValue(func() interruptAccount {
	if b, err := os.ReadFile("/boot/config-" + kernel("kernel/osrelease")); err == nil {
		return accountIn(bytes.NewReader(b))
	}
	f, err := os.Open("/proc/config.gz")
	if err != nil {
		return withPrograms
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		return withPrograms
	}
	return accountIn(r)
})

func accountIn(config io.Reader) interruptAccount {
	for lines := bufio.NewScanner(config); lines.Scan(); {
		if lines.Text() == "CONFIG_IRQ_TIME_ACCOUNTING=y" {
			return apart
		}
	}
	return withPrograms
}

// kernelThreads is the time of the kernel's own threads. What they do during a run,
// such as writing back, is done for it.
func kernelThreads() time.Duration {
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	var sum time.Duration
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		if parent, spent, err := parseProcess(string(b)); err == nil && parent == kthreadd {
			sum += spent
		}
	}
	return sum
}

// kthreadd is the parent of all threads of the kernel.
const kthreadd = 2

// parseProcess reads /proc/PID/stat: the parent, and the time of user and system.
func parseProcess(stat string) (parent int, spent time.Duration, err error) {
	end := strings.LastIndex(stat, ") ") // a name may have parentheses
	fields := strings.Fields(stat[end+1:])
	if end < 0 || len(fields) < 13 {
		return 0, 0, errors.New("a process has too few fields")
	}
	var n [3]int64
	for i, at := range []int{1, 11, 12} {
		if n[i], err = strconv.ParseInt(fields[at], 10, 64); err != nil {
			return 0, 0, err
		}
	}
	return int(n[0]), time.Duration(n[1]+n[2]) * userTick, nil
}

// kernel reads one setting below /proc/sys.
func kernel(name string) string {
	b, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

func host() string {
	return fmt.Sprintf("%s %s, Linux %s, %d cores", runtime.Version(), runtime.GOARCH, kernel("kernel/osrelease"), runtime.NumCPU())
}
