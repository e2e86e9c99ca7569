package net

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/transport"
	"github.com/etorrent/etorrent/sup"
)

// attemptsPerDial is how often a Dial is begun whose attempt ended with the
// process.
const attemptsPerDial = 3

// errDialCrashed answers a Dial whose attempts kept ending with the process.
var errDialCrashed = errors.New("the dialling process crashed")

// errNoUTP answers one over uTP where there is none.
var errNoUTP = errors.New("there is no uTP here")

// Dialer is the handle of the dialling process. It survives restarts of the
// process, and so does what it was asked: the next process tries again.
type Dialer struct {
	egress   *Egress
	overUTP  Connect
	most     int                   // attempts at once, of the whole engine
	wishes   *sup.Mailbox[*wish]   // bounded by the half-open budget and the names of each torrent
	outcomes *sup.Mailbox[outcome] // one for each attempt, so bounded by most

	// What follows is the process's; it is here because the next process takes
	// it over.
	line    line
	running map[*wish]struct{} // attempts under way
	ended   []outcome          // of attempts, and not answered yet
	cut     []*wish            // whose attempts were cut short
}

// Connect connects to a peer, until the context is done.
type Connect func(ctx context.Context, to netip.AddrPort) (Conn, error)

// NewDialer returns the handle of a process that makes so many attempts at once at
// the most; Child is its process. TCP is the egress's; where there is no way over uTP,
// who asks for it is told so.
func NewDialer(e *Egress, most int, overUTP Connect) *Dialer {
	return &Dialer{
		egress: e, overUTP: overUTP, most: most, wishes: sup.NewMailbox[*wish](), outcomes: sup.NewMailbox[outcome](),
		line: newLine(), running: map[*wish]struct{}{},
	}
}

// Permits says which of the transports that a policy has there is a way over: what
// remains of it. Of one that has nothing else uTP remains, and fails.
func (d *Dialer) Permits(p transport.Policy) transport.Policy {
	if p == transport.Any && d.overUTP == nil {
		return transport.OnlyTCP
	}
	return p
}

// Dialling is one Dial that may be cancelled.
type Dialling struct {
	d *Dialer
	w *wish
}

// Cancel ends it: nobody answers it any more, unless that was done already, and what it
// connects is closed.
func (x Dialling) Cancel() { x.d.wishes.Put(&wish{asker: x.w.asker, errand: cancelErrand{x.w}}) }

// Dial asks for a connection. Reply runs on the dialling process and must only
// put the result into a mailbox. It runs once, unless the torrent withdraws, or what
// is returned is cancelled.
func (d *Dialer) Dial(r DialRequest, reply func(DialResult)) Dialling {
	if r.Within == 0 {
		r.Within = DialTimeout
	}
	if r.Begun == nil {
		r.Begun = func() {}
	}
	w := &wish{asker: r.For, turn: r.Turn, errand: dialErrand{r.To, r.Via, r.Within, r.Begun, reply}}
	d.wishes.Put(w)
	return Dialling{d, w}
}

// Lookup asks for the addresses of a host, for a torrent. Reply is as that of Dial.
func (d *Dialer) Lookup(id ident.TorrentID, host string, reply func(LookupResult)) {
	d.wishes.Put(&wish{asker: id, errand: lookupErrand{host, reply}})
}

// Withdraw takes back what was asked for a torrent and has not begun: nobody answers
// that any more.
func (d *Dialer) Withdraw(id ident.TorrentID) {
	d.wishes.Put(&wish{asker: id, errand: withdrawErrand{}})
}

// Child describes the process.
func (d *Dialer) Child() sup.Child {
	return sup.Child{Name: "dial", Restart: sup.Permanent, Run: d.run}
}

func (d *Dialer) run(p *sup.Process) error {
	p.Watches(d.wishes, d.outcomes)
	d.takeOver(p)
	p.Ready()
	for {
		d.begin(p)
		select {
		case <-p.Stopping():
			p.Receive("stop") // killed with an attempt that panicked, it leaves all to the next process
			d.end()
			return nil
		case <-d.outcomes.Wake():
			p.Receive("outcome")
			d.answer(p)
		case <-d.wishes.Wake():
			p.Receive("wish")
			d.queue()
			p.Step("queue")
		}
	}
}

// queue takes what was wished.
func (d *Dialer) queue() {
	for _, w := range d.wishes.Take(nil) {
		if c, is := w.errand.(cancelErrand); is {
			c.of.state = wishCancelled
			d.line.remove(c.of)
			if c.of.cancel != nil {
				c.of.cancel()
			}
			continue
		}
		d.line.put(w)
	}
}

// takeOver has attempts begun anew that ended with a former process, before
// those that it had not begun.
func (d *Dialer) takeOver(p *sup.Process) {
	d.answer(p)
	d.queue()
	var again []*wish
	begun := slices.AppendSeq(d.cut, maps.Keys(d.running))
	d.cut = nil
	clear(d.running)
	for _, w := range begun {
		if w.state == wishCancelled {
			continue
		}
		if w.attempts >= attemptsPerDial {
			outcome{of: w, err: errDialCrashed}.reply()
			continue
		}
		again = append(again, w)
	}
	d.line.precede(again)
}

// begin begins attempts, as many as may run at once. While others wait none may take
// long.
func (d *Dialer) begin(p *sup.Process) {
	for d.line.len() > 0 && len(d.running) < d.most {
		p.Act("dial")
		w := d.line.take()
		d.running[w] = struct{}{}
		w.attempts++
		longest := DialTimeout
		if d.line.len() > 0 {
			longest = HurriedTimeout
		}
		ctx, cancel := context.WithCancel(p.Context())
		w.cancel = cancel
		if e, is := w.errand.(dialErrand); is {
			e.begun()
		}
		p.Go("attempt", func() error {
			defer cancel()
			d.attempt(ctx, p, w, longest)
			return nil
		})
	}
}

// attempt connects within a time at most, or looks up. Its outcome comes also where it
// panics, since end waits for it.
func (d *Dialer) attempt(ctx context.Context, p *sup.Process, w *wish, longest time.Duration) {
	o := outcome{of: w, end: attemptCutShort, err: errDialCrashed}
	var made Conn
	defer func() {
		if made != nil && o.conn == nil {
			_ = made.Close()
		}
		d.outcomes.Put(o)
	}()
	p.Step("attempt")
	var addrs []netip.Addr
	var err error
	switch e := w.errand.(type) {
	case dialErrand:
		made, err = d.connect(ctx, e, min(e.within, longest))
	case lookupErrand:
		addrs, err = d.egress.Lookup(ctx, e.host)
	case withdrawErrand, cancelErrand: // are not in the line
	}
	p.Act("attempt")
	o.conn, o.addrs, o.err = made, addrs, err
	if err == nil || p.Context().Err() == nil {
		o.end = attemptDone
	}
}

// connect connects to a peer.
func (d *Dialer) connect(ctx context.Context, e dialErrand, within time.Duration) (Conn, error) {
	switch {
	case e.via == transport.TCP:
		return d.egress.Dial(ctx, e.to, within)
	case d.overUTP == nil:
		return nil, errNoUTP
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return d.overUTP(ctx, e.to)
}

// answer gives the answers that are there. What was cut short is left to be begun
// anew by the next process, and what nobody waits for any more is closed.
func (d *Dialer) answer(p *sup.Process) {
	for d.ended = append(d.ended, d.outcomes.Take(nil)...); len(d.ended) > 0; {
		p.Step("outcome")
		o := d.ended[0]
		_, awaited := d.running[o.of]
		p.Act("reply")
		d.ended = d.ended[1:]
		switch {
		case !awaited, o.of.state == wishCancelled:
			delete(d.running, o.of)
			o.close()
		case o.end == attemptDone:
			delete(d.running, o.of)
			o.reply()
		default:
			delete(d.running, o.of)
			d.cut = append(d.cut, o.of)
			o.close()
		}
	}
}

// end waits for the attempts that were told to end, and closes what they made.
func (d *Dialer) end() {
	for len(d.running) > 0 {
		<-d.outcomes.Wake()
		for _, o := range d.outcomes.Take(nil) {
			delete(d.running, o.of)
			o.close()
		}
	}
}
