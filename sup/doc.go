// Package sup is OTP supervision for Go: trees of processes that start in
// order, stop in reverse order, are restarted when they crash, and whose
// supervisors give up to their own supervisors when that does not help.
//
// A process is a goroutine, or a group of them, with a Body; its supervisor
// starts it, hears of its end as an Exit and decides what follows by Strategy,
// restart type and Intensity. Processes share no state: they hear from one
// another through a Mailbox, ask through a Call, and learn of each other's death
// by Monitor or Link.
//
// A Cell is less than a process: one of many values that a process steps under a
// guard, so that a panic discards it alone.
//
// The decisions are made by a pure core, in internal/decide; this package is the
// goroutines around it.
package sup
