package metainfo

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// HostPort is where a node or peer can be reached: an address or a name that
// must be looked up, and a port from 1 to 65535.
type HostPort struct {
	Host string // without brackets
	Port uint16
}

const maxHostBytes = 255

// NewHostPort checks the parts. A host with a colon must be an IPv6 address.
func NewHostPort(host string, port int64) (HostPort, error) {
	if port < 1 || port > 65535 {
		return HostPort{}, errors.New("the port is not between 1 and 65535")
	}
	if host == "" || len(host) > maxHostBytes {
		return HostPort{}, errors.New("the host is empty or too long")
	}
	if strings.ContainsFunc(host, isNoHostByte) {
		return HostPort{}, errors.New("the host has impossible characters")
	}
	if strings.Contains(host, ":") {
		if _, err := netip.ParseAddr(host); err != nil {
			return HostPort{}, errors.New("the host is no IPv6 address")
		}
	}
	return HostPort{Host: host, Port: uint16(port)}, nil
}

// ParseHostPort reads "name:port", "1.2.3.4:port" or "[v6]:port".
func ParseHostPort(s string) (HostPort, error) {
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 {
		return HostPort{}, errors.New("the port is missing")
	}
	port, err := strconv.ParseUint(s[colon+1:], 10, 16)
	if err != nil {
		return HostPort{}, errors.New("the port is not between 1 and 65535")
	}
	host := s[:colon]
	inner, opened := strings.CutPrefix(host, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if opened != closed || opened != strings.Contains(host, ":") {
		return HostPort{}, errors.New("brackets do not enclose an IPv6 address")
	}
	return NewHostPort(inner, int64(port))
}

// String returns what ParseHostPort reads.
func (h HostPort) String() string {
	port := strconv.FormatUint(uint64(h.Port), 10)
	if strings.Contains(h.Host, ":") {
		return "[" + h.Host + "]:" + port
	}
	return h.Host + ":" + port
}

func isNoHostByte(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`/\@[]?#"<>`, r)
}
