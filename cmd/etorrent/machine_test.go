package main

import (
	"os"
	"strconv"
	"strings"
)

// machineTime is the time of all cores since the machine began, in ticks.
type machineTime struct{ idle, all float64 }

// machineNow reads it; zero where the system does not tell.
func machineNow() (m machineTime) {
	stat, _ := os.ReadFile("/proc/stat")
	first, _, _ := strings.Cut(string(stat), "\n")
	for n, field := range strings.Fields(first) {
		ticks, _ := strconv.ParseFloat(field, 64) // 0 of the name of the line
		m.all += ticks
		if n == 4 || n == 5 { // idle, and waiting for a device
			m.idle += ticks
		}
	}
	return m
}

// idleShare is the part of the machine that nobody has used since; all of it where that is not
// known.
func (m machineTime) idleShare() float64 {
	now := machineNow()
	if now.all == m.all {
		return 1
	}
	return (now.idle - m.idle) / (now.all - m.all)
}
