package send

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	// fewArrived is how many packets beyond a missing one show, where the path was not
	// seen to reorder, that it need not be waited for (RFC 8985, BEP 29).
	fewArrived = 3
	// maxFactor bounds how often the window for reordering is widened.
	maxFactor = 64
	// keptEpisodes is for how many episodes it stays so (RFC 8985).
	keptEpisodes = 16
)

// What a mask tells of (UTP.md has what others send).
const (
	libutpMask   = 4   // bytes, always
	libutpReach  = 31  // packets after the acknowledged one
	longMask     = 128 // bytes: one of these may be cut off
	shownByDupes = 3   // acknowledgements that repeat one show that something is missing
)

// rack is what RFC 8985 keeps of a connection.
type rack struct {
	order    uint64        // of the last sending that has arrived
	took     time.Duration // its round trip
	furthest serial.Number // the furthest that has arrived
	reach    serial.Number // the furthest that the last acknowledgement could tell of
	due      mono.Instant  // when the next packet is lost, unless it arrives
	path     path
	remote   remote
	factor   int    // of the window for reordering
	kept     int    // episodes until the factor is 1 again
	widened  uint64 // what was sent by then does not widen it again
	repeats  int    // acknowledgements in a row that told nothing
}

// path says whether packets were seen to overtake each other.
type path uint8

const (
	keepsOrder path = iota
	reorders
)

// remote says whether the other end was seen to send masks.
type remote uint8

const (
	showsNone remote = iota
	sendsMasks
)

// reorderWindow is how much longer than another a packet may take.
func (f *Flight) reorderWindow() time.Duration {
	if f.rack.path == keepsOrder && (f.episode.kind != NoEpisode || f.sacked >= fewArrived) {
		return 0
	}
	return f.wideWindow()
}

func (f *Flight) wideWindow() time.Duration {
	return min(f.rtt.Least()/4*time.Duration(f.rack.factor), f.rtt.Smoothed())
}

// noteReach notes of which packets the acknowledgement would have told, had they
// arrived. That of libutp tells of 31 packets, and of none where it comes with data.
// Only who has sent a mask says by sending none that nothing waits.
func (f *Flight) noteReach(p *utpwire.Packet, kind AckKind) {
	n := len(p.Mask)
	if n > 0 {
		f.rack.remote = sendsMasks
	}
	if kind == Behind {
		return
	}
	to := f.next.Previous()
	switch {
	case n == 0 && (p.Kind != utpwire.State || f.rack.remote == showsNone):
		to = p.Ack.Next()
	case n == libutpMask:
		to = p.Ack.Add(libutpReach)
	case n >= longMask:
		to = p.Ack.Add(utpwire.MaskOffset - 1 + p.Mask.Bits())
	}
	if last := f.next.Previous(); to.Diff(last) > 0 {
		to = last
	}
	f.rack.reach = to
}

// judge finds the packets that are lost by now, and when the next one will be.
func (f *Flight) judge(now mono.Instant, out *Losses) {
	f.rack.due = mono.Never
	wait := f.rack.took + f.reorderWindow()
	for at := f.sent.open; at != none; {
		n, s := at.number(), f.at(at.number())
		at = s.after
		if s.order >= f.rack.order {
			return
		}
		if n.Diff(f.rack.reach) > 0 {
			continue
		}
		if due := s.last.Add(wait); due > now {
			f.rack.due = due
			return
		}
		f.lose(n, lost, out)
	}
}

// viewHole finds that the first missing packet is lost again, or lost at all where
// there are no masks: an acknowledgement that repeats another was made long after the
// packet should have come.
func (f *Flight) viewHole(p *utpwire.Packet, st *step) {
	if st.out.Arrived.Packets > 0 || f.una == f.next {
		f.rack.repeats = 0
		return
	}
	if st.out.Kind != Repeats || p.Kind != utpwire.State {
		return
	}
	f.rack.repeats++
	s := f.at(f.una)
	missing := f.rack.repeats >= shownByDupes || f.sacked > 0 && s.times > 1
	wait := max(f.rack.took, f.rtt.Smoothed()) + f.wideWindow()
	if missing && s.state == flying && wait > 0 && s.last.Add(wait) <= st.now {
		f.lose(f.una, lost, &st.out.Lost)
	}
}

// lose has a packet that flies be lost.
func (f *Flight) lose(n serial.Number, as state, out *Losses) {
	f.ground(n, as)
	out.add(f.at(n))
	f.blame(f.at(n), out)
}
