// Package archtest has tests of the whole source tree: what may import what,
// who starts goroutines, who holds locks, who waits on whom, and how large and
// how well described things are. Its tables are the lists that the project's
// rules speak of; a new entry stands there with its reason.
package archtest
