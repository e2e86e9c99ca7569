package utp

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/doze"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// intake is the batch that the process has, and reads on from as long as much comes: else the
// reader would be woken for each datagram, and wake the process.
type intake struct {
	batch Batch
	state SourceState
	nap   time.Duration   // before it reads on
	goOn  <-chan struct{} // closed; nil: there is no batch
}

// always is what a process waits for that has something to do.
var always = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// receive takes what came at once. Of two sockets it reads on from one at a time.
func (x *process) receive(b Batch) {
	x.now = max(x.now, b.At)
	x.takeAll(&b.Reading)
	if x.in.goOn != nil || b.Source == nil {
		x.link.Return(b)
		return
	}
	x.in = intake{batch: b, goOn: always}
	x.note()
}

// readOn takes what came since, and does what is due: no alarm is armed meanwhile.
func (x *process) readOn() {
	i := &x.in
	i.batch.Reading, i.state = i.batch.Source.More(i.nap)
	x.tick()
	x.takeAll(&i.batch.Reading)
	x.note()
	if due := x.deadline(); due != mono.Never && due <= x.now {
		x.expire()
	}
}

// note has the next nap be by what came.
func (x *process) note() {
	bytes := 0
	for i := range x.in.batch.Datagrams {
		bytes += len(x.in.batch.Datagrams[i].Payload)
	}
	x.in.batch.Doze.Came(x.now, x.in.batch.Messages, bytes)
}

// settle says whether the process reads on, when all that came is answered.
func (x *process) settle() {
	i := &x.in
	if i.goOn == nil {
		return
	}
	x.tick()
	if len(x.turns.off) > 0 && x.now.Sub(x.turns.since) >= putOffMost {
		x.rouseOff()
	}
	step := doze.Step{}
	switch {
	case i.state == SourceSpent:
	case i.batch.Rest == pnet.MayBeLeft:
		step.Kind = doze.Again
	default:
		step = i.batch.Doze.Next(x.now, x.link.Room())
	}
	switch step.Kind {
	case doze.Again:
		i.nap = step.Nap
	case doze.Await:
		x.giveBack()
	}
}

// giveBack has the reader wait for what comes.
func (x *process) giveBack() {
	if x.in.goOn != nil {
		x.rouseOff()
		x.link.Return(x.in.batch)
		x.in = intake{}
	}
}

// takeAll gives datagrams to their connections.
func (x *process) takeAll(r *pnet.Reading) {
	x.p.Step("receive")
	x.room.packing.note(r)
	for i := range r.Datagrams {
		x.take(&r.Datagrams[i])
	}
}
