package tracker

import (
	"encoding/binary"
	"net/netip"
)

// RequestEvidence says what a datagram is that a tracker received (BEP 15). Whether
// a connection id is one that was given is the tracker's to know.
//
//sumtype:decl
type RequestEvidence interface{ requestEvidence() }

// ConnectRequest asks for a connection id.
type ConnectRequest struct{ Transaction Transaction }

// AnnounceRequest is an announce. Target is the path and the query of the URL that
// the client uses, if it told them (BEP 41).
type AnnounceRequest struct {
	Connection  Connection
	Transaction Transaction
	Announce    Announce
	Target      string
}

// ScrapeRequest asks for counts, of MaxScrape torrents at most.
type ScrapeRequest struct {
	Connection  Connection
	Transaction Transaction
	Hashes      []InfoHash
}

// RequestMalformed is none of these: it is not answered, since its sender may be
// another than its address says.
type RequestMalformed struct{ Fault RequestFault }

func (ConnectRequest) requestEvidence()   {}
func (AnnounceRequest) requestEvidence()  {}
func (ScrapeRequest) requestEvidence()    {}
func (RequestMalformed) requestEvidence() {}

// RequestFault names what makes a request malformed.
type RequestFault uint8

// The faults.
const (
	// NoRequestFault is the fault of a request that has none.
	NoRequestFault RequestFault = iota
	// RequestTooShort lacks a part.
	RequestTooShort
	// RequestOfUnknownKind has an action that is no request.
	RequestOfUnknownKind
	// RequestOfOtherProtocol is a connect request without the number of BEP 15.
	RequestOfOtherProtocol
)

// String says the fault for people.
func (f RequestFault) String() string {
	switch f {
	case NoRequestFault:
		return "no fault"
	case RequestTooShort:
		return "the request is too short"
	case RequestOfUnknownKind:
		return "the request is of an unknown kind"
	case RequestOfOtherProtocol:
		return "the request is of another protocol"
	}
	return "unknown fault"
}

// ViewRequest looks at a datagram that a tracker received. It keeps nothing of b.
func ViewRequest(b []byte) RequestEvidence {
	if len(b) < requestHead {
		return RequestMalformed{RequestTooShort}
	}
	c, t := Connection(binary.BigEndian.Uint64(b)), Transaction(binary.BigEndian.Uint32(b[12:]))
	switch binary.BigEndian.Uint32(b[8:]) {
	case actionConnect:
		if c != protocolID {
			return RequestMalformed{RequestOfOtherProtocol}
		}
		return ConnectRequest{t}
	case actionAnnounce:
		if len(b) < announceBody {
			return RequestMalformed{RequestTooShort}
		}
		return AnnounceRequest{c, t, viewAnnounce(b), viewURLData(b[announceBody:])}
	case actionScrape:
		return ScrapeRequest{c, t, viewHashes(b[requestHead:])}
	}
	return RequestMalformed{RequestOfUnknownKind}
}

// viewAnnounce reads an announce of at least announceBody bytes. Counters below 0
// are 0, an unknown event is none.
func viewAnnounce(b []byte) Announce {
	number := func(at int) int64 { return max(int64(binary.BigEndian.Uint64(b[at:])), 0) }
	a := Announce{
		InfoHash:   InfoHash(b[16:36]),
		PeerID:     [20]byte(b[36:56]),
		Downloaded: number(56),
		Left:       number(64),
		Uploaded:   number(72),
		Key:        binary.BigEndian.Uint32(b[88:]),
		NumWant:    max(int32(binary.BigEndian.Uint32(b[92:])), NumWantDefault),
		Port:       binary.BigEndian.Uint16(b[96:]),
	}
	if e := binary.BigEndian.Uint32(b[80:]); e <= uint32(Stopped) {
		a.Event = Event(e)
	}
	if ip := netip.AddrFrom4([4]byte(b[84:88])); !ip.IsUnspecified() {
		a.IPv4 = ip
	}
	return a
}

func viewHashes(b []byte) []InfoHash {
	hashes := make([]InfoHash, min(len(b)/len(InfoHash{}), MaxScrape))
	for i := range hashes {
		hashes[i] = InfoHash(b[i*len(InfoHash{}):][:len(InfoHash{})])
	}
	return hashes
}

// The options of BEP 41. Those above optionNOP have a length.
const (
	optionEnd = iota
	optionNOP
	optionURLData

	longestOption = 255
)

// appendURLData appends a path and a query, in as many options as it takes.
func appendURLData(dst []byte, target string) []byte {
	for len(target) > 0 {
		n := min(len(target), longestOption)
		dst = append(append(dst, optionURLData, byte(n)), target[:n]...)
		target = target[n:]
	}
	return dst
}

// viewURLData reads the options behind an announce. What follows an option that is
// longer than the datagram is not there.
func viewURLData(b []byte) string {
	var target []byte
	for len(b) > 0 {
		kind := b[0]
		b = b[1:]
		switch {
		case kind == optionEnd:
			return string(target)
		case kind == optionNOP:
			continue
		case len(b) == 0 || len(b)-1 < int(b[0]):
			return string(target)
		}
		if kind == optionURLData {
			target = append(target, b[1:1+int(b[0])]...)
		}
		b = b[1+int(b[0]):]
	}
	return string(target)
}
