package torrent

import (
	"errors"
	"fmt"
	"time"

	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/leaf/havelog"
	"github.com/etorrent/etorrent/internal/leaf/ring"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

const (
	// retryAfter is the first wait after the rows or the disk could not be
	// reached; it doubles.
	retryAfter  = 200 * time.Millisecond
	retryAtMost = 30 * time.Second
	// countersEvery is how often the all-time totals go to the row while bytes
	// move, and idleCountersEvery how often it is looked while none do.
	countersEvery     = 10 * time.Second
	idleCountersEvery = time.Minute
)

// control is the process that owns a torrent's life.
//
//	phaseLoading   its row is read and its files are opened; again after a wait
//	phaseChecking  what lies there is read and hashed
//	phaseRunning   connections come and go
//	phaseHalted    paused by a fault, and loaded again after a wait; or refused,
//	               until an Ask to resume
type control struct {
	t       *Torrent
	p       *sup.Process
	phase   controlPhase
	disk    *disk.Disk // of the volume that the files lie on; nil until it is known
	layout  *layout
	row     *store.Row
	log     *havelog.Log
	reports reports
	swarm   *swarm
	goal    peer.Goal

	durable  *pieceset.Set
	written  *pieceset.Set // reported by the disk and not claimed yet
	status   Status
	told     told
	totals   totals
	retries  retries
	assignUp *assignUp // waits to begin
	verify   *pieceset.Set
	alarm    *clock.Alarm
}

// totals is what the row knows of the all-time totals, and when it is told again.
type totals struct {
	saved store.Counters
	due   mono.Instant
}

// told is what the host and the announcer were told of the whole torrent.
type told struct {
	trackers announced
	refused  string // links, in words
	longer   []disk.LongerFile
}

// completion says whether the host was told that every wanted byte is durable.
type completion uint8

const (
	completionOpen completion = iota
	completionTold
)

// retries are what is tried again: to reach the row and the disk, and to go on
// after a fault of the environment, or with files that others changed.
type retries struct {
	loading, recovery retry
	changes           changes
	told              error // what the host was told keeps the torrent from going on; nil: nothing
}

// retry is when something is tried again, and how long the wait after that is.
type retry struct {
	at   mono.Instant
	wait time.Duration
}

// controlPhase is what control is at.
type controlPhase uint8

const (
	phaseLoading controlPhase = iota
	phaseChecking
	phaseRunning
	phaseHalted
)

func (t *Torrent) runControl(p *sup.Process) error {
	c := &control{
		t: t, p: p,
		reports: newReports(),
		retries: retries{loading: retry{wait: retryAfter}, recovery: retry{wait: recoverAfter}},
		alarm:   t.env.Clock.NewAlarm(),
	}
	c.swarm = newSwarm(c)
	defer c.alarm.Stop()
	defer func() {
		t.control.close()
		t.legacy.sharing.interrupted(c.now())
		t.env.Dialling.Dialer.Withdraw(t.id)
		c.swarm.leaveAll("crashed") // else it has told before
		if c.disk != nil {
			c.disk.Detach(t.id, c.reports.box)
		}
	}()
	p.Watches(t.control.box, c.reports.box, c.swarm.downs, t.asks)
	t.asks.Serve(p)
	c.swarm.follow()
	c.swarm.named(t.control.open())
	p.Ready()
	c.begins()
	for c.step() == goOn {
	}
	return c.stop()
}

// begins begins to trade, unless a person paused the torrent before this process was.
func (c *control) begins() {
	switch c.t.legacy.will {
	case toRest:
		c.rest()
	case toRun:
		c.load()
	}
	c.judgeSharing()
	c.show()
}

// onward says whether a loop goes on.
type onward uint8

const (
	goOn onward = iota
	goHome
)

// step waits for one input and takes it.
func (c *control) step() onward {
	c.alarm.Arm(c.nextDeadline())
	select {
	case <-c.p.Stopping():
		return goHome
	case <-c.t.control.box.Wake():
		c.p.Receive("control input")
		c.inputs()
	case <-c.reports.box.Wake():
		c.p.Receive("disk report")
		for c.reports.taken.Take(c.reports.box); c.reports.taken.Left() > 0; {
			c.p.Step("report")
			c.report(c.reports.taken.Next())
		}
	case <-c.swarm.downs.Wake():
		c.p.Receive("peer down")
		downs := c.swarm.downs.Take(nil)
		c.inputs() // what each of those said last, since it came before its end
		for _, d := range downs {
			c.p.Step("down")
			c.swarm.down(d)
		}
	case <-c.t.asks.Wake():
		c.p.Receive("ask")
		for _, r := range c.t.asks.Take(nil) {
			c.p.Step("ask")
			c.ask(r)
		}
	case <-c.alarm.C():
		c.alarm.Rang()
		c.p.Receive("alarm")
		c.p.Step("alarm")
		c.ring()
	}
	c.swarm.dial()
	c.tellTrackers()
	c.judgeSharing()
	c.show()
	return goOn
}

func (c *control) inputs() {
	taken := &c.t.control.taken
	for taken.Take(c.t.control.box); taken.Left() > 0; {
		c.p.Step("input")
		c.input(taken.Next())
	}
}

func (c *control) input(in toControl) {
	switch {
	case in.assignUp != nil:
		c.assignUp = in.assignUp
		c.beginAssign()
	case in.incoming != nil:
		c.swarm.open(in.incoming.conn, in.incoming.conn.RemoteAddr(), in.incoming.acceptor, 0)
	case in.progress != nil:
		c.swarm.progress(in.progress)
	case in.named != nil:
		c.swarm.named(*in.named)
	case in.lookup != nil:
		c.swarm.found(in.lookup)
	case in.shook != nil:
		c.swarm.shook(in.shook)
	case in.chokerUp != nil:
		c.swarm.beginChoker()
	case in.intro != nil:
		c.swarm.introduced(in.intro)
	case in.closing != nil:
		c.swarm.closing(in.closing)
	case in.liar != nil:
		c.swarm.expose(in.liar)
	case in.shed != nil:
		c.swarm.shed()
	case in.tracked != nil:
		c.swarm.tracked(in.tracked)
	case in.moved != nil:
		c.swarm.moved(in.moved)
	case in.report != nil:
		c.reported(in.report)
	case in.listening != nil:
		c.announce()
	case in.refiltered != nil:
		c.swarm.follow()
	case in.rebounded != nil:
		c.swarm.rebound(in.rebounded)
	case in.host != nil:
		c.swarm.hostChanged(*in.host)
	case in.unveil != nil:
		c.unveil(in.unveil)
	}
}

func (c *control) now() mono.Instant { return c.t.env.Clock.Now() }

func (c *control) nextDeadline() mono.Instant {
	d := mono.Earliest(mono.Earliest(c.retries.loading.at, c.retries.recovery.at), c.totals.due)
	d = mono.Earliest(d, mono.Earliest(c.retries.changes.due, c.t.legacy.sharing.nextOfGoals()))
	if c.phase == phaseRunning {
		d = mono.Earliest(d, mono.Earliest(c.swarm.nextDeadline(), c.told.trackers.at))
	}
	return d
}

// ring carries out what is due.
func (c *control) ring() {
	now := c.now()
	if c.retries.loading.at != mono.Never && now >= c.retries.loading.at {
		c.retries.loading.at = mono.Never
		c.load()
	}
	if c.retries.recovery.at != mono.Never && now >= c.retries.recovery.at {
		c.recover()
	}
	if c.retries.changes.due != mono.Never && now >= c.retries.changes.due {
		c.reopenChanged()
	}
	if c.told.trackers.at != mono.Never && now >= c.told.trackers.at {
		c.announce()
	}
	if c.totals.due != mono.Never && now >= c.totals.due {
		c.totals.due = mono.Never
		c.saveCounters()
	}
}

// again loads anew after a wait that doubles, and tells of the first failure. A
// process that went down has told of its crash itself.
func (c *control) again(err error) {
	c.p.Degraded(err)
	var down *sup.DownError
	first := c.phase != phaseLoading || c.retries.told == nil
	if first && !errors.As(err, &down) && c.p.Context().Err() == nil {
		c.retries.told = err
		c.post(func(h event.Head) event.Event {
			return event.Warning{Head: h, Err: fmt.Errorf("its state cannot be read, which is tried again: %w", err)}
		})
	}
	c.phase = phaseLoading
	c.status.Phase, c.status.Err = Opening, err
	c.retries.loading.at = c.now().Add(c.retries.loading.wait)
	c.retries.loading.wait = min(2*c.retries.loading.wait, retryAtMost)
}

// post appends an event to the ring.
func (c *control) post(build func(event.Head) event.Event) {
	h := event.Head{At: c.t.env.Clock.Wall(), Torrent: c.t.id}
	if c.row != nil {
		h.InfoHash = c.row.Keys.V1
	}
	c.t.env.Events.Append(func(r ring.Revision) event.Event {
		h.Revision = event.Revision(r)
		return build(h)
	})
}

// show posts the status if it changed.
func (c *control) show() {
	s := c.status
	s.PeersOver = c.swarm.tradingOver()
	s.Peers = c.swarm.trading()
	s.Known = max(c.swarm.book.Known(), s.Peers) // some came by themselves
	shown, _ := c.t.status.Read()
	if !shown.equal(s) {
		c.t.status.Post(s)
	}
	if ViewEnding(s) == SharedEnough && ViewEnding(shown) == RunsOn {
		c.t.env.Ended(c.t.id)
	}
}
