package tracker

import (
	"hash/fnv"
	"math"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// MaxQueryBytes is the longest query that a tracker reads.
const MaxQueryBytes = 8 << 10

// Form is how a tracker writes peers over HTTP.
type Form uint8

// The forms: BEP 23 and 7, and that of BEP 3, for those that ask for it.
const (
	Compact Form = iota
	Dictionaries
)

// AnnounceQueryEvidence says what the query of an announce is.
//
//sumtype:decl
type AnnounceQueryEvidence interface{ announceQueryEvidence() }

// AnnounceQuery is an announce, and the form in which the peers are wanted.
type AnnounceQuery struct {
	Announce Announce
	Form     Form
}

// AnnounceQueryMalformed is none.
type AnnounceQueryMalformed struct{ Fault QueryFault }

func (AnnounceQuery) announceQueryEvidence()          {}
func (AnnounceQueryMalformed) announceQueryEvidence() {}

// QueryFault names what makes a query malformed.
type QueryFault uint8

// The faults.
const (
	// NoQueryFault is the fault of a query that has none.
	NoQueryFault QueryFault = iota
	// QueryTooLong has more than MaxQueryBytes.
	QueryTooLong
	// InfoHashMalformed is one that is missing or has not 20 bytes.
	InfoHashMalformed
	// PeerIDMalformed is one that is missing or has not 20 bytes.
	PeerIDMalformed
	// QueryPortMalformed is a port that is missing or no number up to 65535.
	QueryPortMalformed
	// NumberMalformed is a counter that is no number, or below 0.
	NumberMalformed
	// EventUnknown is an event that BEP 3 does not have.
	EventUnknown
	// TooManyHashes is a scrape of more than MaxScrape torrents.
	TooManyHashes
)

// String says the fault for people: a tracker sends it as the failure reason.
func (f QueryFault) String() string {
	switch f {
	case NoQueryFault:
		return "no fault"
	case QueryTooLong:
		return "the query is too long"
	case InfoHashMalformed:
		return "info_hash is missing or has not 20 bytes"
	case PeerIDMalformed:
		return "peer_id is missing or has not 20 bytes"
	case QueryPortMalformed:
		return "port is missing or not between 0 and 65535"
	case NumberMalformed:
		return "a counter is no number"
	case EventUnknown:
		return "unknown event"
	case TooManyHashes:
		return "too many torrents at once"
	}
	return "unknown fault"
}

// ViewAnnounceQuery looks at the query of an announce, without its question mark:
// what a tracker is asked. Of equal parameters the first counts, unknown ones are
// passed over, and so are addresses that are none.
func ViewAnnounceQuery(query string) AnnounceQueryEvidence {
	if len(query) > MaxQueryBytes {
		return AnnounceQueryMalformed{QueryTooLong}
	}
	p := readParameters(query)
	a := Announce{NumWant: NumWantDefault, Left: LeftUnknown}
	form := Compact
	if p.first("compact") == "0" {
		form = Dictionaries
	}
	if f := p.fill(&a); f != NoQueryFault {
		return AnnounceQueryMalformed{f}
	}
	return AnnounceQuery{Announce: a, Form: form}
}

// parameters are the values of a query by their names, percent forms undone.
type parameters map[string][]string

func readParameters(query string) parameters {
	p := parameters{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(value); err == nil {
			p[name] = append(p[name], plain)
		}
	}
	return p
}

func (p parameters) first(name string) string {
	if values := p[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// fill reads an announce.
func (p parameters) fill(a *Announce) QueryFault {
	hash, peer := p.first("info_hash"), p.first("peer_id")
	if len(hash) != len(a.InfoHash) {
		return InfoHashMalformed
	}
	if len(peer) != len(a.PeerID) {
		return PeerIDMalformed
	}
	a.InfoHash, a.PeerID = InfoHash([]byte(hash)), [20]byte([]byte(peer))
	port, err := strconv.ParseUint(p.first("port"), 10, 16)
	if err != nil {
		return QueryPortMalformed
	}
	a.Port = uint16(port)
	if f := max(p.counter("uploaded", &a.Uploaded), p.counter("downloaded", &a.Downloaded), p.counter("left", &a.Left)); f != NoQueryFault {
		return f
	}
	if n, err := strconv.ParseInt(p.first("numwant"), 10, 64); err == nil && n >= 0 {
		a.NumWant = int32(min(n, math.MaxInt32))
	}
	a.Key = keyOf(p.first("key"))
	if id := p.first("trackerid"); len(id) <= MaxTrackerIDBytes {
		a.TrackerID = id
	}
	a.IPv4 = p.address(IPv4, "ipv4", "ip")
	a.IPv6 = p.address(IPv6, "ipv6", "ip")
	return p.event(&a.Event)
}

func (p parameters) counter(name string, to *int64) QueryFault {
	text := p.first(name)
	if text == "" {
		return NoQueryFault
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return NumberMalformed
	}
	*to = n
	return NoQueryFault
}

func (p parameters) event(to *Event) QueryFault {
	switch p.first("event") {
	case "", "empty", "paused": // BEP 21
		*to = Periodic
	case "completed":
		*to = Completed
	case "started":
		*to = Started
	case "stopped":
		*to = Stopped
	default:
		return EventUnknown
	}
	return NoQueryFault
}

// address is the first of some parameters that is an address of the family.
func (p parameters) address(f Family, names ...string) netip.Addr {
	for _, name := range names {
		if a, err := netip.ParseAddr(p.first(name)); err == nil && a.Zone() == "" && familyOf(a) == f {
			return a.Unmap()
		}
	}
	return netip.Addr{}
}

// keyOf makes a number of a key, which may be any text: the number that it is in
// hex, else a hash.
func keyOf(text string) uint32 {
	if text == "" {
		return 0
	}
	if n, err := strconv.ParseUint(text, 16, 32); err == nil {
		return uint32(n)
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(text)) // a hash takes all
	return h.Sum32()
}

// ScrapeQueryEvidence says what the query of a scrape is.
//
//sumtype:decl
type ScrapeQueryEvidence interface{ scrapeQueryEvidence() }

// ScrapeQuery asks for the torrents that it names; none stands for all.
type ScrapeQuery struct{ Hashes []InfoHash }

// ScrapeQueryMalformed is none.
type ScrapeQueryMalformed struct{ Fault QueryFault }

func (ScrapeQuery) scrapeQueryEvidence()          {}
func (ScrapeQueryMalformed) scrapeQueryEvidence() {}

// ViewScrapeQuery looks at the query of a scrape, without its question mark.
func ViewScrapeQuery(query string) ScrapeQueryEvidence {
	if len(query) > MaxQueryBytes {
		return ScrapeQueryMalformed{QueryTooLong}
	}
	var s ScrapeQuery
	for _, hash := range readParameters(query)["info_hash"] {
		if len(hash) != len(InfoHash{}) {
			return ScrapeQueryMalformed{InfoHashMalformed}
		}
		if len(s.Hashes) == MaxScrape {
			return ScrapeQueryMalformed{TooManyHashes}
		}
		s.Hashes = append(s.Hashes, InfoHash([]byte(hash)))
	}
	return s
}
