package metainfo

import (
	"strconv"
	"strings"
)

// MaxMagnetBytes bounds a magnet link, and so all that it can name.
const MaxMagnetBytes = 64 << 10

// Magnet is a link that names a torrent and may say where to find it (BEP 9).
type Magnet struct {
	ID       ID
	Name     string     // dn: to be shown until the torrent is known, raw
	Trackers []string   // tr: URLs, each a tier of its own
	WebSeeds []string   // ws: URLs (BEP 19)
	Peers    []HostPort // x.pe
	Length   int64      // xl: bytes in all; 0 if not told
	Findings []Finding  // Field is the parameter
}

// ParseMagnet reads a magnet link. Unknown parameters are ignored, malformed
// optional ones are Findings. The error is a *MagnetError; for a link that only
// has version 2 it wraps an *UnsupportedError.
func ParseMagnet(link string) (*Magnet, error) {
	const scheme = "magnet:?"
	if len(link) > MaxMagnetBytes {
		return nil, &MagnetError{Offset: MaxMagnetBytes, Reason: "has more than " + strconv.Itoa(MaxMagnetBytes) + " bytes"}
	}
	if len(link) < len(scheme) || !strings.EqualFold(link[:len(scheme)], scheme) {
		return nil, &MagnetError{Reason: "does not begin with " + scheme}
	}
	r := magnetReader{offset: len(scheme)}
	for parameter := range strings.SplitSeq(link[len(scheme):], "&") {
		if err := r.parameter(parameter); err != nil {
			return nil, err
		}
		r.offset += len(parameter) + len("&")
	}
	if r.ID == (ID{}) {
		return nil, r.nameless()
	}
	r.Findings = r.found
	return &r.Magnet, nil
}

type magnetReader struct {
	Magnet
	finder
	offset   int // of the parameter being read
	version2 int // where the torrent of version 2 was named, or 0
}

func (r *magnetReader) parameter(s string) error {
	key, value, _ := strings.Cut(s, "=")
	key = parameterName(key)
	plain := strings.TrimSpace(unescape(value))
	switch key {
	case "xt":
		return r.topic(plain)
	case "dn":
		r.Name = unescape(strings.ReplaceAll(value, "+", " "))
	case "tr":
		r.Trackers = r.appendURL(r.Trackers, key, plain)
	case "ws":
		r.WebSeeds = r.appendURL(r.WebSeeds, key, plain)
	case "x.pe":
		if peer, err := ParseHostPort(plain); err == nil {
			r.Peers = append(r.Peers, peer)
		} else {
			r.note(FieldIgnored, field(key), r.offset)
		}
	case "xl":
		if n, err := strconv.ParseInt(plain, 10, 64); err == nil && n >= 0 {
			r.Length = n
		} else {
			r.note(FieldIgnored, field(key), r.offset)
		}
	}
	return nil
}

// parameterName removes what some programs put around a name: "tr.1" counts
// several, and "amp;tr" is left of a link copied out of a page's source.
func parameterName(key string) string {
	key = strings.ToLower(strings.TrimPrefix(key, "amp;"))
	if dot := strings.LastIndexByte(key, '.'); dot >= 0 && strings.Trim(key[dot+1:], "0123456789") == "" {
		return key[:dot]
	}
	return key
}

// topic reads "urn:btih:" and an info-hash. Other topics are other networks'.
func (r *magnetReader) topic(value string) error {
	const v1, v2 = "urn:btih:", "urn:btmh:"
	if len(value) < len(v1) {
		return nil
	}
	switch namespace, hash := value[:len(v1)], value[len(v1):]; {
	case strings.EqualFold(namespace, v2):
		r.version2 = r.offset
	case strings.EqualFold(namespace, v1):
		h, err := ParseInfoHash(hash)
		if err != nil {
			return &MagnetError{Parameter: "xt", Offset: r.offset, Reason: "has no info-hash", Err: err}
		}
		if r.ID != (ID{}) && r.ID != (ID{V1: h}) {
			return &MagnetError{Parameter: "xt", Offset: r.offset, Reason: "names a second torrent"}
		}
		r.ID = ID{V1: h}
	}
	return nil
}

func (r *magnetReader) nameless() error {
	if r.version2 == 0 {
		return &MagnetError{Reason: "names no torrent: it has no xt=urn:btih:"}
	}
	return &MagnetError{
		Parameter: "xt", Offset: r.version2, Reason: "is of version 2",
		Err: &UnsupportedError{Field: "info-hash", Offset: NoOffset, Feature: version2},
	}
}

func (r *magnetReader) appendURL(urls []string, key, url string) []string {
	switch {
	case url == "":
		return urls
	case len(url) > MaxURLBytes:
		r.note(FieldIgnored, field(key), r.offset)
		return urls
	case len(urls) == MaxURLs:
		r.note(ListShortened, field(key), r.offset)
		return urls
	}
	return append(urls, url)
}

// String returns the link, which ParseMagnet reads as m.
func (m *Magnet) String() string {
	b := append([]byte("magnet:?xt=urn:btih:"), m.ID.V1.String()...)
	if m.Name != "" {
		b = appendEscaped(append(b, "&dn="...), m.Name, "")
	}
	if m.Length != 0 {
		b = strconv.AppendInt(append(b, "&xl="...), m.Length, 10)
	}
	for _, url := range m.Trackers {
		b = appendEscaped(append(b, "&tr="...), url, "")
	}
	for _, url := range m.WebSeeds {
		b = appendEscaped(append(b, "&ws="...), url, "")
	}
	for _, peer := range m.Peers {
		// Some clients do not undo percent forms here.
		b = appendEscaped(append(b, "&x.pe="...), peer.String(), ":[]")
	}
	return string(b)
}
