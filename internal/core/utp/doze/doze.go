// Package doze says when who reads a socket naps before it reads again. Where datagrams come one
// by one at a high rate each of them would be a wake-up, which costs more than what it brings; a
// short nap makes many of one, as network cards do for their drivers.
package doze

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// Longest is the longest nap, and what it may add to a round trip.
	Longest = 250 * time.Microsecond
	// Shortest is what a timer of the system is good for.
	Shortest = 50 * time.Microsecond
	// WorthMessages is how many messages must be expected of the longest nap, for any.
	WorthMessages = 4
	// EnoughMessages is how many a nap is to bring; more would only come later.
	EnoughMessages = 64
	// EnoughBytes is the same in bytes.
	EnoughBytes = 256 << 10
	// shareOfRoom is the part of what a socket holds that a nap may bring, as the system may wake
	// us late.
	shareOfRoom = 8
	// fullPacket is how many bytes of room one message is counted for.
	fullPacket = 1402
	// evidence is for how long there must have been reads, and forgetful after how long without
	// one they say nothing any more.
	evidence  = 500 * time.Microsecond
	forgetful = 5 * time.Millisecond
)

// Doze is what is known of one socket. The zero Doze is awake.
type Doze struct {
	last     mono.Instant // of the last read that brought something
	looked   mono.Instant // of the last one
	span     time.Duration
	messages int64 // in the span, as bytes; both fade
	bytes    int64
	napped   napped
}

// napped says whether the last read came behind a nap.
type napped uint8

const (
	awake napped = iota
	asleep
)

// Kind says what is next.
type Kind uint8

// What may be next.
const (
	Await Kind = iota // until something comes
	Again             // it is read, after the nap
)

// Step is what is next.
type Step struct {
	Kind Kind
	Nap  time.Duration
}

// Came notes that a read brought something. One that brought nothing after a nap has the next
// wait be for what comes.
func (d *Doze) Came(now mono.Instant, messages, bytes int) {
	since := now.Sub(d.last)
	d.looked = now
	switch {
	case messages == 0 && d.napped == awake:
		return
	case messages == 0, since >= forgetful, since < 0:
		*d = Doze{last: now, looked: now}
		return
	}
	d.last, d.napped = now, awake
	d.span += since
	d.messages += int64(messages)
	d.bytes += int64(bytes)
	if d.span >= 4*evidence {
		d.span, d.messages, d.bytes = d.span/2, d.messages/2, d.bytes/2
	}
}

// Next says what follows the last read, when all that it brought was looked at. The socket holds
// so many bytes of full packets; 0: that is not known.
func (d *Doze) Next(now mono.Instant, room int) Step {
	nap := d.nap(room)
	if nap < Shortest {
		return Step{Kind: Await}
	}
	if nap -= now.Sub(d.looked); nap < Shortest/2 {
		return Step{Kind: Again}
	}
	d.napped = asleep
	return Step{Kind: Again, Nap: nap}
}

// nap is how long it takes until enough came, Longest at most; 0: that is not worth it.
func (d *Doze) nap(room int) time.Duration {
	if d.span < evidence || d.messages*int64(Longest) < WorthMessages*int64(d.span) {
		return 0
	}
	messages := min(EnoughMessages, int64(room/fullPacket/shareOfRoom))
	bytes := min(EnoughBytes, int64(room/shareOfRoom))
	span := min(int64(Longest), messages*int64(d.span)/d.messages, bytes*int64(d.span)/max(1, d.bytes))
	return time.Duration(span)
}
