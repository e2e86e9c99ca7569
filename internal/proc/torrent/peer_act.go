package torrent

import (
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/leaf/limit"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/proc/disk"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/sup"
)

// uploads is what is being read for the remote.
type uploads struct {
	done    *sup.Mailbox[disk.ReadDone] // bounded by ReadAheadLimit
	reading int                         // bytes asked of the disk
	runs    int                         // in as many reads
	taken   sup.Taken[disk.ReadDone]    // out of done and not queued yet
	ready   disk.ReadDone               // being queued, while there is memory that it lies in
	limit   *limit.Drawer
	due     mono.Instant // when it grants the next read
	dole    dole         // of what it granted
}

// settle carries out the batch and what follows from it: announcing, reading
// ahead, writing. It says why the connection ends, if it does.
func (x *peerProc) settle() string {
	now := x.now()
	x.announce(now)
	if why := x.execute(); why != "" {
		return why
	}
	x.readAhead(now)
	if why := x.write(now); why != "" {
		return why
	}
	x.letReaderGo()
	return ""
}

// announce sends the HAVEs that are due, or that another message takes along.
func (x *peerProc) announce(now mono.Instant) {
	if x.news.due == mono.Never || (now < x.news.due && len(x.batch.messages) == 0) {
		return
	}
	x.news.due = mono.Never
	x.news.fresh, x.news.cursor = x.c.log.Since(x.news.cursor, x.news.fresh)
	x.p.Step("announce")
	x.core.Announce(now, x.news.fresh, &x.batch)
}

// execute hands the batch out. The picker comes before the disk, so that it
// never hears a verdict on blocks that it does not know of. Should this process
// end between the two, the picker is brought in line with the disk.
func (x *peerProc) execute() string {
	b := &x.batch
	if len(b.picker) > 0 {
		x.p.Act("tell the picker")
		x.t.assign.PutAll(b.picker)
	}
	x.storeBlocks()
	x.c.meter.wait(x.core.Unanswered())
	x.c.meter.standing.Store(uint32(standingFlags(x.core.ViewStanding())))
	if b.interest != interestSame {
		x.p.Act("tell the choker")
		x.c.meter.wants(b.interest.now())
		x.t.choker.Put(toChoker{moved: x.c.id})
	}
	if b.intro != nil {
		x.t.control.Put(toControl{intro: &peerIntro{id: x.c.id, client: b.intro.Client}})
		if see := x.t.env.Outside.Seen; see != nil && b.intro.YourIP.IsValid() {
			see(x.c.addr.Addr(), b.intro.YourIP)
		}
	}
	x.upload()
	x.out.addMessages(b.messages)
	closing := b.closing
	b.reset()
	if closing != nil {
		return closing.String()
	}
	return ""
}

// storeBlocks moves the slab on: to the disk if there are blocks in it, else back.
func (x *peerProc) storeBlocks() {
	s := x.in.slab
	if s.IsNone() {
		return
	}
	blocks := s.Blocks()
	if len(blocks) == 0 {
		x.in.slab = slab.Slab{}
		s.Release()
		return
	}
	x.p.Act("store blocks")
	bytes := 0
	for i := range blocks {
		bytes += len(blocks[i].Data)
	}
	x.in.slab = slab.Slab{}
	x.c.disk.StoreBlocks(disk.StoreBlocks{Torrent: x.t.id, Holder: x.c.id, Slab: s})
	x.t.tally.down(x.c.conn.Transport(), bytes)
	x.c.meter.receive(x.now(), bytes)
	x.worth = book.TradedBlocks
}

// upload queues the blocks of the read that is done.
func (x *peerProc) upload() {
	done := x.up.ready
	if done.Slab.IsNone() && done.Mapping.IsNone() {
		return
	}
	l := x.out.lend(done, len(x.batch.uploads))
	x.up.ready = disk.ReadDone{}
	defer l.drop()
	for _, r := range x.batch.uploads {
		x.p.Act("upload")
		x.out.addAnswer(r, l)
	}
}

// takeReads queues what the disk read.
func (x *peerProc) takeReads() {
	for x.up.taken.Take(x.up.done); x.up.taken.Left() > 0; {
		x.p.Step("read done")
		done := x.up.taken.Next()
		run := peer.ReadRun{Piece: done.Piece, Begin: done.Begin, Length: done.Length}
		x.up.reading -= int(done.Length)
		x.up.runs--
		if done.Err != nil {
			x.core.ReadFailed(run, &x.batch)
		} else {
			x.up.ready = done
			x.core.ReadDone(run, &x.batch)
		}
		_ = x.execute() // a read never closes
	}
}

// peerSlabs is how many slabs are read or unsent for one remote: one is sent
// while the next is read. A remote that takes nothing holds no more, whatever it
// requests.
const peerSlabs = 2

// readAhead asks the disk for what the remote requested, as far as this peer's
// share of memory and the limits allow.
func (x *peerProc) readAhead(now mono.Instant) {
	if x.out.pace == paceStalled {
		return
	}
	if now < x.up.due {
		return // a limit said when our turn is
	}
	x.up.due = mono.Never
	most := int(x.core.ReadAhead())
	for x.up.reading+x.out.payload <= most/2 && x.up.runs+x.out.leases < peerSlabs {
		if x.core.Waiting() == 0 {
			return
		}
		granted, wait := x.up.limit.Take(now, most, geometry.BlockSize)
		if granted == 0 {
			x.up.due = now.Add(wait)
			x.c.meter.keep(choke.HeldBack)
			return
		}
		x.c.meter.keep(choke.HoldNone)
		run := x.core.NextRead(uint32(granted))
		x.up.limit.Return(granted - int(run.Length))
		if run.Length == 0 {
			return
		}
		if x.up.reading+x.out.payload == 0 {
			x.up.dole = dole{} // what was granted before may have come to nothing
		}
		x.grant(now)
		x.p.Act("read ahead")
		x.up.reading += int(run.Length)
		x.up.runs++
		x.c.disk.ReadRun(disk.ReadRun{
			Torrent: x.t.id, Piece: run.Piece, Begin: run.Begin, Length: run.Length,
			Reader: readerOf(x.c.conn), Reply: x.up.done,
		})
	}
}

// write flushes the outbox; a full socket gets a linked writer that waits.
func (x *peerProc) write(now mono.Instant) string {
	if x.out.isSent() {
		x.out.moved = mono.Never
		if x.out.pace == paceStalled {
			x.out.pace = paceSteady
			x.readAhead(now)
		}
		return ""
	}
	if x.out.moved == mono.Never {
		x.out.moved, x.out.left = now, 0
	}
	switch x.out.viewStall(now) {
	case stallOver:
		return peer.Closing{Reason: peer.NotReading}.String()
	case stallLong:
		x.takeBack()
	case stallNone:
	}
	if x.out.state == pnet.WriteBlocked {
		return ""
	}
	x.p.Act("write")
	if x.up.dole != (dole{}) {
		x.grant(now) // at the rate of now
	}
	payload, total, err := x.out.flush(x.c.conn, x.up.dole.most(now, x.out.payload))
	x.up.dole.left(payload, x.up.reading+x.out.payload)
	if total > 0 {
		x.out.progress(now, total)
		x.t.tally.up(x.c.conn.Transport(), payload)
		x.c.meter.send(now, payload)
		if payload > 0 {
			x.worth = book.TradedBlocks
		}
		if x.core != nil { // else the handshake is under way
			x.core.Wrote(now, payload)
			x.limitUnsent()
		}
	}
	if err != nil {
		x.out.fault = err
		return "write: " + err.Error()
	}
	if x.out.state == pnet.WriteBlocked {
		x.p.Go("writer", func() error {
			x.out.writable <- x.c.conn.WaitWritable()
			return nil
		})
	}
	if payload > 0 {
		x.readAhead(now)
	}
	return ""
}
