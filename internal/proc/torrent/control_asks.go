package torrent

import (
	"slices"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// Ask is a request of the library that needs an answer. Exactly one of the
// fields is set.
type Ask struct {
	Priorities []store.Priority // by file
	Prioritise *Prioritise
	Limits     *store.Limits // to be kept in the row
	Pause      *Pause
	Resume     *Resume
	Verify     *Verify
	Trackers   *KeepTrackers
	Goals      *Goals
}

// Prioritise changes the priority of some files, and leaves the others.
type Prioritise struct {
	Files []int
	To    store.Priority
}

// Pause ends all trading until an Ask to resume.
type Pause struct{}

// Resume asks a paused torrent to go on, or to try again.
type Resume struct{}

// Verify has every piece read and hashed anew; a torrent that is paused does it when
// it goes on.
type Verify struct{}

// Answer answers an Ask.
type Answer struct{ Err error }

// will says whether a person wants the torrent to trade.
type will uint8

const (
	toRun will = iota
	toRest
)

// ask answers a request of the library, which sees in the status what it did.
func (c *control) ask(r *sup.Request[Ask, Answer]) {
	var a Answer
	switch {
	case r.Q.Pause != nil:
		c.pause()
	case r.Q.Resume != nil:
		c.resume()
	case r.Q.Verify != nil:
		a.Err = c.verifyAll()
	case r.Q.Priorities != nil:
		a.Err = c.setPriorities(r.Q.Priorities)
	case r.Q.Prioritise != nil:
		a.Err = c.prioritise(*r.Q.Prioritise)
	case r.Q.Trackers != nil:
		a.Err = c.keepTrackers()
	case r.Q.Goals != nil:
		a.Err = c.setGoals(*r.Q.Goals)
	case r.Q.Limits != nil:
		a.Err = c.keepLimits(*r.Q.Limits)
	}
	c.judgeSharing()
	c.show()
	r.Reply(a)
}

// pause stops the torrent because a person wants it.
func (c *control) pause() {
	if c.t.legacy.will == toRest {
		return
	}
	c.t.legacy.will = toRest
	c.rest()
	c.post(func(h event.Head) event.Event { return event.Paused{Head: h} })
}

// rest ends all trading, and closes the files: others may have them, and their volume
// may leave. Nothing is tried again meanwhile.
func (c *control) rest() {
	c.phase = phaseHalted
	c.status.Phase, c.status.Err = Paused, nil
	c.retries.loading.at, c.retries.recovery.at, c.retries.changes.due = mono.Never, mono.Never, mono.Never
	c.retries.told = nil
	c.p.Healthy()
	c.swarm.dismiss("paused")
	if c.disk == nil {
		return
	}
	ctx, cancel := stopContext()
	defer cancel()
	c.closeFiles(ctx) // what it could not write is fetched again
}

// resume goes on, after a pause of either kind.
func (c *control) resume() {
	if c.t.legacy.will == toRest {
		c.t.legacy.will = toRun
		c.post(func(h event.Head) event.Event { return event.Resumed{Head: h} })
	}
	if c.phase == phaseHalted {
		c.load()
	}
}

func (c *control) verifyAll() error {
	if c.layout == nil {
		return errNotOpen
	}
	c.verify = pieceset.Full(c.layout.geometry.Pieces())
	switch c.phase {
	case phaseLoading, phaseHalted: // with the next load
	case phaseChecking, phaseRunning:
		c.load()
	}
	return nil
}

// prioritise is setPriorities for some files.
func (c *control) prioritise(p Prioritise) error {
	if c.layout == nil {
		return errNotOpen
	}
	of := slices.Clone(c.row.Settings.Priorities)
	for len(of) < len(c.layout.files) {
		of = append(of, store.PriorityNormal)
	}
	for _, i := range p.Files {
		if i >= 0 && i < len(of) {
			of[i] = p.To
		}
	}
	return c.setPriorities(of)
}
