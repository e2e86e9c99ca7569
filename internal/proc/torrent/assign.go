package torrent

import (
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/blame"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// toAssign is one input of the assign process; exactly one field is set.
//
// The mailbox is bounded by what is true of the torrent: a peer reports each
// piece of the remote once and each block once per deal, and puts one batch a
// read.
type toAssign struct {
	begin  *beginAssign
	batch  *peerBatch
	left   *holderLeft
	wanted []assign.Priority
}

// beginAssign is what control tells a fresh assign process.
type beginAssign struct {
	disk       *disk.Disk
	geometry   geometry.Geometry
	priorities []assign.Priority
	run        uint64 // of the random numbers
}

// peerBatch is what one step of a peer means to the picker, in order.
type peerBatch struct {
	holder  assign.HolderID
	orders  *sup.Mailbox[peerOrder] // set when the peer joins
	hasSet  *pieceset.Set
	has     []pieceset.Index
	got     []geometry.Block
	back    []returned
	credit  int
	credits creditNews
}

// holderLeft says that a peer is gone, and how.
type holderLeft struct {
	holder assign.HolderID
	how    departure
}

// departure says whether a peer's last words can be relied on.
type departure uint8

const (
	inOrder  departure = iota
	inACrash           // what it told the picker may not have reached the disk
)

// creditNews says whether a batch carries a credit.
type creditNews uint8

const (
	creditSame creditNews = iota
	creditNew
)

type returned struct {
	block geometry.Block
	why   peer.Return
}

// assigner is the assign process: it owns the picker of one torrent.
type assigner struct {
	t       *Torrent
	p       *sup.Process
	core    *assign.Core
	blame   *blame.Core
	begun   *beginAssign
	reports *sup.Mailbox[disk.Report]
	told    sup.Taken[disk.Report]
	inputs  sup.Taken[toAssign]
	orders  map[assign.HolderID]*sup.Mailbox[peerOrder]
	out     []orderTo
	waiting []toAssign // what came before the disk's snapshot
}

// orderTo is an effect of the picker: an order for one peer.
type orderTo struct {
	holder assign.HolderID
	order  peerOrder
}

func (t *Torrent) runAssign(p *sup.Process) error {
	a := &assigner{
		t: t, p: p, blame: blame.New(),
		reports: sup.NewMailbox[disk.Report](), // bounded by the pieces of the torrent
		orders:  map[assign.HolderID]*sup.Mailbox[peerOrder]{},
	}
	t.assign.Take(nil) // what was meant for an earlier incarnation
	p.Watches(t.assign)
	p.Ready()
	t.control.Put(toControl{assignUp: &assignUp{}})
	defer func() {
		if a.begun != nil {
			a.begun.disk.Detach(t.id, a.reports)
		}
	}()
	for {
		select {
		case <-p.Stopping():
			return nil
		case <-t.assign.Wake():
			p.Receive("assign input")
		case <-a.reports.Wake():
			p.Receive("disk report")
		}
		a.take()
		a.flush()
	}
}

// take takes what there is. A verdict must not come before the blocks that it
// is about: peers tell of a block before they give it to the disk, so what the
// disk says is taken first and told last.
func (a *assigner) take() {
	a.told.Take(a.reports)
	for a.inputs.Take(a.t.assign); a.inputs.Left() > 0; {
		a.input(a.inputs.Next())
	}
	for a.told.Left() > 0 {
		a.report(a.told.Next())
	}
}

// input takes one input; before the picker exists it is kept.
func (a *assigner) input(in toAssign) {
	a.p.Step("input")
	switch {
	case in.begin != nil:
		a.begun = in.begin
		a.begun.disk.Attach(a.t.id, a.reports)
	case a.core == nil:
		a.waiting = append(a.waiting, in)
	case in.batch != nil:
		a.batch(in.batch)
	case in.wanted != nil:
		a.begun.priorities = in.wanted
		a.core.SetPriorities(in.wanted)
	case in.left != nil:
		a.leave(*in.left)
	}
}

// leave removes a peer. After a crash the disk is asked what it really has.
func (a *assigner) leave(l holderLeft) {
	if a.orders[l.holder] == nil {
		return
	}
	a.core.Leave(l.holder)
	delete(a.orders, l.holder)
	if l.how == inACrash {
		a.begun.disk.Attach(a.t.id, a.reports)
	}
}

func (a *assigner) batch(b *peerBatch) {
	if b.orders != nil {
		a.orders[b.holder] = b.orders
		a.core.Join(b.holder, nil)
	}
	if a.orders[b.holder] == nil {
		return // the last words of a peer that has left
	}
	if b.hasSet != nil && b.hasSet.IsFull() {
		a.core.HaveAll(b.holder)
	} else {
		a.core.HaveSet(b.holder, b.hasSet)
	}
	for _, i := range b.has {
		a.core.Have(b.holder, i)
	}
	for _, block := range b.got {
		a.core.Received(b.holder, block)
	}
	for _, r := range b.back {
		a.core.Returned(b.holder, r.block, whyReturned(r.why))
	}
	if b.credits == creditNew {
		a.core.SetCredit(b.holder, uint32(b.credit))
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
	case disk.PieceVerified:
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
	case disk.Snapshot, disk.PieceWritten, disk.PiecesDurable, disk.CheckProgress, disk.CheckEnded,
		disk.NothingMatched, disk.LinksRefused, disk.ClaimsWait, disk.ClaimsGoOn, disk.TorrentFaulted, disk.FilesChanged: // control's
	}
}

// snapshot makes the picker, or brings it in line after the disk restarted.
func (a *assigner) snapshot(s disk.Snapshot) {
	has := assign.Snapshot{Held: s.Held, Partials: s.Partials}
	if a.core != nil {
		a.core.Reset(has)
		return
	}
	start := assign.Start{Snapshot: has, Priorities: a.begun.priorities}
	rnd := rand.New(rand.NewPCG(a.begun.run, uint64(a.t.id)))
	a.core = assign.New(a.begun.geometry, start, rnd)
	for _, in := range a.waiting {
		a.input(in)
	}
	a.waiting = nil
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

// Convict has a holder fetch alone until control has ended its connection.
func (a *assigner) Convict(by storage.Sender, p blame.Proof) {
	h := assign.HolderID(by)
	a.core.Parole(h)
	a.t.control.Put(toControl{liar: &liar{id: h, proof: p}})
}

// flush settles the picker and carries out what it decided. Orders are bounded
// by the credits that the peers gave.
func (a *assigner) flush() {
	if a.core == nil {
		return
	}
	a.core.Settle(a)
	for _, o := range a.out {
		a.p.Act("order")
		if box := a.orders[o.holder]; box != nil {
			box.Put(o.order)
		}
	}
	a.out = a.out[:0]
}
