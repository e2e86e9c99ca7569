package net

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// maxSegments is how many datagrams leave as one message at the most: what every kernel
	// that has UDP_SEGMENT takes.
	maxSegments = 64
	// maxSegmented is how many bytes of payload they have at the most, so that their headers
	// have room in the length of a packet, whatever options it has.
	maxSegmented = 65_000
	// segmentBytes is what the size of segments takes beside a message, in bytes.
	segmentBytes = 2
)

// segments is what is known of messages of several datagrams, which the kernel or the
// network card cuts into them (UDP_SEGMENT). It belongs to who has the turn to write.
type segments struct {
	// refusals is how many such messages in a row were refused whose datagrams were not.
	refusals uint8
	// singly is how many of the next datagrams of a Write leave by themselves, since their
	// message was refused, and why says how.
	singly int
	why    syscall.Errno
}

// probe asks whether the kernel has segments. One that has not takes no notice of their
// size, and would send all of a message as one datagram.
func (s *segments) probe(fd uintptr) {
	if _, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT); err != nil {
		s.refusals = maxRefusals
	}
}

// begin is for the datagrams of another Write.
func (s *segments) begin() { s.singly, s.why = 0, 0 }

// span says how many datagrams from at on leave as one message: all are of one size, but
// the last, which may be shorter. What may be cut on its way leaves by itself, as segments
// must not be larger than the path takes.
func (s *segments) span(at int, of []Datagram) int {
	first, n := &of[at], 1
	size := len(first.Payload)
	if at < s.singly || s.refusals >= maxRefusals || size == 0 || first.Fragmentation == FragmentFreely || first.Company == Alone {
		return n
	}
	of = of[at:min(len(of), at+maxSegments)]
	for bytes := size; n < len(of); n++ {
		d := &of[n]
		bytes += len(d.Payload)
		switch {
		case d.Company == Alone, d.Remote != first.Remote || d.Local != first.Local || d.Fragmentation != first.Fragmentation:
			return n
		case len(d.Payload) == 0 || len(d.Payload) > size || bytes > maxSegmented:
			return n
		case len(d.Payload) < size:
			return n + 1
		}
	}
	return n
}

// judge looks at what became of messages, of which some were sent. The error is that of
// the next one; there is none where its datagrams are to be tried one by one, so that
// the right one is told of it.
func (s *segments) judge(b *bundle, sent int, errno syscall.Errno) syscall.Errno {
	carried := b.carried(sent)
	switch {
	case carried == 0:
	case carried > sent:
		s.refusals = 0
	case s.singly > 0 && refusesSegments(s.why):
		s.refusals++
	}
	if carried > 0 {
		s.singly, s.why = max(0, s.singly-carried), 0
	}
	if errno == 0 || b.carried(sent+1) == carried+1 || errno != unix.EMSGSIZE && !refusesSegments(errno) {
		return errno
	}
	s.singly, s.why = b.carried(sent+1)-carried, errno
	return 0
}

// refusesSegments says whether an error may be of the segments: of the route's device
// (EIO), of a kernel, or of something between it and us.
func refusesSegments(errno syscall.Errno) bool {
	switch errno {
	case unix.EIO, unix.EINVAL, unix.ENOPROTOOPT, unix.EOPNOTSUPP:
		return true
	}
	return false
}
