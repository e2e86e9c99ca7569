package udp

import (
	"github.com/etorrent/etorrent/internal/core/demux"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/sup"
)

// kept is what the process has that the next one takes over.
type kept struct {
	hearing hearing
	places  [len(pnet.Families)]place
	waiting []*ask             // heard of, and not begun
	open    map[demux.Key]*ask // begun, and without a reply
}

// hearing says whether it is known beside what the sockets are to be.
type hearing uint8

const (
	unheard hearing = iota // nothing is opened or sent
	heard
)

func newKept(b Beside) kept {
	k := kept{open: map[demux.Key]*ask{}}
	if b == Nothing {
		k.hear(nil)
	}
	return k
}

// process is the state of one incarnation.
type process struct {
	p       *sup.Process
	h       *Handle
	kept    *kept
	table   *demux.Table
	sockets [len(pnet.Families)]*socket
	faults  [len(pnet.Families)]error // why not where it should be
	retry   retry
	alarm   *clock.Alarm

	out      []outgoing
	run      []pnet.Datagram // what of out is being written
	blocked  *socket         // nothing is written until it can take more
	reads    chan reading
	writable chan *socket

	sorted  [kinds][]pnet.Datagram
	answers []answer
	keys    []demux.Key
	counts  Counters
}

func (h *Handle) run(p *sup.Process) error {
	counts := h.tally.read()
	x := &process{
		p: p, h: h, kept: &h.kept, table: demux.New(asksBound, counts.Counts), retry: newRetry(),
		alarm: h.cfg.Clock.NewAlarm(), reads: make(chan reading), writable: make(chan *socket), counts: counts,
	}
	defer x.alarm.Stop()
	p.Watches(h.asks)
	p.Watches(h.wire.wanted)
	for _, q := range h.sends {
		p.Watches(q)
	}
	p.Ready()
	x.takeOver()
	for {
		x.flush()
		x.counts.Counts = x.table.Counts()
		h.tally.post(x.counts)
		x.alarm.Arm(mono.Earliest(x.table.Deadline(), x.retry.at))
		select {
		case <-p.Stopping():
			p.Receive("stop") // killed with a reader, it leaves all to the next process
			return nil
		case <-h.told.Wake():
			p.Receive("listening")
			x.hear()
		case r := <-x.reads:
			p.Receive("datagrams")
			x.receive(r)
		case s := <-x.writable:
			p.Receive("writable")
			x.unblock(s)
		case <-h.asks.Wake():
			p.Receive("ask")
			x.begin()
		case <-x.sends(KRPC):
			p.Receive("send")
			x.send(KRPC)
		case <-h.wire.wanted.Wake():
			p.Receive("wanted")
			x.want()
		case <-x.alarm.C():
			x.alarm.Rang()
			p.Receive("deadline")
			x.expire()
		}
	}
}

// takeOver goes on where a former process ended: its sockets are bound again, and
// the packets are sent again that it had no answer to, since they or the answers
// may have been lost with it.
func (x *process) takeOver() {
	for key, a := range x.kept.open {
		if a.crashes++; a.crashes > crashesPerAsk {
			x.finish(key, NotSent{ErrCrashed})
			continue
		}
		x.table.Expect(key, a.Deadline)
	}
	x.hear()
	x.settle()
	x.begin()
	if x.kept.hearing == heard {
		x.resendAll()
		for k := range kinds {
			x.send(Kind(k))
		}
	}
}

// hear takes what listeners tell; only the last counts.
func (x *process) hear() {
	told := x.h.told.Take(nil)
	if len(told) == 0 {
		return
	}
	before := x.kept.hearing
	x.kept.hear(told[len(told)-1])
	x.p.Step("hear")
	x.retry = newRetry()
	x.settle()
	if before == unheard {
		x.resendAll()
	}
}

// finish replies to an ask.
func (x *process) finish(key demux.Key, o Outcome) {
	a := x.kept.open[key]
	delete(x.kept.open, key)
	a.reply(o)
}

// begin begins the asks that have come.
func (x *process) begin() {
	asks, missed := x.h.asks.Take(nil)
	x.kept.waiting = append(x.kept.waiting, asks...)
	x.counts.QueueFull += uint64(missed)
	for len(x.kept.waiting) > 0 {
		a := x.kept.waiting[0]
		x.use(pnet.FamilyOf(a.To.Addr()))
		x.p.Step("expect")
		x.kept.waiting = x.kept.waiting[1:]
		if e := x.table.Expect(a.key(), a.Deadline); e != demux.Expected {
			a.reply(NotExpected{e})
			continue
		}
		x.kept.open[a.key()] = a
		x.ask(a)
	}
}

// ask has the packet of an open ask sent, as soon as it is known from where.
func (x *process) ask(a *ask) {
	if x.kept.hearing == heard {
		x.out = append(x.out, outgoing{Datagram: a.datagram(), ask: a})
	}
}

// resendAll sends the packets of all open asks.
func (x *process) resendAll() {
	for _, f := range pnet.Families {
		for key := range x.kept.open {
			if pnet.FamilyOf(key.From.Addr()) == f {
				x.use(f)
			}
		}
		x.resend(f)
	}
}

// resend sends the packets of the open asks of a family.
func (x *process) resend(f pnet.Family) {
	x.out = without(x.out, f)
	for key, a := range x.kept.open {
		if pnet.FamilyOf(key.From.Addr()) == f {
			x.ask(a)
		}
	}
}

// want has the families that uTP sends over for the first time.
func (x *process) want() {
	for _, f := range x.h.wire.wanted.Take(nil) {
		x.p.Step("want")
		x.use(f)
	}
	x.h.wire.show(x)
}

// sends wakes when there are datagrams of a kind to be sent, and they can be.
func (x *process) sends(k Kind) <-chan struct{} {
	if x.blocked != nil || x.kept.hearing == unheard {
		return nil
	}
	return x.h.sends[k].Wake()
}

// send takes the datagrams of a kind.
func (x *process) send(k Kind) {
	taken, missed := x.h.sends[k].Take(x.run)
	x.counts.QueueFull += uint64(missed)
	x.p.Step("queue")
	for _, d := range taken {
		x.use(pnet.FamilyOf(d.Remote.Addr()))
		x.out = append(x.out, outgoing{Datagram: d, kind: k})
	}
	clear(taken)
	x.run = taken[:0]
}

// expire ends the asks whose time is over, and tries what is to be tried again.
func (x *process) expire() {
	now := x.h.cfg.Clock.Now()
	x.p.Step("expire")
	x.keys = x.table.Expired(now, x.keys)
	for _, key := range x.keys {
		x.p.Act("reply")
		x.finish(key, Expired{})
	}
	if x.retry.at != mono.Never && x.retry.at <= now {
		x.settle()
	}
}
