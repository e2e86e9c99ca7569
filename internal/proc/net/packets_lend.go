package net

// lentMost is how many datagrams a Lender without segments reads at once at the most.
const lentMost = 64

// Lender reads a socket into memory of its own, so that datagrams may come as the system
// has them: many of one remote at once.
type Lender interface {
	// Lend waits for a datagram and returns those that are there. They are lent, and their
	// payloads too, until it is called again. An error is as that of Packets.Read.
	Lend() ([]Datagram, error)
}

// NewLender returns what reads p from now on, in the place of p.Read. Of a longer payload
// than room there are the first room bytes.
func NewLender(p Packets, room int) Lender {
	if l := segmentLender(p, room); l != nil {
		return l
	}
	return &plainLender{p: p, room: room}
}

// plainLender has a buffer for each datagram.
type plainLender struct {
	p    Packets
	room int
	into []Datagram
}

// Lend reads into the buffers, which are made at the first time.
func (l *plainLender) Lend() ([]Datagram, error) {
	if l.into == nil {
		l.into = NewDatagrams(lentMost, l.room)
	}
	n, err := l.p.Read(l.into)
	return l.into[:n], err
}
