package sim

import (
	"bytes"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// batch is what a step of a peer decided, to be carried out after it.
type batch struct {
	messages []byte
	uploads  []peer.Request
	blocks   []received
	picker   *pickerNews
	interest []peer.Interest
	closing  *peer.Closing
}

func (b *batch) tell(c *conn) *pickerNews {
	if b.picker == nil {
		b.picker = &pickerNews{conn: c}
	}
	return b.picker
}

// The connection as the Effects of its core.

// Send encodes a message.
func (c *conn) Send(m wire.Message) {
	c.w.asked(c, &m)
	c.batch.messages = m.Append(c.batch.messages)
}

// StoreBlock adds a block to what goes to the disk.
func (c *conn) StoreBlock(b geometry.Block, data []byte) {
	c.batch.blocks = append(c.batch.blocks, received{b, c.w.content.copyOf(b, data)})
	c.flow.trade = book.TradedBlocks
	c.flow.received += int64(len(data))
}

// Upload adds a block to send.
func (c *conn) Upload(r peer.Request) { c.batch.uploads = append(c.batch.uploads, r) }

// RemoteHas tells the picker of a piece.
func (c *conn) RemoteHas(i pieceset.Index) {
	n := c.batch.tell(c)
	n.has = append(n.has, i)
}

// RemoteHasSet tells the picker of all pieces.
func (c *conn) RemoteHasSet(s *pieceset.Set) { c.batch.tell(c).hasSet = s.Clone() }

// Received tells the picker of a block that the disk gets.
func (c *conn) Received(b geometry.Block) {
	c.flow.says(b)
	n := c.batch.tell(c)
	n.got = append(n.got, b)
}

// Returned gives a block back to the picker.
func (c *conn) Returned(b geometry.Block, why peer.Return) {
	c.flow.says(b)
	c.w.totals.Returned[why]++
	n := c.batch.tell(c)
	n.back = append(n.back, returned{b, why})
}

// Credit tells the picker how much more the pipeline takes.
func (c *conn) Credit(blocks int, of peer.Scope) {
	n := c.batch.tell(c)
	n.credit, n.scope, n.credits = blocks, of, present
	c.flow.most = max(c.flow.most, blocks)
}

// Allowed tells the picker of a piece that the remote serves while it chokes us.
func (c *conn) Allowed(i pieceset.Index) {
	n := c.batch.tell(c)
	n.favours = append(n.favours, favour{i, present})
}

// Disallowed tells it that it does not.
func (c *conn) Disallowed(i pieceset.Index) {
	n := c.batch.tell(c)
	n.favours = append(n.favours, favour{i, absent})
}

// Told tells a new picker what the remote knows.
func (c *conn) Told(i peer.Interest) {
	if i == peer.Interested {
		c.batch.tell(c).past.Told = assign.Interested
	}
}

// InFlight tells it of a block that was dealt before.
func (c *conn) InFlight(b geometry.Block) {
	p := c.batch.tell(c).past
	p.Fetches = append(p.Fetches, b)
}

// RemoteInterest notes a change for the choker.
func (c *conn) RemoteInterest(i peer.Interest) { c.batch.interest = append(c.batch.interest, i) }

// Introduced is of no interest here.
func (c *conn) Introduced(*wire.ExtendedHandshake) {}

// Close notes the end.
func (c *conn) Close(why peer.Closing) { c.batch.closing = &why }

// execute carries the batch out: the picker hears of a block before the disk
// does. A process may crash in between.
func (c *conn) execute() {
	b := c.batch
	c.batch = batch{}
	l := c.l
	if b.picker != nil {
		a := l.assign
		b.picker.join = c.flow.join
		c.flow.leaves()
		a.input(func() { a.news(b.picker) })
	}
	if len(b.blocks) > 0 {
		if l.n.crashes() {
			c.crash()
			return
		}
		d := l.disk
		m := delivery{from: c.id, blocks: b.blocks}
		d.box.put(func() {
			if !d.isOver() {
				d.store(m)
			}
		})
	}
	for _, i := range b.interest {
		c.flow.wants = i
		k := l.control
		k.box.put(func() { k.interest(c, i) })
	}
	c.out.add(b.messages)
	if b.closing != nil {
		c.w.judgeClosing(c, *b.closing)
		c.end(b.closing.String())
	}
}

// crash ends the process in the middle of a batch.
func (c *conn) crash() {
	c.w.totals.Crashes++
	c.leave("crashed", inACrash)
}

// readAhead asks the disk for what the remote requested, a share at a time.
func (c *conn) readAhead() {
	most := c.core.ReadAhead()
	for c.up.reading+c.out.payload <= int(most)/2 && c.up.runs < 2 && c.core.Waiting() > 0 {
		run := c.core.NextRead(most)
		if run.Length == 0 {
			return
		}
		c.up.reading += int(run.Length)
		c.up.runs++
		d := c.l.disk
		d.box.put(func() {
			r := &readAhead{run: run, done: func(data [][]byte) { c.box.put(func() { c.upload(run, data) }) }}
			if d.isOver() {
				r.done(nil)
				return
			}
			d.read(r)
		})
	}
}

// upload sends what was read.
func (c *conn) upload(run peer.ReadRun, blocks [][]byte) {
	if c.phase == connOver {
		return
	}
	c.up.reading -= int(run.Length)
	c.up.runs--
	c.step(func() {
		if blocks == nil {
			c.core.ReadFailed(run, c)
			return
		}
		c.core.ReadDone(run, c)
		c.flow.trade = book.TradedBlocks
		for _, r := range c.batch.uploads {
			b := geometry.Block{Piece: r.Piece, Number: r.Begin / geometry.BlockSize}
			data := blocks[(r.Begin-run.Begin)/geometry.BlockSize]
			c.w.serves(c, b, data)
			for range c.w.answers() {
				c.out.add(wire.AppendPieceHeader(nil, r.Piece, r.Begin, r.Length))
				c.out.add(c.said(data))
				c.out.payload += len(data)
			}
		}
	})
}

// said is what a node sends of a block: its bytes, unless it lies.
func (c *conn) said(data []byte) []byte {
	if c.l.n.role != Liar || !c.w.happens(c.w.cfg.Lies) {
		return data
	}
	data = bytes.Clone(data)
	data[c.w.rnd.IntN(len(data))] ^= byte(1 + c.w.rnd.IntN(255))
	return data
}

// mostAtOnce is how many bytes go through an access line at once, and half of it
// the least: between two of them another connection has its turn.
const mostAtOnce = 32 << 10

// outgoing is what waits to be sent.
type outgoing struct {
	parts   [][]byte // none is changed or empty
	payload int      // bytes of blocks that were not taken yet
	state   sendState
	arrives mono.Instant // when the last bytes sent come to the remote
}

type sendState uint8

const (
	sendIdle sendState = iota
	sending
)

func (o *outgoing) add(b []byte) {
	if len(b) > 0 {
		o.parts = append(o.parts, b)
	}
}

// take takes the first n bytes, or all there are.
func (o *outgoing) take(n int) (out [][]byte, size int) {
	for n > size && len(o.parts) > 0 {
		part := o.parts[0]
		if most := n - size; len(part) > most {
			o.parts[0] = part[most:]
			part = part[:most]
		} else {
			o.parts = o.parts[1:]
		}
		out, size = append(out, part), size+len(part)
	}
	return out, size
}

// windowFull is how far behind a remote's line may be before TCP's window stops
// its senders.
const windowFull = 100 * time.Millisecond

// pump sends the next bytes, when those before are through the node's line.
func (c *conn) pump() {
	o := &c.out
	if o.state == sending || len(o.parts) == 0 || c.phase == connOver {
		return
	}
	if wait := c.far.l.n.down.free.Sub(c.w.now) - windowFull; wait > 0 {
		o.state = sending
		c.l.after(wait, func() { o.state = sendIdle; c.pump() })
		return
	}
	parts, size := o.take(mostAtOnce/2 + c.w.rnd.IntN(mostAtOnce/2))
	o.state = sending
	through := c.l.n.up.carry(c.w.now, size)
	o.arrives = max(o.arrives, through.Add(c.w.cfg.Latency/4+c.w.within(c.w.cfg.Latency*3/4)))
	far := c.far
	c.w.at(o.arrives, func() { far.arrive(parts, size) })
	c.w.at(through, func() {
		if c.phase == connOver || c.l.isOver() {
			return
		}
		o.state = sendIdle
		c.flow.sent += int64(min(o.payload, size))
		c.l.n.sent += int64(min(o.payload, size))
		o.payload = max(0, o.payload-size)
		if c.core == nil {
			c.pump()
			return
		}
		c.step(func() { c.core.Wrote(c.w.now, size) })
	})
}

// arrive takes bytes through the node's line; the last of them may come apart.
func (c *conn) arrive(parts [][]byte, size int) {
	if c.phase == connOver || c.l.isOver() {
		return
	}
	at := c.l.n.down.carry(c.w.now, size)
	last := parts[len(parts)-1]
	cut := c.w.rnd.IntN(len(last) + 1)
	whole := append(parts[:len(parts)-1:len(parts)-1], last[:cut])
	c.w.at(at, func() { c.receive(whole...) })
	if cut < len(last) {
		c.w.at(at, func() { c.receive(last[cut:]) })
	}
}
