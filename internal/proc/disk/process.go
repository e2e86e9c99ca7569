package disk

import (
	"errors"
	"runtime"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/sup"
)

// errRestarted answers the reads that a former process had under way.
var errRestarted = errors.New("the disk process restarted")

const (
	readWorkers = 2
	syncWorkers = 1
)

// process is one incarnation of a disk process: a loop that owns all state and
// never blocks, and linked workers that do what may.
type process struct {
	d        *Disk
	p        *sup.Process
	torrents map[ident.TorrentID]*open
	bytes    *crew // hashes, writes, checks, opens
	reads    *crew
	syncs    *crew
	done     *outcomes
	inbox    sup.Taken[cast]
	cast     cast // being handled
	arrivals arrivals
	loans    []*loan
	memory   *share
	leases   *leases
	free     [][]byte     // chunks to use again
	acts     []act        // of the step that is under way, and of those around it
	joining  *togetherJob // of hashes that go on together
	spare    spareJobs
	lull     lull
	alarm    *clock.Alarm
}

func (d *Disk) run(p *sup.Process) error {
	x := &process{
		d: d, p: p,
		torrents: map[ident.TorrentID]*open{},
		done:     newOutcomes(),
		alarm:    d.o.Clock.NewAlarm(),
		memory:   &share{of: d.o.Memory},
		leases:   newLeases(),
	}
	workers := d.o.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	x.bytes, x.reads, x.syncs = newCrew(x, "bytes", workers), newCrew(x, "read", readWorkers), newCrew(x, "sync", syncWorkers)
	defer x.cleanUp()
	d.opens.Serve(p)
	d.closes.Serve(p)
	p.Watches(d.inbox, x.done.box, d.opens, d.closes)
	x.takeOver()
	p.Ready()
	if x.d.respite.Rest(p, x.now()) == sup.StopAsked {
		return nil
	}
	x.casts() // a former process may have been woken for them
	for {
		x.alarm.Arm(x.nextDeadline())
		select {
		case <-p.Stopping():
			return nil
		case <-d.inbox.Wake():
			p.Receive("cast")
			x.casts()
		case <-x.done.box.Wake():
			p.Receive("result")
			for x.done.taken.Take(x.done.box); x.done.taken.Left() > 0; {
				p.Step("result")
				x.done.taken.Next().apply(x)
			}
		case <-d.opens.Wake():
			p.Receive("open")
			x.casts() // whoever opens attached before
			for _, r := range d.opens.Take(nil) {
				p.Step("open")
				x.open(r)
			}
		case <-d.closes.Wake():
			p.Receive("close")
			for _, r := range d.closes.Take(nil) {
				p.Step("close")
				x.close(r)
			}
		case <-x.alarm.C():
			x.alarm.Rang()
			p.Receive("alarm")
			x.casts() // what came before the deadline may be what is waited for
			p.Step("tick")
			x.tick()
		}
		x.retryStalled()
	}
}

// takeOver tells those who waited for a former process that it is gone.
func (x *process) takeOver() {
	for reply, runs := range x.d.reading {
		for _, r := range runs {
			reply.Put(ReadDone{Piece: r.Piece, Begin: r.Begin, Length: r.Length, Err: errRestarted})
		}
	}
	clear(x.d.reading)
	for _, boxes := range x.d.attached {
		for _, box := range boxes {
			box.Put(DiskRestarted{})
		}
	}
}

// cleanUp gives back what the process holds; it also runs when it panics.
func (x *process) cleanUp() {
	x.alarm.Stop()
	lose(arrival{StoreBlocks: x.cast.store})
	for _, c := range x.inbox.Rest() {
		lose(arrival{StoreBlocks: c.store})
	}
	lose(x.arrivals.now)
	for _, a := range x.arrivals.stalled {
		lose(a)
	}
	x.forfeitLoans()
	for _, t := range x.torrents {
		if t.core != nil {
			t.core.Abandon()
		}
		t.closeFiles()
	}
	x.done.close()
}

func (x *process) now() mono.Instant { return x.d.o.Clock.Now() }

func (x *process) nextDeadline() mono.Instant {
	d := mono.Earliest(x.arrivals.retry, x.lull.due)
	for _, t := range x.torrents {
		d = mono.Earliest(d, t.deadline())
	}
	return d
}

func (x *process) tick() {
	now := x.now()
	x.trim(now)
	for _, t := range x.torrents {
		if d := t.deadline(); d != mono.Never && now >= d {
			t.step(func(fx *batch) { t.core.Tick(now, fx) })
		}
	}
}

// casts handles what is in the inbox. What others wait for is noted first, so
// that it outlives a crash of the handling.
func (x *process) casts() {
	x.inbox.Take(x.d.inbox)
	rest := x.inbox.Rest()
	for i := range rest {
		x.note(&rest[i])
	}
	for x.inbox.Left() > 0 {
		x.p.Step("cast")
		x.cast = x.inbox.Next()
		switch c := &x.cast; {
		case !c.store.Slab.IsNone():
			x.store(&c.store)
		case c.read.Reply != nil:
			x.read(c.read)
		case c.attach != nil:
			if t := x.torrents[c.attach.id]; t != nil {
				c.attach.into.Put(t.snapshot())
			}
		case c.want != nil:
			if t := x.torrents[c.want.id]; t != nil && isWithin(c.want.pieces, t.req.Wanted) {
				t.want(c.want.pieces)
			}
		case c.letGo != nil:
			x.letGo(*c.letGo)
		case c.disown != nil:
			if t := x.torrents[c.disown.id]; t != nil && t.core != nil {
				t.step(func(fx *batch) { t.core.Disown(x.now(), core.Sender(c.disown.holder), fx) })
			}
		case c.missed != nil:
			if t := x.torrents[c.missed.id]; t != nil && t.core != nil && t.core.ViewServe(c.missed.piece) != core.NotServable {
				t.missed(c.missed.piece)
			}
		}
	}
	x.cast = cast{}
}

func (x *process) note(c *cast) {
	switch {
	case c.read.Reply != nil:
		x.d.reading[c.read.Reply] = append(x.d.reading[c.read.Reply], c.read)
	case c.attach != nil:
		x.detach(*c.attach)
		x.d.attached[c.attach.id] = append(x.d.attached[c.attach.id], c.attach.into)
	case c.detach != nil:
		x.detach(*c.detach)
	case c.abandon != nil:
		x.abandon(c.abandon)
	}
}

func (x *process) detach(a attachment) {
	boxes := x.d.attached[a.id]
	for i, box := range boxes {
		if box == a.into {
			boxes = append(boxes[:i:i], boxes[i+1:]...)
			break
		}
	}
	if len(boxes) == 0 {
		delete(x.d.attached, a.id)
		delete(x.leases.waits, a.id) // nobody will try again
		return
	}
	x.d.attached[a.id] = boxes
}

// report tells those who attached themselves.
func (x *process) report(id ident.TorrentID, r Report) {
	for _, box := range x.d.attached[id] {
		x.p.Act("report")
		box.Put(r)
	}
}
