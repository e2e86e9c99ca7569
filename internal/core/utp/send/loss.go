package send

import (
	"math/bits"
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

// What a mask tells of.
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
	scope    scope
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

// scope says whether the last acknowledgement could tell of all that was sent.
type scope uint8

const (
	upToReach scope = iota
	everything
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
	last := f.next.Previous()
	f.rack.scope = upToReach
	switch {
	case n == 0 && (p.Kind != utpwire.State || f.rack.remote == showsNone):
		f.rack.reach = p.Ack.Next()
	case n == libutpMask:
		f.rack.reach = p.Ack.Add(libutpReach)
	case n >= longMask:
		f.rack.reach = p.Ack.Add(utpwire.MaskOffset - 1 + p.Mask.Bits())
	default:
		f.rack.scope, f.rack.reach = everything, last
	}
	if f.rack.reach.Diff(last) > 0 {
		f.rack.reach = last
	}
}

// viewBeyond finds what of Flying is on its way no more, when something is heard: it was
// sent so long before that it has come, or is lost, and masks do not reach to where they
// would tell which. It looks at all of that, and at few others.
func (f *Flight) viewBeyond(now mono.Instant) {
	if f.episode.kind == NoEpisode || f.rack.scope == everything || f.next.Previous().Diff(f.rack.reach) <= 0 {
		return
	}
	wait := max(f.rack.took, f.rtt.Smoothed()) + f.wideWindow()
	for at := f.sent.open; at != none && f.at(at.number()).last.Add(wait) <= now; {
		s := f.at(at.number())
		if s.sight == onWay && at.number().Diff(f.rack.reach) > 0 {
			s.sight = untold
			f.untold.add(s)
		}
		at = s.after
	}
}

// judge finds the packets that are lost by now, and when the next one will be.
// Whatever acknowledgements come, it looks at few more than it finds, or than a mask
// has bits.
func (f *Flight) judge(now mono.Instant, out *Losses) {
	f.rack.due = mono.Never
	wait := f.rack.took + f.reorderWindow()
	if f.rack.scope == everything {
		for at := f.sent.open; at != none && f.rack.due == mono.Never; {
			n := at.number()
			at = f.at(n).after
			if n.Diff(f.rack.reach) > 0 {
				continue // sent since
			}
			if f.judgeOne(now, n, wait, out) == sentLater {
				return
			}
		}
		return
	}
	for n := f.una; n.Diff(f.rack.reach) <= 0; n = n.Add(64) {
		missing := ^f.arrivedFrom(n) & (^uint64(0) >> max(63-f.rack.reach.Diff(n), 0))
		for ; missing != 0; missing &= missing - 1 {
			if n := n.Add(bits.TrailingZeros64(missing)); f.at(n).state == flying {
				f.judgeOne(now, n, wait, out)
			}
		}
	}
}

// verdict is what is found of a packet.
type verdict uint8

const (
	foundLost verdict = iota
	stillDue
	sentLater // than the last one that has arrived: of it nothing is known
	notBlamed
)

func (f *Flight) judgeOne(now mono.Instant, n serial.Number, wait time.Duration, out *Losses) verdict {
	s := f.at(n)
	if s.order >= f.rack.order {
		return sentLater
	}
	if due := s.last.Add(wait); due > now {
		f.rack.due = mono.Earliest(f.rack.due, due)
		return stillDue
	}
	f.lose(n, lost, out)
	return foundLost
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
	if f.forgive(f.at(n), out) == notBlamed {
		return
	}
	out.add(f.at(n))
	f.blame(f.at(n), out)
}
