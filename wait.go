package etorrent

import (
	"context"
	"fmt"
	"time"

	"github.com/etorrent/etorrent/internal/proc/torrent"
)

// Milestone is a point in a torrent's life that Wait waits for.
type Milestone uint8

// The milestones. MetadataKnown: Metainfo and Files tell all, which is so from the
// beginning where a torrent is added by its .torrent. FilesOpen: what lies there has
// been checked. DataStored: every wanted byte is durable, which is so where nothing is
// wanted, too; CompletedEvent tells of less. SharingGoalsMet: the torrent was shared
// enough, as its Goals say; without any it is never reached, but by SetGoals. Stopped:
// the torrent was retired or removed, or the client shut down.
const (
	MetadataKnown Milestone = iota
	FilesOpen
	DataStored
	SharingGoalsMet
	Stopped
)

// WaitOption says more about one Wait.
type WaitOption func(*patience)

// StallAfter has Wait end with a *StalledError when nothing of what is wanted came for
// so long. Time in which the torrent checks, shares, or is paused by Pause does not
// count. Without it, and with 0, Wait is as patient as its context.
func StallAfter(d time.Duration) WaitOption { return func(p *patience) { p.after = d } }

// StalledError says that nothing of what a torrent wants came for as long as StallAfter
// has it. The torrent runs on.
type StalledError struct {
	After time.Duration
	Err   error // what a tracker last said, nil where none fails
}

// Error tells for how long.
func (e *StalledError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("stalled: no wanted byte came for %v", e.After)
	}
	return fmt.Sprintf("stalled: no wanted byte came for %v (%v)", e.After, e.Err)
}

// Unwrap returns what a tracker said.
func (e *StalledError) Unwrap() error { return e.Err }

// Wait returns when the milestone is reached. It returns early with the reason
// when the torrent is Refused or Paused by a fault (but for Stopped, which it waits
// for), with a *CrashError when the engine gave up, ErrStopped when it was shut down or
// the torrent retired, a *StalledError where StallAfter is given, and the context's
// error. A torrent that Pause stopped is waited for.
func (t *Torrent) Wait(ctx context.Context, m Milestone, o ...WaitOption) error {
	var p patience
	for _, option := range o {
		option(&p)
	}
	p.begin()
	defer p.end()
	for {
		s, changed := t.t.Status()
		if v := viewMilestone(s, m); v.state == milestoneJudged {
			return v.err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.c.Done():
			if err := t.c.Err(); err != nil || m == Stopped {
				return err
			}
			return ErrStopped
		case <-p.look:
			if p.over(t.Stats()) == milestoneJudged {
				return &StalledError{After: p.after, Err: t.trackerFault()}
			}
		case <-changed:
		}
	}
}

// trackerFault is what is wrong with the first tracker that fails, nil if none does.
func (t *Torrent) trackerFault() error {
	for _, s := range t.Trackers() {
		if s.Err != nil {
			return s.Err
		}
	}
	return nil
}

// looksOfPatience is how often Wait looks whether something came, within the time that
// it waits for that.
const looksOfPatience = 16

// patience is how long Wait waits for something to come.
type patience struct {
	after  time.Duration // 0 is for ever
	ticker *time.Ticker
	look   <-chan time.Time // never where it is for ever
	gained int64            // bytes, when something came last
	since  time.Time        // of that
}

func (p *patience) begin() {
	if p.after > 0 {
		p.ticker = time.NewTicker(max(1, p.after/looksOfPatience))
		p.look, p.since = p.ticker.C, time.Now()
	}
}

func (p *patience) end() {
	if p.ticker != nil {
		p.ticker.Stop()
	}
}

// over says whether nothing came for too long.
func (p *patience) over(s Stats) milestoneState {
	idle := s.Phase == torrent.Opening || s.Phase == torrent.Fetching
	if sum := s.Downloaded + s.Stored; !idle || sum != p.gained {
		p.gained, p.since = sum, time.Now()
	}
	if time.Since(p.since) >= p.after {
		return milestoneJudged
	}
	return milestoneAhead
}

// milestoneEvidence says whether a wait for a milestone is over, and how.
type milestoneEvidence struct {
	state milestoneState
	err   error
}

type milestoneState uint8

const (
	milestoneAhead milestoneState = iota
	milestoneJudged
)

func viewMilestone(s torrent.Status, m Milestone) milestoneEvidence {
	reached := milestoneEvidence{state: milestoneJudged}
	switch {
	case m == MetadataKnown:
		return reached
	case m == Stopped && s.Phase != torrent.Retired:
		return milestoneEvidence{}
	case m == Stopped, m == SharingGoalsMet && s.Shared.IsMet():
		return reached
	}
	switch s.Phase {
	case torrent.Paused, torrent.Refused:
		if s.Err != nil {
			return milestoneEvidence{milestoneJudged, s.Err}
		}
	case torrent.Retired:
		return milestoneEvidence{milestoneJudged, ErrStopped}
	case torrent.Sharing:
		if m != SharingGoalsMet {
			return reached
		}
	case torrent.Fetching:
		if m == FilesOpen {
			return reached
		}
	case torrent.Opening, torrent.Checking:
	}
	return milestoneEvidence{}
}
