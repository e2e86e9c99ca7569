package tracker

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// AnnounceURL is the URL to GET for an announce over HTTP (BEP 3, 7, 23). It holds
// the passkey.
func (u URL) AnnounceURL(a *Announce) string {
	q := newQuery(u, u.path)
	q.add("info_hash", string(a.InfoHash[:]))
	q.add("peer_id", string(a.PeerID[:]))
	q.number("port", int64(a.Port))
	q.number("uploaded", a.Uploaded)
	q.number("downloaded", a.Downloaded)
	q.number("left", a.Left)
	q.number("compact", 1)
	if a.NumWant >= 0 {
		q.number("numwant", int64(a.NumWant))
	}
	q.add("key", fmt.Sprintf("%08X", a.Key))
	if a.Event != Periodic {
		q.add("event", a.Event.String())
	}
	if a.TrackerID != "" {
		q.add("trackerid", a.TrackerID)
	}
	q.address("ipv4", a.IPv4)
	q.address("ipv6", a.IPv6)
	return q.text.String()
}

// ScrapeEvidence says whether a tracker can be scraped.
//
//sumtype:decl
type ScrapeEvidence interface{ scrapeEvidence() }

// ScrapeByURL is what to GET (BEP 48). It holds the passkey.
type ScrapeByURL struct{ URL string }

// ScrapeByDatagram is a UDP tracker: AppendScrapeRequest writes the datagram.
type ScrapeByDatagram struct{}

// NoScrape is an HTTP tracker whose URL does not follow the convention.
type NoScrape struct{}

func (ScrapeByURL) scrapeEvidence()      {}
func (ScrapeByDatagram) scrapeEvidence() {}
func (NoScrape) scrapeEvidence()         {}

// ViewScrape says how to scrape torrents, MaxScrape at most.
func (u URL) ViewScrape(hashes []InfoHash) ScrapeEvidence {
	if u.scheme == UDP {
		return ScrapeByDatagram{}
	}
	slash := strings.LastIndexByte(u.path, '/')
	rest, isAnnounce := strings.CutPrefix(u.path[slash+1:], "announce")
	if !isAnnounce {
		return NoScrape{}
	}
	q := newQuery(u, u.path[:slash+1]+"scrape"+rest)
	for i := range hashes {
		q.add("info_hash", string(hashes[i][:]))
	}
	return ScrapeByURL{q.text.String()}
}

// query writes a URL with parameters behind those that it has.
type query struct {
	text strings.Builder
	next byte // what stands before the next parameter
}

func newQuery(u URL, path string) *query {
	if path == "" {
		path = "/"
	}
	q := &query{next: '?'}
	q.text.WriteString(u.base() + path)
	if u.query != "" {
		q.text.WriteString("?" + u.query)
		q.next = '&'
	}
	return q
}

func (q *query) add(name, value string) {
	q.text.WriteByte(q.next)
	q.text.WriteString(name + "=" + escape(value))
	q.next = '&'
}

func (q *query) number(name string, n int64) { q.add(name, strconv.FormatInt(n, 10)) }

func (q *query) address(name string, a netip.Addr) {
	if a.IsValid() {
		q.add(name, a.String())
	}
}

// escape writes all bytes in percent form that RFC 3986 does not call unreserved:
// not every tracker takes a plus for a space.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
