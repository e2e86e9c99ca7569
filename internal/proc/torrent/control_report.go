package torrent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// report takes one report of the disk.
func (c *control) report(r disk.Report) {
	switch r := r.(type) {
	case disk.Snapshot:
		c.snapshot(r)
	case *disk.PieceVerified:
		c.pieceVerified(r.Piece)
	case *disk.PieceWritten:
		c.pieceWritten(r.Piece)
	case disk.PiecesDurable:
		c.piecesDurable(r.Pieces)
	case disk.PieceCorrupt:
		c.status.Corrupt++
		c.piece(r.Piece, event.PieceCorrupt)
	case disk.PieceDigested: // the picker's
	case disk.PiecesLost:
		c.piecesLost(r.Pieces)
	case disk.CheckProgress:
		c.status.Checked, c.status.ToCheck = r.Done, r.Total
	case disk.CheckEnded:
		c.checkEnded(r)
	case disk.NothingMatched:
		c.halt(Refused, c.overwrite(r.Path))
		c.closeFiles(c.p.Context()) // they may be somebody else's
	case disk.LinksRefused:
		c.linksRefused(r)
	case disk.ClaimsWait:
		c.p.Degraded(r.Err)
		c.post(func(h event.Head) event.Event {
			return event.Warning{Head: h, Err: fmt.Errorf("what is stored cannot be claimed, which is tried again: %w", r.Err)}
		})
	case disk.ClaimsGoOn:
		c.p.Healthy()
		c.post(func(h event.Head) event.Event { return event.Resumed{Head: h} })
	case disk.TorrentFaulted:
		c.halt(Paused, r.Err)
	case disk.FilesChanged:
		c.filesChanged()
	case disk.DiskRestarted:
		c.diskRestarted()
	}
}

// snapshot learns of written pieces whose reports were lost in a crash.
func (c *control) snapshot(s disk.Snapshot) {
	if c.layout == nil {
		return
	}
	for i := range s.Written.All() {
		if !c.durable.Has(i) && !c.written.Has(i) {
			c.pieceWritten(i)
		}
	}
}

func (c *control) piece(i pieceset.Index, state event.PieceState) {
	c.post(func(h event.Head) event.Event { return event.Piece{Head: h, Index: i, State: state} })
}

// pieceVerified notes where the piece comes from: while the torrent runs, nothing else
// is verified than what was fetched.
func (c *control) pieceVerified(i pieceset.Index) {
	c.piece(i, event.PieceVerified)
	if c.phase == phaseRunning {
		c.t.legacy.fetched.Add(i)
	}
}

func (c *control) pieceWritten(i pieceset.Index) {
	c.piece(i, event.PieceWritten)
	if !c.durable.Has(i) {
		c.written.Add(i)
	}
	if c.phase == phaseRunning {
		c.p.Act("have")
		c.log.Append(i)
	}
}

// piecesDurable counts pieces as stored, shows that, and then tells of each: who
// heard of a piece finds it counted.
func (c *control) piecesDurable(s *pieceset.Set) {
	fresh := s.Clone()
	fresh.RemoveAll(c.durable)
	c.durable.AddAll(fresh)
	c.written.RemoveAll(fresh)
	for i := range fresh.All() {
		c.status.Stored += c.layout.wantedBytes(i)
		c.status.Left -= c.layout.geometry.PieceSize(i)
	}
	c.status.Durable = c.durable.Count()
	c.showView()
	c.show()
	for i := range fresh.All() {
		c.piece(i, event.PieceDurable)
		c.tellFiles(i)
		if c.phase == phaseRunning {
			c.log.Append(i) // it is there already, unless its report was lost in a crash
		}
	}
	if !fresh.IsEmpty() {
		c.retries.recovery.wait = recoverAfter
	}
	c.saveSoon()
	c.durableNow(fresh)
	if c.phase == phaseRunning {
		c.judgeGoal()
	}
}

// piecesLost takes back what was announced: the connections that heard of it
// end, since a have cannot be withdrawn.
func (c *control) piecesLost(s *pieceset.Set) {
	c.durable.RemoveAll(s)
	c.written.RemoveAll(s)
	c.t.legacy.fetched.RemoveAll(s)
	c.t.legacy.completion = completionOpen
	c.countStored()
	c.layout.countMissing(c.durable)
	if c.phase == phaseRunning {
		c.begin()
	}
}

func (c *control) checkEnded(r disk.CheckEnded) {
	c.post(func(h event.Head) event.Event { return event.Checked{Head: h, Good: r.Good, Bad: r.Bad} })
	if c.phase == phaseChecking {
		c.begin()
	}
}

// diskRestarted opens the torrent again; connections stay.
func (c *control) diskRestarted() {
	if c.phase == phaseHalted {
		return
	}
	c.load()
}

func (c *control) priorities() []assign.Priority {
	if c.t.options.ReadOnly == ServeOnly {
		return make([]assign.Priority, len(c.layout.pieces)) // all unwanted
	}
	return c.layout.pieces
}

func (c *control) setPriorities(of []store.Priority) error {
	if c.layout == nil {
		return errNotOpen
	}
	settings := c.row.Settings
	settings.Priorities = of
	if err := c.saveSettings(settings); err != nil {
		return err
	}
	before := c.layout.wantedFiles()
	c.layout.setPriorities(of)
	c.status.Wanted = c.layout.bytes
	c.countStored()
	switch {
	case !isWithin(c.layout.wantedFiles(), before):
		c.reopen()
	case c.disk != nil:
		c.disk.Want(c.t.id, c.layout.wanted)
	}
	c.t.assign.Put(toAssign{kind: inputWanted, rare: &rareInput{wanted: c.priorities()}})
	if c.phase == phaseRunning {
		c.judgeGoal()
	}
	return nil
}

// keepLimits keeps limits that hold already.
func (c *control) keepLimits(l store.Limits) error {
	if c.row == nil {
		return errNotOpen
	}
	settings := c.row.Settings
	settings.Limits = l
	c.t.SetLimits(l) // of two who set them at once the same one is last in the row
	return c.saveSettings(settings)
}

func (c *control) saveSettings(s store.Settings) error {
	u := store.SettingsUpdate{ID: c.t.id, Epoch: c.t.epoch, Settings: s}
	err := calls.Repeat(func() error {
		return c.t.env.Rows.SaveSettings(c.p.Context(), calls.ControlSaveSettings, u)
	})
	if err == nil {
		c.row.Settings = s
	}
	return err
}

// isWithin says whether every one of the files is among others, which ascend.
func isWithin(files, others []int) bool {
	return !slices.ContainsFunc(files, func(f int) bool {
		_, found := slices.BinarySearch(others, f)
		return !found
	})
}

// reopen closes the files and opens them anew, since more of them is wanted now:
// it must be looked at, and made where it is absent. A disk that goes down
// meanwhile has forgotten the torrent as well.
func (c *control) reopen() {
	if c.disk == nil {
		return
	}
	c.closeFiles(c.p.Context())
	switch c.phase {
	case phaseLoading, phaseHalted: // it is loaded in any case
	case phaseChecking, phaseRunning:
		c.load()
	}
}

// closeFiles closes the files. What of the written pieces is there is claimed then;
// the others are no more to be taken for written.
func (c *control) closeFiles(ctx context.Context) {
	if c.disk.Close(ctx, calls.ControlCloseFiles, c.t.id) == nil {
		c.written.Clear()
	}
}

var errNotOpen = errors.New("the torrent's row could not be read yet")

// saveSoon arms the save of the counters.
func (c *control) saveSoon() { c.saveWithin(countersEvery) }

func (c *control) saveWithin(d time.Duration) {
	if c.totals.due == mono.Never {
		c.totals.due = c.now().Add(d)
	}
}

// saveCounters keeps the counters, and looks again while there are connections by
// which they may grow.
func (c *control) saveCounters() {
	before := c.totals.saved
	c.saveCountersIn(c.p.Context())
	switch {
	case c.swarm.trading() == 0:
	case c.totals.saved == before:
		c.saveWithin(idleCountersEvery)
	default:
		c.saveSoon()
	}
}

func (c *control) saveCountersIn(ctx context.Context) {
	if c.row == nil {
		return
	}
	down, up := c.t.tally.Read()
	base := c.t.legacy.base
	all := store.Counters{Downloaded: base.Downloaded + down, Uploaded: base.Uploaded + up, Seeding: base.Seeding}
	if all == c.totals.saved {
		return
	}
	u := store.CountersUpdate{ID: c.t.id, Epoch: c.t.epoch, Counters: all}
	if err := c.t.env.Rows.SaveCounters(ctx, calls.ControlSaveCounters, u); err != nil {
		c.saveSoon()
		return
	}
	c.totals.saved = all
}

// stopContext bounds what a stopping torrent still does.
func stopContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 10*time.Second)
}
