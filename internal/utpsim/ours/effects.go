package ours

import (
	"bytes"
	"fmt"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// effects is an end as what its connection has it do.
type effects End

// Deliver takes bytes of the remote's stream, and reads them at once.
func (e *effects) Deliver(b []byte) {
	if e.Wrong == nil && !bytes.Equal(b, utpsim.Pattern(e.Got, len(b))) {
		e.Wrong = fmt.Errorf("%d bytes from %d on are not those of the stream", len(b), e.Got)
	}
	e.Got += int64(len(b))
	e.fresh += len(b)
}

// Send writes a packet, with its bytes of the pattern.
func (e *effects) Send(o conn.Outgoing) {
	if o.Times > 1 && o.Kind != utpwire.Syn {
		e.Again++
	}
	b := o.AppendHead(nil)
	e.pending = append(e.pending, append(b, utpsim.Pattern(int64(o.Begin), o.Size)...))
}

// Released is of no use: the pattern is always there.
func (e *effects) Released(uint64) {}

// Connected is seen by Phase.
func (e *effects) Connected() {}

// Ended notes when.
func (e *effects) Ended() { e.EndedAt = e.now }

// Forget is of no use: there is one connection.
func (e *effects) Forget(utpwire.ConnID) {}

// Closed notes when, and why.
func (e *effects) Closed(why conn.Reason) { e.ClosedAt, e.Why = e.now, why }
