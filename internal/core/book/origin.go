package book

import "net/netip"

// Source is a way by which an endpoint may come to be known.
type Source uint8

// The sources.
const (
	SourcePerson   Source = iota
	SourceTracker         // an answer to an announce
	SourceExchange        // another peer (BEP 11)
	SourceDHT
	SourceLocal    // local service discovery (BEP 14)
	SourceIncoming // it connected to us, and said where it listens
	sources        = iota
)

// Sources is a set of sources.
type Sources uint8

// Has says whether a source is in the set.
func (s Sources) Has(x Source) bool { return s&(1<<x) != 0 }

// Reach says from how far an address can be reached.
type Reach uint8

// The reaches, the wider first.
const (
	ReachWorld   Reach = iota
	ReachSite          // of a private network, or of a link
	ReachMachine       // loopback
)

// ReachOf is the reach of an address; of one that is not known the world.
func ReachOf(a netip.Addr) Reach {
	a = a.Unmap()
	switch {
	case a.IsLoopback():
		return ReachMachine
	case a.IsPrivate(), a.IsLinkLocalUnicast():
		return ReachSite
	}
	return ReachWorld
}

// Origin says who named an endpoint.
type Origin struct {
	Source Source
	// Tracker tells the trackers of SourceTracker apart; any text will do.
	Tracker string
	// At is the reach of the address that the word came from: that of the tracker, of
	// the peer, of the node. Who is far away cannot know what lies near us.
	At Reach
}

// Person is the origin of what a person named.
func Person() Origin { return Origin{Source: SourcePerson, At: ReachMachine} }

// TrackerAt is the origin of what a tracker named. Its address may be the zero Addr
// where it is not known.
func TrackerAt(tracker string, at netip.Addr) Origin {
	return Origin{Source: SourceTracker, Tracker: tracker, At: ReachOf(at)}
}

// lowestPort is the lowest that is dialled unless a person named it: those below it
// are of services that are no peers, which a swarm could be sent against.
const lowestPort = 1024

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// naming says whether an origin may name an endpoint.
type naming uint8

const (
	nameable naming = iota
	notNameable
)

// viewNaming judges an endpoint that an origin named. Only a person may name every
// address that can be a peer's. An address of this machine counts if who named it is
// on it too, one of a private network or a link if it is on this machine or in such a
// network: a stranger that names one has another network in mind, or wants us to
// knock at a neighbour's door.
func viewNaming(to netip.AddrPort, from Origin) naming {
	a := to.Addr()
	switch {
	case !to.IsValid(), to.Port() == 0, a.IsUnspecified(), a.IsMulticast(), a == broadcast:
		return notNameable
	case from.Source == SourcePerson:
		return nameable
	case to.Port() < lowestPort, ReachOf(a) > from.At:
		return notNameable
	}
	return nameable
}

const (
	// trackersTold is how many trackers are told apart; a torrent has 100 at most.
	trackersTold = 128
	markBits     = 64
)

// marks is a set of trackers, by their numbers.
type marks [trackersTold / markBits]uint64

func (m *marks) set(n int)      { m[n/markBits] |= 1 << (n % markBits) }
func (m *marks) clear(n int)    { m[n/markBits] &^= 1 << (n % markBits) }
func (m *marks) has(n int) bool { return m[n/markBits]&(1<<(n%markBits)) != 0 }

// trackers numbers the trackers that named something. Those beyond the last number
// share it, and are forgotten together.
type trackers struct {
	numbers map[string]int
	used    marks
}

// number is that of a tracker, a new one where it has none.
func (t *trackers) number(tracker string) int {
	if n, known := t.numbers[tracker]; known {
		return n
	}
	n := 0
	for n < trackersTold-1 && t.used.has(n) {
		n++
	}
	t.used.set(n)
	if len(t.numbers) < trackersTold-1 {
		t.numbers[tracker] = n
	}
	return n
}

// find is the number of a tracker that may have named something.
func (t *trackers) find(tracker string) int {
	if n, known := t.numbers[tracker]; known {
		return n
	}
	return trackersTold - 1
}

// free gives the number of a tracker away again.
func (t *trackers) free(tracker string, n int) {
	delete(t.numbers, tracker)
	t.used.clear(n)
}
