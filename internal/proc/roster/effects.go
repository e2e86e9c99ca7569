package roster

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/roster"
	"github.com/etorrent/etorrent/internal/leaf/ring"
	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/sup"
)

// process is the Effects of its core: what it decides is carried out after the
// step.

func (x *process) execute() {
	acts := x.acts
	x.acts = nil
	for _, act := range acts {
		x.p.Act("roster action")
		act()
	}
}

// Start starts a torrent's processes.
func (x *process) Start(id ident.TorrentID) {
	x.keep(id)
	x.acts = append(x.acts, func() {
		switch x.core.State(id).(type) {
		case roster.Cold, roster.Quarantined:
			return // it was adopted, and its end was heard of then
		case roster.Awake, roster.Retiring:
		}
		if e := x.r.alive.get(id); e != nil {
			e.starts++
			x.r.pool.StartMonitored(e.running.Torrent.Child(), x.r.downs, id)
		}
	})
}

// Stop asks a torrent's processes to stop.
func (x *process) Stop(id ident.TorrentID) {
	x.keep(id)
	x.acts = append(x.acts, func() {
		if e := x.r.alive.get(id); e != nil {
			x.r.pool.Stop(e.running.Torrent.Child().Name)
		}
	})
}

// Quarantined reports a crash.
func (x *process) Quarantined(id ident.TorrentID, retryAt mono.Instant) {
	x.keep(id)
	x.acts = append(x.acts, func() {
		e := x.r.alive.get(id)
		if e == nil {
			return
		}
		clock := x.r.cfg.Clock
		at := clock.Wall()
		retry := at.Add(clock.Until(retryAt))
		e.running.Torrent.Quarantined(&QuarantineError{RetryAt: retry})
		x.r.cfg.Events.Append(func(rev ring.Revision) event.Event {
			head := event.Head{At: at, Revision: event.Revision(rev), Torrent: id, InfoHash: e.hash}
			return event.Quarantined{Head: head, Err: &QuarantineError{RetryAt: retry}, RetryAt: retry}
		})
	})
}

// keep leaves what was decided to the roster after this one.
func (x *process) keep(id ident.TorrentID) {
	if e := x.r.alive.get(id); e != nil {
		e.past = x.core.Past(id)
	}
}

// QuarantineError says that a torrent's processes crashed too often, and when
// they are started again.
type QuarantineError struct{ RetryAt time.Time }

// Error tells both.
func (e *QuarantineError) Error() string {
	return "its processes crashed too often; they are started again at " + e.RetryAt.Format(time.TimeOnly)
}

// Gone gives up the right to run a torrent that is down, and answers who waits.
func (x *process) Gone(id ident.TorrentID) {
	x.acts = append(x.acts, func() {
		if e := x.r.alive.get(id); e != nil {
			// A hold that cannot be given up now ends with the program.
			_ = x.r.cfg.Rows.Release(x.p.Context(), calls.RosterRelease, e.hold)
			x.r.alive.remove(id)
			e.running.Torrent.Retired()
		}
		for _, q := range x.gone[id] {
			q.Reply(answer{})
		}
		delete(x.gone, id)
	})
}

// downs hears of the ends of torrents. What it has not come to when it crashes is left
// to the next roster.
func (x *process) downs() {
	for x.r.heard.Take(x.r.downs); x.r.heard.Left() > 0; {
		x.p.Step("down")
		x.down(x.r.heard.Next())
	}
}

// down tells the core how a torrent's processes ended, if they did: a roster after
// another one starts what runs already, and what ended before it looked.
func (x *process) down(d sup.Down) {
	id, ok := d.Tag.(ident.TorrentID)
	if !ok {
		return
	}
	if e := x.r.alive.get(id); e != nil {
		if e.starts--; e.starts > 0 {
			return
		}
	}
	how := roster.InOrder
	switch d.Exit.(type) {
	case sup.StartFailed, sup.Failed, sup.Panicked, sup.Stuck:
		how = roster.Crashed
	case sup.Normal, sup.Stopped:
	}
	x.core.Down(x.r.cfg.Clock.Now(), id, how, x)
}
