package tracker

import (
	"encoding/binary"
	"math"
	"time"
)

// ReplyEvidence says what a datagram from a tracker is (BEP 15).
//
//sumtype:decl
type ReplyEvidence interface{ replyEvidence() }

// ConnectReply gives a connection id.
type ConnectReply struct {
	Transaction Transaction
	Connection  Connection
}

// AnnounceReply answers an announce.
type AnnounceReply struct {
	Transaction Transaction
	Response    Response
}

// ScrapeReply answers a scrape: swarms in the order in which they were asked for,
// MaxScrape at most, without info-hashes.
type ScrapeReply struct {
	Transaction Transaction
	Swarms      []Scrape
}

// ErrorReply refuses.
type ErrorReply struct {
	Transaction Transaction
	Failure     Failure
}

// ReplyMalformed is none of these. The transaction is 0 where even that is missing.
type ReplyMalformed struct {
	Transaction Transaction
	Fault       AnswerFault
}

func (ConnectReply) replyEvidence()   {}
func (AnnounceReply) replyEvidence()  {}
func (ScrapeReply) replyEvidence()    {}
func (ErrorReply) replyEvidence()     {}
func (ReplyMalformed) replyEvidence() {}

// ViewReply looks at a datagram that came from a tracker. Family is that of the
// socket that it came in by. Bytes behind what is known are passed over.
func ViewReply(b []byte, f Family) ReplyEvidence {
	if len(b) < replyHead {
		return ReplyMalformed{Fault: AnswerTooShort}
	}
	t, rest := Transaction(binary.BigEndian.Uint32(b[4:])), b[replyHead:]
	switch binary.BigEndian.Uint32(b) {
	case actionConnect:
		if len(b) < connectReply {
			return ReplyMalformed{t, AnswerTooShort}
		}
		return ConnectReply{t, Connection(binary.BigEndian.Uint64(rest))}
	case actionAnnounce:
		if len(b) < announceHead {
			return ReplyMalformed{t, AnswerTooShort}
		}
		return AnnounceReply{t, viewAnnounceReply(rest, f)}
	case actionScrape:
		return ScrapeReply{t, viewScrapeReply(rest)}
	case actionError:
		return ErrorReply{t, ViewFailure(string(rest[:min(len(rest), MaxTextBytes)]))}
	}
	return ReplyMalformed{t, AnswerOfUnknownKind}
}

// viewAnnounceReply reads what follows the head. The interval is the least as well:
// "do not announce again until interval seconds have passed or an event has occurred".
func viewAnnounceReply(b []byte, f Family) Response {
	interval := span(int64(int32(binary.BigEndian.Uint32(b))), time.Second)
	r := Response{
		Interval: interval, MinInterval: interval,
		Leechers: count32(b[4:]), Seeders: count32(b[8:]), Downloaded: Untold,
	}
	peers := b[announceHead-replyHead:]
	r.grow(len(peers) / f.compactBytes())
	r.takeCompact(peers, f)
	return r
}

func viewScrapeReply(b []byte) []Scrape {
	n := min(len(b)/scrapeCounts, MaxScrape)
	swarms := make([]Scrape, n)
	for i := range swarms {
		one := b[i*scrapeCounts:]
		swarms[i] = Scrape{Seeders: count32(one), Downloaded: count32(one[4:]), Leechers: count32(one[8:])}
	}
	return swarms
}

// count32 reads a count; one below 0 is not told.
func count32(b []byte) Count {
	n := binary.BigEndian.Uint32(b)
	if n > math.MaxInt32 {
		return Untold
	}
	return Count(n)
}
