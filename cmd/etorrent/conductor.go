package main

import (
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen"
)

// conductor runs torrents on an engine until its goal is met, and tells people
// and programs how they go.
type conductor struct {
	e        *engine
	s        *session
	goal     goal
	stall    time.Duration // 0: never
	others   otherSources
	torrents []*tracked
	byHash   map[[20]byte]*tracked
	events   chan heard
	crash    crash       // the latest
	piece    jsonl.Piece // that is told of; there are three for each
	copied   chan error  // how copy ended; nil: nothing is copied
	copy     func(*etorrent.Torrent) error
	queue    queue
	share    shareFlags
	hooks    hooks
}

// goal says when a conductor is done.
type goal uint8

const (
	untilStored goal = iota
	untilStopped
	untilCopied
)

// request is a torrent to run.
type request struct {
	source  *source
	dir     string
	options []etorrent.AddOption
}

// heard is one turn of the client's events.
type heard struct {
	event etorrent.Event
	err   error
}

func newConductor(e *engine, g goal) *conductor {
	return &conductor{e: e, s: e.s, goal: g, byHash: map[[20]byte]*tracked{}, events: make(chan heard), hooks: hooks{ended: make(chan hookEnd)}}
}

// run adds the torrents, runs them, stops the engine, and says how all ended.
func (c *conductor) run(add []request) error {
	c.listenToEvents()
	c.queue.waiting = add
	err := c.loop()
	stopErr := c.stopEngine()
	for _, t := range c.torrents {
		t.read(c.s.host.now())
		c.tellProgress(t)
		c.sumUp(t)
	}
	c.s.out.people.eraseFrame()
	c.lastWords(err)
	if err == nil && stopErr != nil {
		return failed(exitDisk, "stopping: %w", stopErr)
	}
	return err
}

// listenToEvents starts the goroutine that hands the client's events over. A
// slow terminal holds it up, and the client then counts what was missed.
func (c *conductor) listenToEvents() {
	p := c.s.p
	p.Go("events", func() error {
		defer close(c.events)
		for e, err := range c.e.client.Events(p.Context(), 0) {
			select {
			case c.events <- heard{e, err}:
			case <-p.Stopping():
				return nil
			}
		}
		return nil
	})
}

// endOfCopy is how a run ends whose file was copied, or could not be. What keeps the
// torrent from going on has been told as such.
func (c *conductor) endOfCopy(err error) error {
	c.look() // what it came to by now
	if err == nil {
		return nil
	}
	if _, why := c.judge(); why != nil {
		return why
	}
	return err
}

// loop takes what happens until there is nothing more to wait for. Its error
// says why it ended before the goal.
func (c *conductor) loop() error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for due := lookNow; ; {
		if due == lookNow {
			c.look()
			c.makeRoom()
			if err := c.fill(); err != nil {
				return err
			}
			if all, err := c.judge(); all == decided {
				return err
			}
		}
		due = lookNow
		select {
		case <-c.s.ctx.Done():
			return c.interruption()
		case err := <-c.copied:
			c.s.p.Receive("copied")
			return c.endOfCopy(err)
		case h, open := <-c.events:
			c.s.p.Receive("event")
			if !open {
				return c.clientEnded()
			}
			c.hear(h)
			due = lookAfter(h.event)
		case e := <-c.hooks.ended:
			c.s.p.Receive("on-complete")
			c.hookEnded(e)
		case r := <-c.e.filters:
			c.s.p.Receive("filter")
			c.refilter(r)
		case <-tick.C:
			c.s.p.Receive("tick")
			c.tick()
		}
	}
}

// lookDue says whether an event may have decided something. Pieces, files and peers
// come by the thousand, and what they add up to has events of its own.
type lookDue uint8

const (
	lookNow lookDue = iota
	lookLater
)

func lookAfter(e etorrent.Event) lookDue {
	switch e.(type) {
	case etorrent.PieceEvent, etorrent.FileStoredEvent, etorrent.PeerJoinedEvent, etorrent.PeerLeftEvent, etorrent.PeerBannedEvent:
		return lookLater
	case etorrent.ListeningEvent, etorrent.AddedEvent, etorrent.ReopenedEvent, etorrent.CheckingEvent, etorrent.CheckedEvent, etorrent.CompletedEvent, etorrent.GoalsMetEvent,
		etorrent.PausedEvent, etorrent.ResumedEvent, etorrent.QuarantinedEvent, etorrent.StoppedEvent, etorrent.TrackerEvent, etorrent.WarningEvent, etorrent.HostChangedEvent, etorrent.CrashedEvent, etorrent.SuperSeedingEndedEvent:
	}
	return lookNow
}

// interruption is why the session ended, nil while it goes on.
func (c *conductor) interruption() error {
	if c.s.ctx.Err() == nil {
		return nil
	}
	return causeOf(c.s.ctx)
}

// clientEnded says why the client is gone though nobody stopped it.
func (c *conductor) clientEnded() error {
	err := c.e.client.Err()
	if err == nil {
		return etorrent.ErrStopped
	}
	return c.e.gaveUp(err, c.crash)
}

// tick shows how things stand, once a second.
func (c *conductor) tick() {
	now := c.s.host.now()
	for _, t := range c.torrents {
		t.read(now)
		c.tellProgress(t)
		if t.outcome == stored && t.since < sharedLong {
			t.since++
		}
		c.catchUp(t)
	}
	c.s.out.people.progress(c.shown())
}

// look reads how every torrent stands.
func (c *conductor) look() {
	for _, t := range c.torrents {
		if t.handle == nil || t.presence == left {
			continue
		}
		t.stats = t.handle.Stats()
		switch t.stats.Phase {
		case etorrent.Paused:
			c.paused(t, t.stats.Err)
		case etorrent.Refused:
			c.broken(t, t.stats.Err)
		case etorrent.Sharing:
			c.complete(t)
		case etorrent.Fetching:
			c.judgeTrackers(t)
		case etorrent.Opening, etorrent.Checking, etorrent.Retired:
		}
		if t.outcome == stored && t.stats.Shared.IsMet() {
			c.enough(t)
		}
	}
}

// shown is the state as people see it.
func (c *conductor) shown() screen.State {
	s := screen.State{Trackers: c.shownTrackers()}
	if len(c.e.addrs) > 0 {
		s.Port = c.e.addrs[0].Port()
	}
	for _, t := range c.torrents {
		s.Torrents = append(s.Torrents, t.shown())
	}
	return s
}

// stopEngine stops the client and takes the events that it still has.
func (c *conductor) stopEngine() error {
	ended := make(chan error, 1)
	c.s.p.Go("stop", func() error {
		ended <- c.e.stop()
		return nil
	})
	events := c.events
	for {
		select {
		case h, open := <-events:
			if !open {
				return <-ended
			}
			c.hear(h)
		case err := <-ended:
			if err != nil {
				return err
			}
			ended <- nil // the rest of the events first
			for h := range events {
				c.hear(h)
			}
		}
	}
}
