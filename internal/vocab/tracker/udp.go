package tracker

import (
	"encoding/binary"
	"time"
)

// Transaction pairs an answer with its question; the asker chooses it at random
// (BEP 15).
type Transaction uint32

// Connection shows a tracker that the asker's address is its own. It is good for
// ConnectionLife after it was received (BEP 15).
type Connection uint64

const (
	// ConnectionLife is how long the asker may use a connection id.
	ConnectionLife = time.Minute
	// ConnectionHonoured is how long a tracker takes one that it gave.
	ConnectionHonoured = 2 * time.Minute
	// ResendAfter is how long to wait for an answer the first time; it doubles with
	// each attempt, ResendDoublings times at most (BEP 15).
	ResendAfter = 15 * time.Second
	// ResendDoublings bounds the doubling of ResendAfter.
	ResendDoublings = 8
)

// protocolID begins a connect request in place of a connection id.
const protocolID Connection = 0x41727101980

// The actions of BEP 15.
const (
	actionConnect uint32 = iota
	actionAnnounce
	actionScrape
	actionError
)

// Sizes of datagrams, in bytes.
const (
	requestHead  = 16 // connection id, action, transaction
	replyHead    = 8  // action, transaction
	connectReply = 16
	announceBody = 98 // an announce without options
	announceHead = 20 // an answer to it without peers
	scrapeCounts = 12

	// MaxDatagramBytes is the most that an answer of ours may have: what one
	// packet carries everywhere in IPv6 (RFC 8200), less its headers.
	MaxDatagramBytes = 1280 - 40 - 8
)

func appendHead(dst []byte, c Connection, action uint32, t Transaction) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(c))
	dst = binary.BigEndian.AppendUint32(dst, action)
	return binary.BigEndian.AppendUint32(dst, uint32(t))
}

// AppendConnectRequest appends the datagram that asks for a connection id.
func AppendConnectRequest(dst []byte, t Transaction) []byte {
	return appendHead(dst, protocolID, actionConnect, t)
}

// AppendAnnounceRequest appends the datagram of an announce. Target is the path and
// the query of the URL (BEP 41); empty for none.
func AppendAnnounceRequest(dst []byte, c Connection, t Transaction, a *Announce, target string) []byte {
	dst = appendHead(dst, c, actionAnnounce, t)
	dst = append(append(dst, a.InfoHash[:]...), a.PeerID[:]...)
	for _, n := range [...]int64{a.Downloaded, a.Left, a.Uploaded} {
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(a.Event))
	ip := [4]byte{}
	if a.IPv4.Unmap().Is4() {
		ip = a.IPv4.Unmap().As4()
	}
	dst = append(dst, ip[:]...)
	dst = binary.BigEndian.AppendUint32(dst, a.Key)
	dst = binary.BigEndian.AppendUint32(dst, uint32(a.NumWant))
	return appendURLData(binary.BigEndian.AppendUint16(dst, a.Port), target)
}

// AppendScrapeRequest appends the datagram of a scrape of torrents, MaxScrape at
// most.
func AppendScrapeRequest(dst []byte, c Connection, t Transaction, hashes []InfoHash) []byte {
	dst = appendHead(dst, c, actionScrape, t)
	for i := range hashes {
		dst = append(dst, hashes[i][:]...)
	}
	return dst
}

func appendReplyHead(dst []byte, action uint32, t Transaction) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(dst, action), uint32(t))
}

// AppendConnectReply appends a tracker's answer to a connect request.
func AppendConnectReply(dst []byte, t Transaction, c Connection) []byte {
	return binary.BigEndian.AppendUint64(appendReplyHead(dst, actionConnect, t), uint64(c))
}

// AppendAnnounceReply appends a tracker's answer to an announce: those peers that are
// of the family of the socket, as many as one packet carries.
func (r *Response) AppendAnnounceReply(dst []byte, t Transaction, f Family) []byte {
	if f == AnyFamily {
		f = IPv4
	}
	start := len(dst)
	dst = appendReplyHead(dst, actionAnnounce, t)
	for _, n := range [...]int64{int64(r.Interval / time.Second), int64(max(r.Leechers, 0)), int64(max(r.Seeders, 0))} {
		dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	}
	dst = appendCompact(dst, r.Peers, f)
	room := (MaxDatagramBytes - announceHead) / f.compactBytes() * f.compactBytes()
	return dst[:min(len(dst), start+announceHead+room)]
}

// AppendScrapeReply appends a tracker's answer to a scrape: the swarms in the order
// asked for.
func AppendScrapeReply(dst []byte, t Transaction, swarms []Scrape) []byte {
	dst = appendReplyHead(dst, actionScrape, t)
	for _, s := range swarms {
		for _, n := range [...]Count{s.Seeders, s.Downloaded, s.Leechers} {
			dst = binary.BigEndian.AppendUint32(dst, uint32(max(n, 0)))
		}
	}
	return dst
}

// AppendErrorReply appends a tracker's refusal.
func AppendErrorReply(dst []byte, t Transaction, reason string) []byte {
	return append(appendReplyHead(dst, actionError, t), reason...)
}
