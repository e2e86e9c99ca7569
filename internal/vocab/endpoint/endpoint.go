// Package endpoint reads what a person calls a peer, or a place to listen:
// HOST:PORT, where HOST is an address or a name.
package endpoint

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// Endpoint is what was read.
//
//sumtype:decl
type Endpoint interface {
	endpoint()
	String() string
}

// Address is an address and a port.
type Address netip.AddrPort

// Name is the name of a host, to be looked up, and a port.
type Name struct {
	Host string
	Port uint16
}

func (Address) endpoint() {}
func (Name) endpoint()    {}

// String is ADDRESS:PORT.
func (a Address) String() string { return netip.AddrPort(a).String() }

// String is HOST:PORT.
func (n Name) String() string { return n.Host + ":" + strconv.Itoa(int(n.Port)) }

// Error says that a text is no endpoint.
type Error struct{ Text string }

// Error tells the text and what was expected.
func (e *Error) Error() string { return fmt.Sprintf("%q is no HOST:PORT", e.Text) }

// longestName is the most bytes of a name in the DNS (RFC 1035, 2.3.4).
const longestName = 253

// Parse reads HOST:PORT. An IPv6 address stands in brackets. The port may be 0.
// The error is an *Error.
func Parse(s string) (Endpoint, error) {
	if at, err := netip.ParseAddrPort(s); err == nil {
		return Address(at), nil
	}
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 || !isName(s[:colon]) {
		return nil, &Error{s}
	}
	port, err := strconv.ParseUint(s[colon+1:], 10, 16)
	if err != nil {
		return nil, &Error{s}
	}
	return Name{Host: s[:colon], Port: uint16(port)}, nil
}

// isName says whether a resolver may be asked for s. A name that ends in a number
// is an address that was written wrong.
func isName(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r) {
			return false
		}
	}
	labels := strings.Split(strings.TrimSuffix(s, "."), ".")
	for _, label := range labels {
		if label == "" {
			return false
		}
	}
	_, err := strconv.ParseUint(labels[len(labels)-1], 10, 64)
	return err != nil && len(s) <= longestName
}
