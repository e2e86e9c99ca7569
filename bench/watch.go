//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	anonEvery   = 20 * time.Millisecond
	growthEvery = 5 * time.Millisecond
)

// anonOf is the anonymous memory of a program in bytes: without the files that it
// maps.
func anonOf(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return parseKilobytes(string(b), "RssAnon")
}

// parseKilobytes finds a line "NAME: N kB".
func parseKilobytes(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		value, is := strings.CutPrefix(line, name+":")
		if !is {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		return n << 10, err
	}
	return 0, errors.New("there is no " + name)
}

// every calls look at once and then again and again until the function that it
// returns is called, which may be done more than once.
func every(d time.Duration, look func()) (end func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(d)
		defer tick.Stop()
		for {
			look()
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		running.Wait()
	})
}

// anonWatch keeps the peak of a program's anonymous memory.
type anonWatch struct {
	peak int64
	stop func()
}

func watchAnon(pid int) *anonWatch {
	w := &anonWatch{}
	w.stop = every(anonEvery, func() {
		if n, err := anonOf(pid); err == nil { // it may have ended
			w.peak = max(w.peak, n)
		}
	})
	return w
}

func (w *anonWatch) end() int64 {
	w.stop()
	return w.peak
}

// point is how many bytes of a file were there at an instant.
type point struct {
	at    time.Time
	bytes int64
}

// growthWatch follows how much of a file has been written, by the space that it
// takes, so that all programs are seen by the same clock.
type growthWatch struct {
	points []point
	stop   func()
}

func watchGrowth(file string) *growthWatch {
	w := &growthWatch{}
	w.stop = every(growthEvery, func() {
		at := time.Now()
		var st syscall.Stat_t
		if err := syscall.Stat(file, &st); err != nil {
			return // it is not there before its first byte
		}
		w.points = append(w.points, point{at, st.Blocks * 512})
	})
	return w
}

func (w *growthWatch) end() []point {
	w.stop()
	return w.points
}

// middleRate is the rate in bytes per second between a quarter and three quarters
// of the size.
func middleRate(points []point, size int64) (float64, error) {
	from, errFrom := whenGrown(points, size/4)
	to, errTo := whenGrown(points, size-size/4)
	if err := errors.Join(errFrom, errTo); err != nil {
		return 0, err
	}
	if to <= from {
		return 0, errors.New("the copy grew faster than it was looked at")
	}
	return float64(size-2*(size/4)) / (to - from).Seconds(), nil
}

// whenGrown is when a file reached a size, counted from the first point, on the
// straight line between the points around it.
func whenGrown(points []point, size int64) (time.Duration, error) {
	for i, p := range points {
		if p.bytes < size {
			continue
		}
		at := p.at.Sub(points[0].at)
		if i == 0 {
			return at, nil
		}
		last := points[i-1]
		share := float64(p.bytes-size) / float64(p.bytes-last.bytes)
		return at - time.Duration(share*float64(p.at.Sub(last.at))), nil
	}
	return 0, fmt.Errorf("the copy was not seen with %d bytes", size)
}
