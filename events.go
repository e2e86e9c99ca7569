package etorrent

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/etorrent/etorrent/internal/leaf/ring"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// ErrStopped is what waits end with when the client was shut down or the torrent
// retired.
var ErrStopped = errors.New("the torrent was stopped")

// Event is one fact that the engine reports: one of the types below. Heading
// tells when, of which torrent, and its revision.
type Event = event.Event

// Revision numbers the events of one client, from 1 on without gaps.
type Revision = event.Revision

// PieceState is how far a piece has come on its way to stable storage.
type PieceState = event.PieceState

// The states of a piece: its hash is right; it is in the file; it is synced and
// claimed; its hash was wrong.
const (
	PieceVerified = event.PieceVerified
	PieceWritten  = event.PieceWritten
	PieceDurable  = event.PieceDurable
	PieceCorrupt  = event.PieceCorrupt
)

// The events.
type (
	EventHead              = event.Head
	ListeningEvent         = event.Listening
	AddedEvent             = event.Added
	ReopenedEvent          = event.Reopened
	CheckingEvent          = event.Checking
	CheckedEvent           = event.Checked
	PieceEvent             = event.Piece
	FileStoredEvent        = event.FileStored
	PeerJoinedEvent        = event.PeerJoined
	PeerLeftEvent          = event.PeerLeft
	PeerBannedEvent        = event.PeerBanned
	CompletedEvent         = event.Completed
	PausedEvent            = event.Paused
	ResumedEvent           = event.Resumed
	QuarantinedEvent       = event.Quarantined
	GoalsMetEvent          = event.GoalsMet
	StoppedEvent           = event.Stopped
	TrackerEvent           = event.Tracker
	WarningEvent           = event.Warning
	HostChangedEvent       = event.HostChanged
	SuperSeedingEndedEvent = event.SuperSeedingEnded
	CrashedEvent           = event.Crashed
)

// TorrentID is the number of a torrent in the state of its client; EventHead has it
// beside the info-hash.
type TorrentID = ident.TorrentID

// CheckReason says why pieces are read and hashed.
type CheckReason = event.CheckReason

// The reasons of a check: files lie there that the state does not know, they changed
// since it was written, or a person asked.
const (
	CheckFoundFiles   = event.CheckFoundFiles
	CheckChangedFiles = event.CheckChangedFiles
	CheckAsked        = event.CheckAsked
)

// SuperSeedingEnd is why super seeding ended.
type SuperSeedingEnd = event.SuperSeedingEnd

// The reasons: ten remotes have everything, or one came with everything that did not get
// it here.
const (
	SuperSeedingEnoughComplete = event.EnoughComplete
	SuperSeedingOtherSeed      = event.OtherSeed
)

// CrashScope is how far a crash reached.
type CrashScope = event.CrashScope

// The scopes: a process, which is started again, or one of the many things that a
// process has and goes on without.
const (
	CrashOfProcess = event.CrashOfProcess
	CrashOfCell    = event.CrashOfCell
)

// Goal is what says when a torrent was shared enough.
type Goal = event.Goal

// The goals: what was given to others, and time.
const (
	RatioGoal    = event.RatioGoal
	SeedTimeGoal = event.SeedTimeGoal
)

// LaggedError says that a reader was too slow and missed events; the reading
// goes on with the oldest that is kept.
type LaggedError struct{ Missed uint64 }

// Error tells how many.
func (e *LaggedError) Error() string {
	if e.Missed == 1 {
		return "1 event was missed"
	}
	return fmt.Sprintf("%d events were missed", e.Missed)
}

// keptEvents is how many events a reader keeps room for after a burst.
const keptEvents = 256

// Events yields the events behind revision since, those kept from before and
// then the new ones, until ctx ends or the client has stopped. A reader that is
// too slow gets a *LaggedError beside a nil event; the engine never waits for
// it.
func (c *Client) Events(ctx context.Context, since Revision) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		from := ring.Revision(since) + 1
		var room []Event
		wake := make(chan struct{}, 1)
		c.engine.Events().Join(wake)
		defer c.engine.Events().Leave(wake)
		for {
			b := c.engine.Events().Since(from, room)
			if b.Missed > 0 && !yield(nil, &LaggedError{Missed: b.Missed}) {
				return
			}
			for _, e := range b.Values {
				if !yield(e, nil) {
					return
				}
			}
			from = b.Next
			clear(b.Values)
			if room = b.Values; cap(room) > keptEvents {
				room = nil
			}
			select {
			case <-wake:
			case <-ctx.Done():
				return
			case <-c.Done():
				if c.engine.Events().Next() == from {
					return
				}
			}
		}
	}
}
