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
	job    job
	to     tracker.URL
	family tracker.Family
	until  mono.Instant     // when its patience ends
	r      announce.Request // of an announce
	needs  uint64           // what has to be kept before it leaves
	held   mono.Instant     // until when it waits for that
	wire   wire             // over UDP
}

// job is what a request asks, and what its end is called.
type job interface {
	// page is the URL to get. It holds the passkey.
	page() string
	// packet is the datagram to send.
	packet(c tracker.Connection, t tracker.Transaction) []byte
	// viewPage and viewReply look at what came.
	viewPage(r tracker.HTTPReply) outcome
	viewReply(e tracker.ReplyEvidence) outcome
	failed(why announce.Fault) outcome
}

// outcome is what became of something that was begun.
//
//sumtype:decl
type outcome interface{ outcome() }

func (lookedUp) outcome()  {}
func (answered) outcome()  {}
func (failed) outcome()    {}
func (visited) outcome()   {}
func (scraped) outcome()   {}
func (unscraped) outcome() {}

// ended is an outcome, and of which incarnation of the process: what another one asked is
// nothing that this one waits for.
type ended struct {
	of uint64
	o  outcome
}

// takeOutcomes takes what workers brought. That a tracker heard `completed` is noted
// before anything else is done, so that a crash does not repeat it.
func (x *process) takeOutcomes() {
	for _, e := range x.s.outcomes.Take(nil) {
		if v, is := e.o.(visited); is {
			if a, is := v.of.(answered); is && a.r.Announce.Event == tracker.Completed {
				x.settleCompleted(a.r, a)
			}
		}
		if e.of == x.state.incarnations {
			x.ended = append(x.ended, e.o)
		}
	}
}

// settleCompleted notes that a tracker heard `completed`, if it did. The core of this
// incarnation may have been told that it has to say it again.
func (x *process) settleCompleted(r *announce.Request, o outcome) {
	a, is := o.(answered)
	if !is {
		return
	}
	if _, is = a.answer.(tracker.Answered); !is {
		return
	}
	if e := x.state.entries[r.Torrent]; e != nil {
		e.heard = append(e.heard, hearer{r.Tracker, r.Family})
		e.saved = e.saved.Settle(r.Tracker, r.Family)
		e.record.version++
		x.keeper.want(e)
	}
	if x.flights[r.ID] == nil || &x.flights[r.ID].r != r {
		x.core.CompletedTold(x.now(), r.Torrent, r.Tracker, r.Family, &x.batch)
	}
}

// answered is an announce that a tracker said something to.
type answered struct {
	r      *announce.Request
	answer tracker.AnswerEvidence
}

// failed is one that has no answer.
type failed struct {
	id    announce.RequestID
	fault announce.Fault
}

// visited is what became of a request over HTTP, and a connection that can be used
// again; nil for none.
type visited struct {
	of   outcome
	left *stream
}

// announcement is an announce as a job.
type announcement struct{ r *announce.Request }

func (a announcement) page() string { return a.r.Tracker.AnnounceURL(&a.r.Announce) }

func (a announcement) packet(c tracker.Connection, t tracker.Transaction) []byte {
	return tracker.AppendAnnounceRequest(nil, c, t, &a.r.Announce, a.r.Tracker.Target())
}

func (a announcement) viewPage(r tracker.HTTPReply) outcome {
	return answered{a.r, tracker.ViewAnnounceReply(r)}
}

func (a announcement) viewReply(e tracker.ReplyEvidence) outcome {
	switch e := e.(type) {
	case tracker.AnnounceReply:
		return answered{a.r, tracker.Answered{Response: e.Response}}
	case tracker.ErrorReply:
		return answered{a.r, tracker.Refused{Failure: e.Failure}}
	case tracker.ReplyMalformed:
		return answered{a.r, tracker.Nonsense{Fault: e.Fault}}
	case tracker.ConnectReply, tracker.ScrapeReply:
	}
	return answered{a.r, tracker.Nonsense{Fault: tracker.AnswerOfUnknownKind}}
}

func (a announcement) failed(why announce.Fault) outcome { return failed{a.r.ID, why} }

// land hands an outcome to the core.
func (x *process) land(o outcome) {
	now := x.now()
	switch o := o.(type) {
	case lookedUp:
		x.landLookup(o)
	case visited:
		x.web.put(o.left, now)
		x.land(o.of)
	case answered:
		delete(x.flights, o.r.ID)
		x.core.Answer(now, o.r.ID, o.answer, &x.batch)
	case failed:
		if f := x.flights[o.id]; f != nil {
			x.names.failed(f.to.Host())
		}
		delete(x.flights, o.id)
		x.core.Failed(now, o.id, o.fault, &x.batch)
	case scraped:
		x.scrapes.core.Answer(now, o.id, o.reply, scrapeEffects{&x.batch})
	case unscraped:
		x.names.failed(o.host)
		x.scrapes.core.Failed(now, o.id, o.fault, scrapeEffects{&x.batch})
	}
}

// take begins a request, unless it has to wait.
func (x *process) take(r announce.Request) {
	now := x.now()
	f := &flight{to: r.Tracker, family: r.Family, until: now.Add(r.Patience), r: r}
	f.job = announcement{&f.r}
	x.flights[r.ID] = f
	e := x.state.entries[r.Torrent]
	if e != nil {
		e.port = x.s.cfg.Port()
	}
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
	x.state.ports[f.r.Announce.Port] = struct{}{}
	x.call(f)
}

// call makes a request to the addresses of its tracker that are known.
func (x *process) call(f *flight) {
	addrs, fault := judged(f.to, x.names.fit(f.to.Host(), f.family))
	switch {
	case fault != nil:
		x.fail(f, fault)
	case f.to.Scheme() == tracker.UDP:
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
