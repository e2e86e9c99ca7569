package net

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// DialResult is the answer to one Dial: a connection, or why there is none.
type DialResult struct {
	To   netip.AddrPort
	Via  transport.Transport
	Conn Conn // nil if Err is set
	Err  error
}

// LookupResult is the answer to one Lookup: addresses, or why there are none.
type LookupResult struct {
	Host  string
	Addrs []netip.Addr // nil if Err is set
	Err   error
}

// DialRequest asks for a connection.
type DialRequest struct {
	For    ident.TorrentID // those of several torrents are begun in turn
	To     netip.AddrPort
	Via    transport.Transport
	Within time.Duration // of the attempt, without the time that it waits for its turn; 0 stands for DialTimeout
	Turn   Turn
	Begun  func() // called when it is no more waiting for its turn, as the reply is; nil: not wanted
}

// Turn says when it is a wish's turn, among those of its torrent.
type Turn uint8

// The turns: after those that were wished before, or before all but others that are
// due. They are due that go on with what was begun.
const (
	InTurn Turn = iota
	Due
)

// wish is one Dial or Lookup that has no answer yet.
type wish struct {
	asker    ident.TorrentID
	errand   errand
	turn     Turn
	attempts int
	state    wishState // the process's
	cancel   func()    // of its attempt, the process's
}

// wishState says whether somebody still waits for an answer.
type wishState uint8

const (
	wishOpen wishState = iota
	wishCancelled
)

// errand is what a wish asks for, and where the answer goes.
//
//sumtype:decl
type errand interface{ errand() }

type dialErrand struct {
	to     netip.AddrPort
	via    transport.Transport
	within time.Duration
	begun  func()
	reply  func(DialResult)
}

type lookupErrand struct {
	host  string
	reply func(LookupResult)
}

// withdrawErrand takes back what the same torrent wished before and was not begun.
type withdrawErrand struct{}

// cancelErrand takes back one wish, begun or not.
type cancelErrand struct{ of *wish }

func (cancelErrand) errand()   {}
func (dialErrand) errand()     {}
func (lookupErrand) errand()   {}
func (withdrawErrand) errand() {}

// outcome is how an attempt ended.
type outcome struct {
	of    *wish
	end   attemptEnd
	conn  Conn         // of a Dial, where err is nil
	addrs []netip.Addr // of a Lookup
	err   error
}

// attemptEnd says whether an attempt came to its end.
type attemptEnd uint8

const (
	attemptDone     attemptEnd = iota
	attemptCutShort            // the process ended meanwhile
)

// reply answers who wished.
func (o outcome) reply() {
	switch e := o.of.errand.(type) {
	case dialErrand:
		e.reply(DialResult{To: e.to, Via: e.via, Conn: o.conn, Err: o.err})
	case lookupErrand:
		e.reply(LookupResult{Host: e.host, Addrs: o.addrs, Err: o.err})
	case withdrawErrand, cancelErrand:
	}
}

func (o outcome) close() {
	if o.conn != nil {
		_ = o.conn.Close()
	}
}
