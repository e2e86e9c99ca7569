package net

import (
	"net/netip"

	"github.com/etorrent/etorrent/sup"
)

// dialsAtOnce bounds the connection attempts of the whole engine.
const dialsAtOnce = 128

// DialResult is the answer to one Dial: a connection, or why there is none.
type DialResult struct {
	To   netip.AddrPort
	Conn Conn // nil if Err is set
	Err  error
}

type wish struct {
	to    netip.AddrPort
	reply func(DialResult)
}

// Dialer is the handle of the dialling process. It survives restarts of the
// process; attempts that were under way in a crash are lost without an answer.
type Dialer struct {
	egress *Egress
	wishes *sup.Mailbox[wish] // bounded by the half-open budget of each torrent
}

// NewDialer returns the handle; Child is its process.
func NewDialer(e *Egress) *Dialer {
	return &Dialer{egress: e, wishes: sup.NewMailbox[wish]()}
}

// Dial asks for a connection. Reply runs on a goroutine of the dialling process
// and must only put the result into a mailbox.
func (d *Dialer) Dial(to netip.AddrPort, reply func(DialResult)) {
	d.wishes.Put(wish{to: to, reply: reply})
}

// Child describes the process.
func (d *Dialer) Child() sup.Child {
	return sup.Child{Name: "dial", Restart: sup.Permanent, Run: d.run}
}

func (d *Dialer) run(p *sup.Process) error {
	p.Watches(d.wishes)
	p.Ready()
	var queue []wish
	free := make(chan struct{}, dialsAtOnce)
	running := 0
	for {
		for len(queue) > 0 && running < dialsAtOnce {
			w := queue[0]
			queue = queue[1:]
			running++
			p.Act("dial")
			p.Go("attempt", func() error {
				d.attempt(p, w)
				free <- struct{}{}
				return nil
			})
		}
		select {
		case <-p.Stopping():
			return nil
		case <-free:
			running--
		case <-d.wishes.Wake():
			p.Receive("wish")
			queue = append(queue, d.wishes.Take(nil)...)
			p.Step("queue")
		}
	}
}

func (d *Dialer) attempt(p *sup.Process, w wish) {
	c, err := d.egress.Dial(p.Context(), w.to)
	if err == nil && p.Context().Err() != nil {
		_ = c.Close()
		return
	}
	w.reply(DialResult{To: w.to, Conn: c, Err: err})
}
