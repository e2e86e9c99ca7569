package torrent

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/leaf/havelog"
	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// load reads the row and opens the files. What the environment does not allow
// now is tried again, or halts the torrent with its reason.
func (c *control) load() {
	row, err := c.t.env.Rows.Get(c.p.Context(), calls.ControlGetRow, c.t.id)
	if err != nil {
		c.again(err)
		return
	}
	l, err := newLayout(row)
	if err != nil {
		c.halt(Refused, err)
		return
	}
	c.row, c.layout = row, l
	_ = c.keepTrackers() // that were added while it could not be read
	if c.t.legacy.base == nil {
		c.t.legacy.base, c.t.legacy.fetched = &row.Counters, pieceset.New(l.geometry.Pieces())
	}
	if c.durable == nil {
		c.totals.saved = row.Counters
		c.durable = pieceset.New(l.geometry.Pieces())
		c.written = pieceset.New(l.geometry.Pieces())
	}
	c.status.Pieces, c.status.Wanted = l.geometry.Pieces(), l.bytes
	if err := c.findDisk(); err != nil {
		if c.p.Context().Err() == nil {
			c.halt(Paused, err)
		}
		return
	}
	evidence, err := c.disk.Open(c.p.Context(), calls.ControlOpenFiles, c.openRequest())
	if err != nil {
		c.again(err)
		return
	}
	c.opened(evidence)
}

func (c *control) openRequest() disk.OpenRequest {
	return disk.OpenRequest{
		Torrent: c.t.id, Epoch: c.t.epoch, Spec: c.spec(), Verifier: c.layout.meta.Verifier(),
		Row: c.row, Written: c.written, Prepare: c.prepare(), Edges: c.edges(), Wanted: c.layout.wanted,
		Existing: c.t.options.Existing, Verify: c.verify,
	}
}

// findDisk looks up which volume the files lie on, and attaches to its process.
func (c *control) findDisk() error {
	if c.disk != nil {
		return nil
	}
	d, err := c.t.env.Disks.For(c.p.Context(), c.spec())
	if err != nil {
		return err
	}
	c.disk, c.t.disk = d, d
	c.disk.Attach(c.t.id, c.reports.box)
	return nil
}

func (c *control) spec() storage.Spec {
	s := storage.Spec{
		Name: c.layout.meta.Name, Geometry: c.layout.geometry,
		Dir: c.row.Settings.Dir, Files: c.layout.files, Parts: storage.PartsName(c.layout.meta.ID().V1.String()),
		Allocate: c.t.options.Allocate,
	}
	if c.t.options.ReadOnly == ServeOnly {
		s.Access = storage.ReadOnly
	}
	return s
}

func (c *control) prepare() []int {
	if c.t.options.ReadOnly == ServeOnly {
		return nil
	}
	return c.layout.wantedFiles()
}

func (c *control) edges() []int {
	if c.t.options.ReadOnly == ServeOnly {
		return nil
	}
	return c.layout.edgeFiles()
}

// opened takes the answer of the disk.
func (c *control) opened(e disk.OpenEvidence) {
	switch e := e.(type) {
	case disk.WouldOverwrite:
		c.halt(Refused, c.overwrite(e.Path))
	case disk.OpenFailed:
		c.halt(Paused, e.Err)
	case disk.Opened:
		c.p.Healthy()
		c.recovered()
		c.retries.loading.wait = retryAfter
		c.status.Err = nil
		c.claim(e.Claimed)
		c.tellOpened(e.Claimed)
		c.tellLonger(e.Longer)
		if e.Checking > 0 {
			c.phase = phaseChecking
			c.status.Phase, c.status.ToCheck, c.status.Checked = Checking, e.Checking, 0
			c.post(func(h event.Head) event.Event {
				return event.Checking{Head: h, Pieces: e.Checking, Reason: e.Reason}
			})
			return
		}
		c.begin()
	}
}

// tellOpened tells what is claimed of the files that were opened. That the torrent was
// added is told once, whatever becomes of this process.
func (c *control) tellOpened(claimed *pieceset.Set) {
	bytes := c.layout.pieceBytes(claimed)
	if c.t.legacy.opening == openedBefore {
		c.post(func(h event.Head) event.Event {
			return event.Reopened{Head: h, Claimed: claimed.Clone(), Bytes: bytes}
		})
		return
	}
	c.post(func(h event.Head) event.Event {
		return event.Added{Head: h, Name: c.layout.meta.Name, Claimed: claimed.Clone(), Bytes: bytes}
	})
	c.t.legacy.opening = openedBefore
}

// opening says whether a torrent's files were opened since it was added.
type opening uint8

const (
	neverOpened opening = iota
	openedBefore
)

// claim makes the claimed pieces the durable ones. What tells of them also stands for
// the files that are whole by them.
func (c *control) claim(claimed *pieceset.Set) {
	c.durable = claimed.Clone()
	c.written.RemoveAll(claimed)
	c.countStored()
	c.layout.countMissing(c.durable)
	c.durableNow(c.durable)
}

func (c *control) countStored() {
	c.status.Durable = c.durable.Count()
	c.status.Stored = 0
	for i := range c.durable.All() {
		c.status.Stored += c.layout.wantedBytes(i)
	}
	c.countLeft()
	c.showView()
}

// begin lets connections come.
func (c *control) begin() {
	c.renewLog()
	c.showView()
	c.phase = phaseRunning
	c.verify = nil
	c.judgeGoal()
	c.beginAssign()
	c.announce()
}

// renewLog makes the log of written pieces say what the disk vouches for. The
// connections that hold it stay, unless something was lost that they may have
// announced: a HAVE cannot be withdrawn.
func (c *control) renewLog() {
	held := c.durable.Clone()
	held.AddAll(c.written)
	kept := 0
	for i := range held.All() {
		if c.log != nil && c.log.Has(i) {
			kept++
		}
	}
	if c.log == nil || kept < c.log.Count() {
		c.swarm.dismiss("pieces lost")
		c.log = havelog.New(held)
		return
	}
	for i := range held.All() {
		c.log.Append(i)
	}
}

// beginAssign lets a waiting assign process begin. What connections told an earlier
// one, or while there was none, is lost: each joins anew. One that is not there yet,
// or still shakes hands, joins by itself, and later than this process began to listen.
func (c *control) beginAssign() {
	if c.phase != phaseRunning || c.assignUp == nil {
		return
	}
	c.assignUp = nil
	c.p.Act("begin assign")
	c.t.assign.Put(toAssign{kind: inputBegin, rare: &rareInput{begin: &beginAssign{
		disk: c.disk, geometry: c.layout.geometry, priorities: c.priorities(), veil: c.t.legacy.veil, run: c.t.env.Random,
	}}})
	c.swarm.rejoin()
}

// judgeGoal compares what is durable with what is wanted, and tells of the moment at
// which all is there that is wanted. Where nothing is wanted that moment is when the whole
// torrent is there.
func (c *control) judgeGoal() {
	missing := c.layout.wanted.Count() - c.layout.wanted.Overlap(c.durable)
	before := c.goal
	c.goal, c.status.Phase = peer.Fetching, Fetching
	if missing == 0 || c.t.options.ReadOnly == ServeOnly {
		c.goal, c.status.Phase = c.sharing(), Sharing
	}
	if c.goal != before {
		c.swarm.tellGoal(c.goal)
	}
	if missing > 0 || c.layout.viewWish() == wantsNothing && !c.durable.IsFull() {
		c.t.legacy.completion = completionOpen
		return
	}
	if c.t.legacy.completion == completionTold {
		return
	}
	c.t.legacy.completion = completionTold
	c.show()
	c.post(func(h event.Head) event.Event { return event.Completed{Head: h} })
}

// stop writes, syncs and claims what can be, and closes the files. Where the disk is
// gone, mostly so is the store, and their supervisor starts them when this process has
// stopped: nothing is waited for then, and the next process goes on with the counters.
func (c *control) stop() error {
	c.swarm.dismiss("stopped")
	ctx, cancel := stopContext()
	defer cancel()
	var down *sup.DownError
	var err error
	if c.disk != nil {
		err = c.disk.Close(ctx, calls.ControlCloseFiles, c.t.id)
	}
	if !errors.As(err, &down) {
		c.saveCountersIn(ctx)
	}
	if err != nil {
		c.post(func(h event.Head) event.Event { return event.Warning{Head: h, Err: err} })
	}
	c.swarm.leaveAll("stopped")
	c.t.slots.Leave(c.now())
	c.post(func(h event.Head) event.Event { return event.Stopped{Head: h} })
	return nil
}

// overwrite is the error for a file below the torrent's folder.
func (c *control) overwrite(path string) *OverwriteError {
	e := &OverwriteError{Path: filepath.Join(c.row.Settings.Dir, filepath.FromSlash(path)), Asked: c.t.options.Existing}
	return e
}

// OverwriteError says that a file lies there which is not ours to write over:
// either existing files were to be refused, or nothing in it was recognised.
type OverwriteError struct {
	Path  string
	Asked disk.Existing
}

// Unwrap returns fs.ErrExist.
func (e *OverwriteError) Unwrap() error { return fs.ErrExist }

// Error names the file and the reason.
func (e *OverwriteError) Error() string {
	if e.Asked == disk.RefuseExisting {
		return e.Path + " exists, and existing files are refused"
	}
	return "would overwrite " + e.Path + ": it is not empty, and nothing in it belongs to the torrent"
}
