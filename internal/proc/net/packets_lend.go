package net

import "time"

// lentMost is how many datagrams a Lender without segments reads at once at the most.
const lentMost = 64

// Lender reads a socket into memory of its own, so that datagrams may come as the system
// has them: many of one remote at once.
type Lender interface {
	// Lend waits for a datagram and returns those that are there. They are lent, and their
	// payloads too, until it is called again. An error is as that of Packets.Read.
	Lend() (Reading, error)
	// More naps, and then returns what is there, without a wait for it. What was lent before
	// is not any more.
	More(nap time.Duration) (Reading, error)
}

// Reading is what was read at once.
type Reading struct {
	Datagrams []Datagram
	Messages  int // that the datagrams came in: several may come as one
	Rest      Rest
}

// Rest says what is left to be read.
type Rest uint8

// What may be left.
const (
	NoneLeft Rest = iota // nothing, when it was read
	MayBeLeft
)

// NewLender returns what reads p from now on, in the place of p.Read. Of a longer payload
// than room there are the first room bytes.
func NewLender(p Packets, room int) Lender {
	if l := segmentLender(p, room); l != nil {
		return l
	}
	return &plainLender{from: inletOf(p), room: room}
}

// inlet is where a Lender without segments reads.
type inlet interface {
	// Read is that of Packets.
	Read(into []Datagram) (int, error)
	// TryRead naps and then reads without a wait, where that is possible.
	TryRead(nap time.Duration, into []Datagram) (int, error)
}

// waitingInlet is what can only wait.
type waitingInlet struct{ Packets }

// TryRead reads nothing.
func (waitingInlet) TryRead(time.Duration, []Datagram) (int, error) { return 0, nil }

// plainLender has a buffer for each datagram.
type plainLender struct {
	from inlet
	room int
	into []Datagram
}

// Lend reads into the buffers, which are made at the first time.
func (l *plainLender) Lend() (Reading, error) {
	n, err := l.from.Read(l.buffers())
	return l.lend(n), err
}

// More reads into the same.
func (l *plainLender) More(nap time.Duration) (Reading, error) {
	n, err := l.from.TryRead(nap, l.buffers())
	return l.lend(n), err
}

func (l *plainLender) buffers() []Datagram {
	if l.into == nil {
		l.into = NewDatagrams(lentMost, l.room)
	}
	return l.into
}

func (l *plainLender) lend(n int) Reading {
	r := Reading{Datagrams: l.into[:n], Messages: n}
	if n == len(l.into) {
		r.Rest = MayBeLeft
	}
	return r
}
