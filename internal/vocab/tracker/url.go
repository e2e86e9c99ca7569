package tracker

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/etorrent/etorrent/internal/vocab/endpoint"
)

// MaxURLBytes is the longest announce URL that is taken.
const MaxURLBytes = 8 << 10

// Scheme is the protocol that a tracker speaks.
type Scheme uint8

// The schemes: BEP 3 for the first two, BEP 15 for UDP.
const (
	HTTP Scheme = iota
	HTTPS
	UDP
)

// String is the scheme as a URL begins with it.
func (s Scheme) String() string {
	switch s {
	case HTTP:
		return "http"
	case HTTPS:
		return "https"
	case UDP:
		return "udp"
	}
	return "unknown scheme"
}

// DefaultPort is where a tracker is when its URL names no port. BEP 15 has none
// for UDP; other clients take 80.
func (s Scheme) DefaultPort() uint16 {
	switch s {
	case HTTPS:
		return 443
	case HTTP, UDP:
	}
	return 80
}

// URL is an announce URL. It is comparable, and equal URLs name one tracker. It
// may hold a passkey, so printing it in any way gives what String does; Secret
// has all of it.
type URL struct {
	scheme Scheme
	user   string // name:password as written; empty for UDP
	host   string // lower case, IPv6 without brackets
	port   uint16
	path   string // empty, or from its slash on; only bytes that may stand in a request
	query  string // without the question mark
}

// Scheme is the protocol.
func (u URL) Scheme() Scheme { return u.scheme }

// Host is the name or address of the tracker, in lower case, without brackets.
func (u URL) Host() string { return u.host }

// Port is the port, also where the URL named none.
func (u URL) Port() uint16 { return u.port }

// Target is the path and the query, which is what a tracker hears of its URL.
func (u URL) Target() string {
	if u.query == "" {
		return u.path
	}
	return u.path + "?" + u.query
}

// Secret is the whole URL: for the wire and for the row, never for people.
func (u URL) Secret() string { return u.base() + u.Target() }

// base is what stands before the path.
func (u URL) base() string {
	if u.user == "" {
		return u.scheme.String() + "://" + u.HostPort()
	}
	return u.scheme.String() + "://" + u.user + "@" + u.HostPort()
}

// HostPort is the host and, where it is not the scheme's own, the port, as a URL
// has them.
func (u URL) HostPort() string { return u.withPort(u.host) }

func (u URL) withPort(host string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if u.port == u.scheme.DefaultPort() {
		return host
	}
	return host + ":" + strconv.Itoa(int(u.port))
}

// URLEvidence says what a text is that should be an announce URL.
//
//sumtype:decl
type URLEvidence interface{ urlEvidence() }

// URLUsable may be announced to, as far as the URL tells: where its host turns
// out to be is for ViewAddress.
type URLUsable struct{ URL URL }

// URLLocal is an HTTP URL of this machine or its own network whose path is no
// announce path: a torrent must not make us call what else listens there.
type URLLocal struct{ URL URL }

// URLMalformed is no announce URL.
type URLMalformed struct{ Fault URLFault }

func (URLUsable) urlEvidence()    {}
func (URLLocal) urlEvidence()     {}
func (URLMalformed) urlEvidence() {}

// URLFault names what makes an announce URL malformed.
type URLFault uint8

// The faults.
const (
	// NoURLFault is the fault of a URL that has none.
	NoURLFault URLFault = iota
	// URLTooLong has more than MaxURLBytes.
	URLTooLong
	// SchemeUnknown is none of http, https and udp.
	SchemeUnknown
	// HostMalformed is a host that is missing, or neither a name nor an address.
	HostMalformed
	// PortMalformed is no number from 1 to 65535.
	PortMalformed
)

// String says the fault for people.
func (f URLFault) String() string {
	switch f {
	case NoURLFault:
		return "no fault"
	case URLTooLong:
		return "the tracker's URL is too long"
	case SchemeUnknown:
		return "the tracker's URL does not begin with http://, https:// or udp://"
	case HostMalformed:
		return "the tracker's URL has no host that can be looked up"
	case PortMalformed:
		return "the tracker's URL has a port that is not between 1 and 65535"
	}
	return "unknown fault"
}

// ViewURL looks at what a torrent or a person calls a tracker.
func ViewURL(text string) URLEvidence {
	text = strings.TrimSpace(text)
	if len(text) > MaxURLBytes {
		return URLMalformed{URLTooLong}
	}
	scheme, rest, _ := strings.Cut(text, "://")
	u := URL{}
	switch strings.ToLower(scheme) {
	case "http":
		u.scheme = HTTP
	case "https":
		u.scheme = HTTPS
	case "udp":
		u.scheme = UDP
	default:
		return URLMalformed{SchemeUnknown}
	}
	rest, _, _ = strings.Cut(rest, "#")
	slash := strings.IndexAny(rest, "/?")
	if slash < 0 {
		slash = len(rest)
	}
	if f := u.viewAuthority(rest[:slash]); f != NoURLFault {
		return URLMalformed{f}
	}
	path, query, _ := strings.Cut(rest[slash:], "?")
	u.path, u.query = requestable(path), requestable(query)
	if u.viewHost() == AddressForbidden {
		return URLLocal{u}
	}
	return URLUsable{u}
}

// viewAuthority reads what stands between the scheme and the path.
func (u *URL) viewAuthority(s string) URLFault {
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		if u.scheme != UDP { // which has no place for it
			u.user = requestable(s[:at])
		}
		s = s[at+1:]
	}
	port := strconv.Itoa(int(u.scheme.DefaultPort()))
	if colon := strings.LastIndexByte(s, ':'); colon > strings.LastIndexByte(s, ']') {
		if s[colon+1:] != "" { // RFC 3986 allows a colon without a port
			port = s[colon+1:]
		}
		s = s[:colon]
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return PortMalformed
	}
	at, err := endpoint.Parse(s + ":1")
	if err != nil {
		return HostMalformed
	}
	switch at := at.(type) {
	case endpoint.Address:
		addr := netip.AddrPort(at).Addr()
		if addr.Zone() != "" {
			return HostMalformed // a zone means something on one machine only
		}
		u.host = addr.Unmap().String()
	case endpoint.Name:
		u.host = strings.ToLower(at.Host)
	}
	u.port = uint16(n)
	return NoURLFault
}

// requestable writes the bytes in percent form that may not stand in a request.
func requestable(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
