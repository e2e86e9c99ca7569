package announce

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net/netip"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// wires is what goes over UDP: a question, one packet, and its answer. The core says
// when a question is repeated, as another request; so a request asks each thing once.
type wires struct {
	ids  map[netip.AddrPort]connection
	open map[question]*flight
}

// connection is a connection id that a tracker gave.
type connection struct {
	id    tracker.Connection
	until mono.Instant // by which it is to be used
}

// question is a transaction with a tracker.
type question struct {
	to          netip.AddrPort
	transaction tracker.Transaction
}

// wire is a request over UDP.
type wire struct {
	to      netip.AddrPort
	phase   wirePhase
	renewal renewal
}

type wirePhase uint8

const (
	connecting wirePhase = iota
	asking
)

// renewal says whether the tracker took our connection id for one that ran out, so
// that we connected anew, which is done once.
type renewal uint8

const (
	notRenewed renewal = iota
	renewed
)

// idsAtMost is how many connection ids are kept before those that ran out are thrown
// away.
const idsAtMost = 1024

var errTooMany = errors.New("too many questions to trackers are open")

func newWires() wires {
	return wires{ids: map[netip.AddrPort]connection{}, open: map[question]*flight{}}
}

// forget forgets connection ids, which are good for one address of ours only.
func (w *wires) forget() { clear(w.ids) }

// learn remembers a connection id.
func (w *wires) learn(from netip.AddrPort, id tracker.Connection, now mono.Instant) {
	if len(w.ids) >= idsAtMost {
		for at, c := range w.ids {
			if c.until <= now {
				delete(w.ids, at)
			}
		}
	}
	w.ids[from] = connection{id, now.Add(tracker.ConnectionLife)}
}

// connect begins a request to a tracker, with the connection id that is there or
// another.
func (x *process) connect(f *flight, at netip.Addr) {
	f.wire.to = netip.AddrPortFrom(at, f.to.Port())
	if c, has := x.wires.ids[f.wire.to]; has && x.now() < c.until {
		x.put(f, c.id)
		return
	}
	f.wire.phase = connecting
	t := x.transaction(f.wire.to)
	x.ask(f, t, tracker.AppendConnectRequest(nil, t))
}

// put says what the request is about.
func (x *process) put(f *flight, id tracker.Connection) {
	f.wire.phase = asking
	t := x.transaction(f.wire.to)
	x.ask(f, t, f.job.packet(id, t))
}

// transaction is a number that nobody can guess, and that is not in use.
func (x *process) transaction(to netip.AddrPort) tracker.Transaction {
	for {
		var b [4]byte
		_, _ = rand.Read(b[:]) // which never fails
		t := tracker.Transaction(binary.BigEndian.Uint32(b[:]))
		if _, taken := x.wires.open[question{to, t}]; !taken {
			return t
		}
	}
}

func (x *process) ask(f *flight, t tracker.Transaction, packet []byte) {
	e := x.s.cfg.UDP.Ask(udp.Ask{To: f.wire.to, Transaction: uint32(t), Packet: packet, Deadline: f.until, Into: x.s.replies})
	switch e {
	case udp.Queued:
		q := question{f.wire.to, t}
		x.wires.open[q] = f
		if f.wire.phase == asking && f.r.Announce.Event == tracker.Completed {
			x.state.completing[q] = &f.r
		}
	case udp.QueueFull:
		x.fail(f, faultOf(errTooMany))
	case udp.NoAddress:
		x.fail(f, announce.NoHost{})
	}
}

func (x *process) fail(f *flight, why announce.Fault) {
	x.ended = append(x.ended, f.job.failed(why))
}

// takeReplies takes what became of questions. What tells that a tracker heard `completed`
// is noted before anything else is done, so that a crash does not repeat it.
func (x *process) takeReplies() []udp.Reply {
	all := x.s.replies.Take(nil)
	for _, r := range all {
		q := question{r.To, tracker.Transaction(r.Transaction)}
		told := x.state.completing[q]
		delete(x.state.completing, q)
		if o, is := r.Outcome.(udp.Answered); is && told != nil {
			x.settleCompleted(told, announcement{told}.viewReply(tracker.ViewReply(o.Packet, told.Family)))
		}
	}
	return all
}

// hear goes on with what became of a question.
func (x *process) hear(r udp.Reply) {
	q := question{r.To, tracker.Transaction(r.Transaction)}
	f := x.wires.open[q]
	if f == nil {
		return
	}
	delete(x.wires.open, q)
	switch o := r.Outcome.(type) {
	case udp.Answered:
		x.read(f, tracker.ViewReply(o.Packet, f.family))
	case udp.Expired:
		// One that lost what it knew may pass over ids that it gave, without a word.
		delete(x.wires.ids, f.wire.to)
		x.fail(f, announce.TimedOut{})
	case udp.NotSent:
		x.fail(f, faultOf(o.Err, f.to))
	case udp.NotExpected:
		x.fail(f, faultOf(errTooMany))
	}
	x.p.Step("reply")
}

// read takes over what a tracker said. Before the question was put only a connection
// id, or a refusal, is an answer.
func (x *process) read(f *flight, e tracker.ReplyEvidence) {
	switch e := e.(type) {
	case tracker.ConnectReply:
		if f.wire.phase == connecting {
			x.wires.learn(f.wire.to, e.Connection, x.now())
			x.put(f, e.Connection)
			return
		}
	case tracker.ErrorReply:
		if e.Failure.Kind == tracker.StaleConnection && f.wire.phase == asking && f.wire.renewal == notRenewed {
			f.wire.renewal = renewed
			delete(x.wires.ids, f.wire.to)
			x.connect(f, f.wire.to.Addr())
			return
		}
	case tracker.AnnounceReply, tracker.ScrapeReply:
		if f.wire.phase == connecting {
			x.ended = append(x.ended, f.job.viewReply(tracker.ReplyMalformed{Fault: tracker.AnswerOfUnknownKind}))
			return
		}
	case tracker.ReplyMalformed:
	}
	x.ended = append(x.ended, f.job.viewReply(e))
}
