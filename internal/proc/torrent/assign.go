package torrent

import (
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/blame"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/core/reveal"
	"github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// toAssign is one input of the assign process. What comes for every block is a
// value, so that it costs no memory of its own; what one step of a peer means to the
// picker is put there at once, in order.
//
// The mailbox is bounded by what is true of the torrent: a peer reports each
// piece of the remote once and each block once per deal, and says one credit a
// read; what is read of the torrent is one input at a time.
type toAssign struct {
	kind   inputKind
	why    peer.Return     // of inputReturned
	scope  peer.Scope      // of inputCredit
	holder assign.HolderID // of all that a peer says
	block  geometry.Block  // of inputReceived and inputReturned; of inputHas, inputAllowed and inputDisallowed its piece
	credit uint32          // of inputCredit
	rare   *rareInput      // of the others
}

// inputKind says what an input is.
type inputKind uint8

const (
	inputBegin inputKind = iota
	inputWanted
	inputJoined   // a peer that says more from now on
	inputLeft     // in order
	inputCrashed  // what it told the picker may not have reached the disk
	inputHasSet   // all that a remote has
	inputHas      // one piece more
	inputReceived // a block that the disk gets
	inputReturned
	inputCredit
	inputAllowed // to be fetched while it chokes us
	inputDisallowed
	inputWindows // what is read has changed
)

// rareInput is what is larger and comes seldom; one field is set.
type rareInput struct {
	begin  *beginAssign
	wanted []assign.Priority
	line   line          // of a peer that joins
	past   *past         // of one that does so again
	hasSet *pieceset.Set // of a peer, also when it joins again
}

// beginAssign is what control tells a fresh assign process.
type beginAssign struct {
	disk       *disk.Disk
	geometry   geometry.Geometry
	priorities []assign.Priority
	veil       veil
	run        uint64 // of the random numbers
}

// assigner is the assign process: it owns the picker of one torrent.
type assigner struct {
	t       *Torrent
	p       *sup.Process
	core    *assign.Core
	blame   *blame.Core
	begun   *beginAssign
	reports reports
	inputs  sup.Taken[toAssign]
	lines   map[assign.HolderID]line
	liars   map[assign.HolderID]struct{} // convicted, and not left yet
	out     []orderTo
	waiting []toAssign // what came before the disk's snapshot
	inquiry inquiry
	windows map[assign.WindowID]assign.Window // as the picker knows them
	reveal  *reveal.Core                      // nil: all is shown to all
	alarm   *clock.Alarm                      // of reveal
}

// orderTo is an effect of the picker: an order for one peer.
type orderTo struct {
	holder assign.HolderID
	order  peerOrder
}

func (t *Torrent) runAssign(p *sup.Process) error {
	a := &assigner{
		t: t, p: p, blame: blame.New(),
		reports: newReports(),
		lines:   map[assign.HolderID]line{},
		liars:   map[assign.HolderID]struct{}{},
		alarm:   t.env.Clock.NewAlarm(),
	}
	defer a.alarm.Stop()
	t.assign.Take(nil) // what was meant for an earlier incarnation
	p.Watches(t.assign, a.reports.box)
	p.Ready()
	t.control.Put(toControl{assignUp: &assignUp{}})
	defer func() {
		if a.begun != nil {
			a.begun.disk.Detach(t.id, a.reports.box)
		}
	}()
	for {
		if a.reveal != nil {
			a.alarm.Arm(a.reveal.NextDeadline())
		}
		select {
		case <-p.Stopping():
			return nil
		case <-t.assign.Wake():
			p.Receive("assign input")
		case <-a.reports.box.Wake():
			p.Receive("disk report")
		case <-a.alarm.C():
			a.alarm.Rang()
			p.Receive("alarm")
			a.tick()
		}
		a.take()
		a.flush()
	}
}

// take takes what there is. A verdict must not come before the blocks that it
// is about: peers tell of a block before they give it to the disk, so what the
// disk says is taken first and told last.
func (a *assigner) take() {
	a.reports.taken.Take(a.reports.box)
	for a.inputs.Take(a.t.assign); a.inputs.Left() > 0; {
		a.input(a.inputs.Next())
	}
	for a.reports.taken.Left() > 0 {
		a.report(a.reports.taken.Next())
	}
	if a.core != nil && a.inquiry.next() != noDoubt {
		a.begun.disk.Attach(a.t.id, a.reports.box)
	}
}

// input takes one input; before the picker exists it is kept.
func (a *assigner) input(in toAssign) {
	a.p.Step("input")
	switch {
	case in.kind == inputBegin:
		a.begun = in.rare.begin
		a.begun.disk.Attach(a.t.id, a.reports.box)
	case a.core == nil && in.kind == inputWindows: // it will look
	case a.core == nil:
		a.waiting = append(a.waiting, in)
	case in.kind == inputWanted:
		a.begun.priorities = in.rare.wanted
		a.core.SetPriorities(in.rare.wanted)
	case in.kind == inputWindows:
		a.readWindows()
	case in.kind == inputJoined:
		a.join(in.holder, in.rare)
	case a.lines[in.holder] != (line{}): // else it has left, or not joined this process yet
		a.hear(in)
	}
}

// hear takes what a peer says, or what is said of it.
func (a *assigner) hear(in toAssign) {
	switch in.kind {
	case inputHasSet:
		a.core.HaveSet(in.holder, in.rare.hasSet)
		a.seesSet(in.holder, in.rare.hasSet)
	case inputHas:
		a.core.Have(in.holder, in.block.Piece)
		a.sees(in.holder, in.block.Piece)
	case inputReceived:
		a.core.Received(in.holder, in.block)
	case inputReturned:
		a.core.Returned(in.holder, in.block, whyReturned(in.why))
	case inputCredit:
		a.credit(in)
	case inputAllowed:
		a.core.Allow(in.holder, in.block.Piece)
	case inputDisallowed:
		a.core.Disallow(in.holder, in.block.Piece)
	case inputLeft:
		a.leave(in.holder)
		a.disown(in.holder)
	case inputCrashed:
		a.leave(in.holder)
		a.disown(in.holder)
		a.inquiry.raise(someDoubt)
	case inputBegin, inputWanted, inputJoined, inputWindows:
	}
}

func (a *assigner) credit(in toAssign) {
	switch in.scope {
	case peer.AnyPiece:
		a.core.SetCredit(in.holder, in.credit)
	case peer.AllowedPieces:
		a.core.SetAllowedCredit(in.holder, in.credit)
	}
}

func whyReturned(r peer.Return) assign.Reason {
	switch r {
	case peer.ReturnRejected:
		return assign.Rejected
	case peer.ReturnChoked:
		return assign.Choked
	case peer.ReturnTimedOut:
		return assign.TimedOut
	}
	panic("torrent: unknown return")
}

func (a *assigner) report(r disk.Report) {
	a.p.Step("report")
	if snap, ok := r.(disk.Snapshot); ok {
		a.snapshot(snap)
		return
	}
	if a.core == nil {
		return
	}
	switch r := r.(type) {
	case *disk.PieceVerified:
		a.core.Verified(r.Piece)
	case disk.PieceCorrupt:
		a.core.Corrupt(r.Piece)
		a.blame.Corrupt(r.Piece, r.Blocks, a)
	case disk.PieceDigested:
		a.blame.Right(r.Piece, r.Digests, a)
	case disk.DiskRestarted:
		a.blame.Forget(a)
	case disk.PiecesLost:
		for i := range r.Pieces.All() {
			a.core.Lost(i)
		}
	case disk.Snapshot, *disk.PieceWritten, disk.PiecesDurable, disk.CheckProgress, disk.CheckEnded,
		disk.NothingMatched, disk.LinksRefused, disk.ClaimsWait, disk.ClaimsGoOn, disk.TorrentFaulted, disk.FilesChanged: // control's
	}
}

// snapshot makes the picker, or brings it in line after the disk restarted.
func (a *assigner) snapshot(s disk.Snapshot) {
	a.inquiry.answered()
	has := assign.Snapshot{Held: s.Held, Partials: s.Partials}
	if a.core != nil {
		a.core.Reset(has)
		return
	}
	start := assign.Start{Snapshot: has, Priorities: a.begun.priorities, Picker: a.t.options.Picker}
	rnd := rand.New(rand.NewPCG(a.begun.run, uint64(a.t.id)))
	a.core = assign.New(a.begun.geometry, start, rnd)
	if a.begun.veil == veiled {
		a.reveal = reveal.New(reveal.Config{Geometry: a.begun.geometry, Random: rnd})
	}
	for _, in := range a.waiting {
		a.input(in)
	}
	a.waiting = nil
	a.readWindows()
}

// Deal, Cancel and Interested make the assigner the Effects of its picker.

// Deal appends an order to request a run.
func (a *assigner) Deal(h assign.HolderID, r geometry.Run) {
	a.out = append(a.out, orderTo{h, peerOrder{kind: orderRequest, run: r}})
}

// Cancel appends an order to withdraw a request.
func (a *assigner) Cancel(h assign.HolderID, b geometry.Block) {
	a.out = append(a.out, orderTo{h, peerOrder{kind: orderCancel, run: geometry.Run{Piece: b.Piece, First: b.Number, Count: 1}}})
}

// Interested appends an order to say whether we are interested.
func (a *assigner) Interested(h assign.HolderID, i assign.Interest) {
	kind := orderNotInterested
	if i == assign.Interested {
		kind = orderInterested
	}
	a.out = append(a.out, orderTo{h, peerOrder{kind: kind}})
}

// Suspect, Clear and Convict make the assigner the Effects of its blame.

// Suspect has a holder fetch alone.
func (a *assigner) Suspect(by storage.Sender) { a.core.Parole(assign.HolderID(by)) }

// Clear ends that.
func (a *assigner) Clear(by storage.Sender) { a.core.Trust(assign.HolderID(by)) }

// disown has what a liar sent since it was convicted thrown away too.
func (a *assigner) disown(h assign.HolderID) {
	if _, lied := a.liars[h]; lied {
		delete(a.liars, h)
		a.begun.disk.Disown(a.t.id, h)
	}
}

// Convict has a holder fetch alone until control has ended its connection.
func (a *assigner) Convict(by storage.Sender, p blame.Proof) {
	h := assign.HolderID(by)
	a.core.Parole(h)
	a.begun.disk.Disown(a.t.id, h)
	if _, there := a.lines[h]; there {
		a.liars[h] = struct{}{}
	}
	a.t.control.Put(toControl{liar: &liar{id: h, proof: p}})
}

// flush settles the picker and carries out what it decided. Orders are bounded
// by the credits that the peers gave.
func (a *assigner) flush() {
	if a.core == nil || a.inquiry.deepest() == deepDoubt {
		return
	}
	a.core.Settle(a)
	a.showMore()
	for _, o := range a.out {
		a.p.Act("order")
		if to, there := a.lines[o.holder]; there {
			o.order.join = to.join
			to.orders.Put(o.order)
		}
	}
	a.out = a.out[:0]
}
