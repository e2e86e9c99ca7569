// Package delay measures how long packets wait in queues on their way to the remote,
// from stamps of two clocks that have nothing in common but their unit.
//
// A delay as the remote measures it is the time on the way, and the difference of the
// clocks. The base is a delay of a packet that waited in no queue; what others are
// longer than it they have waited. Delays wrap, and are compared by their distance.
package delay

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	minutes    = 13 // that the least delay is remembered
	baseMinute = time.Minute
)

// state says whether anything was measured.
type state uint8

const (
	unmeasured state = iota
	measured
)

// bases has the least delay of each of the last minutes.
type bases struct {
	state  state
	least  utpwire.Delay // of all
	each   [minutes]utpwire.Delay
	minute int64 // the one under way
}

func (b *bases) sample(now mono.Instant, d utpwire.Delay) {
	minute := int64(now) / int64(baseMinute)
	if b.state == unmeasured {
		b.state, b.minute, b.least = measured, minute, d
		for i := range b.each {
			b.each[i] = d
		}
		return
	}
	gone := min(minute-b.minute, minutes)
	for n := range gone {
		b.each[(minute-n)%minutes] = d
	}
	b.minute = minute
	if at := &b.each[minute%minutes]; d.Over(*at) < 0 {
		*at = d
	}
	if gone > 0 {
		b.least = d
		for _, e := range b.each {
			b.least = lesser(b.least, e)
		}
	}
	b.least = lesser(b.least, d)
}

func lesser(a, b utpwire.Delay) utpwire.Delay {
	if b.Over(a) < 0 {
		return b
	}
	return a
}

// shift makes all longer.
func (b *bases) shift(by time.Duration) {
	d := utpwire.Delay(by / time.Microsecond)
	b.least += d
	for i := range b.each {
		b.each[i] += d
	}
}
