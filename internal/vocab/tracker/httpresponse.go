package tracker

import (
	"bytes"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/etorrent/etorrent/bencode"
)

// HTTPReply is what came of a GET. Body is unpacked, and has MaxBodyBytes at most.
type HTTPReply struct {
	Status     int    // such as 200
	RetryAfter string // the header of that name; a date counts as none
	Body       []byte
}

// answerLimits bound what an answer may ask of its reader.
var answerLimits = bencode.Limits{MaxBytes: MaxBodyBytes, MaxDepth: 8, MaxItems: 1 << 20}

// ViewAnnounceReply looks at what came of an announce over HTTP. What is said in
// the body counts for more than the status. Keys out of order, numbers written as
// texts and bytes behind the dictionary are what real trackers send.
func ViewAnnounceReply(r HTTPReply) AnswerEvidence {
	top, refusal := viewReply(r)
	if refusal != nil {
		return refusal
	}
	var a announceFields
	a.read(top)
	if a.interval.Kind() == bencode.Absent && a.peers.Kind() == bencode.Absent && a.peers6.Kind() == bencode.Absent {
		return emptyOr(r, Nonsense{Fault: AnswerEmpty})
	}
	return Answered{a.response()}
}

// viewReply is what all HTTP answers have in common: the dictionary, or why there
// is none to read.
func viewReply(r HTTPReply) (bencode.Value, AnswerEvidence) {
	body := bytes.TrimLeft(r.Body, " \t\r\n")
	top, _, err := bencode.Parse(body, answerLimits)
	switch {
	case err != nil:
		return top, emptyOr(r, Nonsense{Fault: AnswerNotBencoded, Syntax: err})
	case top.Kind() != bencode.Dict:
		return top, emptyOr(r, Nonsense{Fault: AnswerNotDictionary})
	}
	if reason := top.Get("failure reason"); reason.Kind() != bencode.Absent {
		return top, Refused{viewRefusal(reason, top)}
	}
	return top, nil
}

// viewRefusal reads a failure reason and what stands beside it (BEP 31).
func viewRefusal(reason, top bencode.Value) Failure {
	words, _ := reason.Text()
	f := ViewFailure(words)
	f.MinInterval = max(seconds(top.Get("min interval")), 0)
	retry := top.Get("retry in")
	if word, _ := retry.Text(); strings.EqualFold(strings.TrimSpace(word), "never") {
		f.Retry = RetryNever{}
	} else if n, is := number(retry); is && n > 0 {
		f.Retry = RetryAfter{span(n, time.Minute)}
	}
	return f
}

// emptyOr is a reply without an answer: its status tells why, or it is nonsense.
func emptyOr(r HTTPReply, n Nonsense) AnswerEvidence {
	if r.Status >= 200 && r.Status < 300 {
		return n
	}
	f := Failure{Reason: fmt.Sprintf("HTTP status %d", r.Status), Kind: FailureOther, Retry: RetryUntold{}}
	switch r.Status {
	case 401, 403, 407:
		f.Kind = NotAuthorized
	case 429:
		f.Kind = TooOften
	}
	if n, err := strconv.ParseInt(strings.TrimSpace(r.RetryAfter), 10, 64); err == nil && n > 0 {
		f.Retry = RetryAfter{span(n, time.Second)}
	}
	return Refused{f}
}

// announceFields are the values of an answer that are understood; of equal keys
// the first counts.
type announceFields struct {
	interval, minInterval            bencode.Value
	peers, peers6                    bencode.Value
	complete, incomplete, downloaded bencode.Value
	trackerID, warning, externalIP   bencode.Value
}

func (a *announceFields) read(top bencode.Value) {
	for key, v := range top.Pairs() {
		switch string(key) {
		case "interval":
			a.interval.Keep(v)
		case "min interval":
			a.minInterval.Keep(v)
		case "peers":
			a.peers.Keep(v)
		case "peers6":
			a.peers6.Keep(v)
		case "complete":
			a.complete.Keep(v)
		case "incomplete":
			a.incomplete.Keep(v)
		case "downloaded":
			a.downloaded.Keep(v)
		case "tracker id", "trackerid":
			a.trackerID.Keep(v)
		case "warning message":
			a.warning.Keep(v)
		case "external ip":
			a.externalIP.Keep(v)
		}
	}
}

func (a *announceFields) response() Response {
	r := Response{
		Interval:    seconds(a.interval),
		MinInterval: seconds(a.minInterval),
		Seeders:     count(a.complete),
		Leechers:    count(a.incomplete),
		Downloaded:  count(a.downloaded),
		ExternalIP:  externalIP(a.externalIP),
	}
	if id, _ := a.trackerID.Text(); len(id) <= MaxTrackerIDBytes {
		r.TrackerID = id
	}
	if words, is := a.warning.Text(); is {
		r.Warning = printable(words)
	}
	compact, _ := a.peers.Bytes()
	compact6, _ := a.peers6.Bytes()
	r.grow(len(compact)/IPv4.compactBytes() + len(compact6)/IPv6.compactBytes())
	r.takeCompact(compact, IPv4)
	r.takeCompact(compact6, IPv6)
	r.takeDictionaries(a.peers)
	r.takeDictionaries(a.peers6)
	return r
}

// takeDictionaries adds the peers of a list in the form of BEP 3. A host that is a
// name is not looked up for a stranger.
func (r *Response) takeDictionaries(list bencode.Value) {
	for one := range list.Items() {
		host, _ := one.Get("ip").Text()
		port, _ := number(one.Get("port"))
		addr, err := netip.ParseAddr(host)
		if err != nil || addr.Zone() != "" || port < 0 || port > math.MaxUint16 || len(r.Peers) == MaxPeers {
			r.Omitted++
			continue
		}
		r.Peers = append(r.Peers, netip.AddrPortFrom(addr.Unmap(), uint16(port)))
	}
}

// number reads an integer, also one that is written as a text.
func number(v bencode.Value) (int64, bool) {
	if n, is := v.Int(); is {
		return n, true
	}
	s, is := v.Text()
	if !is {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return n, err == nil
}

// seconds reads a span; what is no positive number of seconds is 0.
func seconds(v bencode.Value) time.Duration {
	n, _ := number(v)
	return span(n, time.Second)
}

// span is n units, from 0 to MaxInterval.
func span(n int64, unit time.Duration) time.Duration {
	return time.Duration(min(max(n, 0), int64(MaxInterval/unit))) * unit
}

func count(v bencode.Value) Count {
	n, is := number(v)
	if !is || n < 0 {
		return Untold
	}
	return Count(min(n, math.MaxInt32))
}

// externalIP reads an address of 4 or 16 bytes (BEP 24), or one that is written out.
func externalIP(v bencode.Value) netip.Addr {
	b, _ := v.Bytes()
	addr, is := netip.AddrFromSlice(b)
	if !is {
		addr, _ = netip.ParseAddr(string(b)) // invalid where it is none
	}
	if addr.IsUnspecified() || addr.Zone() != "" {
		return netip.Addr{}
	}
	return addr.Unmap()
}
