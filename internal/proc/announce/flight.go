package announce

import (
	"context"
	"errors"
	"net/netip"
	"os"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/text"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// flight is a request that has no outcome.
type flight struct {
	r     announce.Request
	until mono.Instant // when its patience ends
	needs uint64       // what has to be kept before it leaves
	held  mono.Instant // until when it waits for that
	wire  wire         // over UDP
}

// outcome is what became of something that was begun.
//
//sumtype:decl
type outcome interface{ outcome() }

func (lookedUp) outcome() {}
func (answered) outcome() {}
func (failed) outcome()   {}

// answered is a request that a tracker said something to.
type answered struct {
	id     announce.RequestID
	answer tracker.AnswerEvidence
	left   *stream // a connection that can be used again; nil for none
}

// failed is one that has no answer.
type failed struct {
	id    announce.RequestID
	fault announce.Fault
	left  *stream
}

// land hands an outcome to the core.
func (x *process) land(o outcome) {
	now := x.now()
	switch o := o.(type) {
	case lookedUp:
		x.landLookup(o)
	case answered:
		x.web.put(o.left, now)
		delete(x.flights, o.id)
		x.core.Answer(now, o.id, o.answer, &x.batch)
	case failed:
		x.web.put(o.left, now)
		if f := x.flights[o.id]; f != nil {
			x.names.failed(f.r.Tracker.Host())
		}
		delete(x.flights, o.id)
		x.core.Failed(now, o.id, o.fault, &x.batch)
	}
}

// take begins a request, unless it has to wait.
func (x *process) take(r announce.Request) {
	now := x.now()
	f := &flight{r: r, until: now.Add(r.Patience)}
	x.flights[r.ID] = f
	e := x.state.entries[r.Torrent]
	if e != nil && e.record.isBehind() && x.keeper.at <= now {
		f.needs, f.held = e.record.version, mono.Earliest(f.until, now.Add(holdAtMost))
		x.held = append(x.held, f)
		return
	}
	x.launch(f)
}

// launch sends a request.
func (x *process) launch(f *flight) {
	x.p.Act("launch")
	if e := x.state.entries[f.r.Torrent]; e != nil {
		e.record.cap(&f.r)
	}
	f.r.Announce.Port = x.s.cfg.Port()
	host := f.r.Tracker.Host()
	addrs, fault := judged(f.r.Tracker, x.names.fit(host, f.r.Family))
	switch {
	case fault != nil:
		x.ended = append(x.ended, failed{id: f.r.ID, fault: fault})
	case f.r.Tracker.Scheme() == tracker.UDP:
		x.connect(f, addrs[0])
	default:
		x.get(f, addrs)
	}
}

var errForbidden = errors.New("its host is on this machine or its own network, and its path is no announce path")

// judged are the addresses at which a tracker may be called, or why there are none.
func judged(u tracker.URL, addrs []netip.Addr) ([]netip.Addr, announce.Fault) {
	var may []netip.Addr
	for _, a := range addrs {
		if mayCall(u, a) == callable {
			may = append(may, a)
		}
	}
	switch {
	case len(may) > 0:
		return may, nil
	case len(addrs) > 0:
		return nil, announce.Unreachable{Reason: errForbidden.Error()}
	}
	return nil, announce.NoHost{}
}

// longestReason is how many bytes are told of why a tracker could not be reached.
const longestReason = 300

// faultOf says why a request had no answer, without what must not be told of the URLs
// that it went to.
func faultOf(err error, urls ...tracker.URL) announce.Fault {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return announce.TimedOut{}
	}
	reason := err.Error()
	for _, u := range urls {
		reason = u.Scrub(reason)
	}
	if len(reason) > longestReason {
		reason = reason[:longestReason]
	}
	return announce.Unreachable{Reason: text.Printable(reason)}
}
