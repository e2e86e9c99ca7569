package cong

import "time"

// Stage says what the window of a control is for.
type Stage uint8

// The stages.
const (
	Starting Stage = iota // it grows until a queue forms
	Steady                // delay and losses say
	Slowdown              // next to nothing flies, to show how long the path is
)

// View is what a control thinks of the path, for people who look on.
type View struct {
	Stage  Stage
	Queued time.Duration // how long packets wait, as measured last
	Base   time.Duration // the least round trip, 0: not known
	Target time.Duration // how long packets may wait
}

// View says what is measured, and for what the window is.
func (q *quiet) View() View {
	return View{Stage: q.phase, Queued: q.waits, Base: q.meter.Base(), Target: q.buffer.target()}
}

// View says what is measured; libutp knows no round trip without a queue.
func (l *ledbat) View() View {
	return View{Stage: l.growth, Queued: l.queued, Target: ledbatTarget}
}
