package sim

import (
	"math/rand/v2"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/blame"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/core/reveal"
	"github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// assigner is the assign process of a node: the Effects of its picker and of its
// blame.
type assigner struct {
	l       *life
	core    *assign.Core // nil until the disk's snapshot came
	blame   *blame.Core
	from    mono.Instant
	box     *mailbox // what peers and control say, from then on
	reports []func() // what the disk says; told after what came into the box before
	conns   map[assign.HolderID]*conn
	joins   map[assign.HolderID]int // which join of theirs orders answer
	liars   map[assign.HolderID]struct{}
	early   []func() // what came before the snapshot
	heard   []*conn  // whose news came since the last settling
	out     []order
	inquiry inquiry
	reads   pieceset.Index
	reveal  *reveal.Core // nil: all is shown to all
}

// inquiry is what the disk is asked when it may have other blocks than the picker
// knows of: one snapshot at a time.
type inquiry struct{ due, asked doubt }

// doubt says how sure it is that the picker knows what the disk has.
type doubt uint8

const (
	noDoubt   doubt = iota
	someDoubt       // what a peer told may never have reached the disk
	deepDoubt       // the disk may have what nobody told: until it says so nothing is dealt
)

// order is an effect of the picker for one connection.
type order struct {
	to *conn
	do func(*conn)
}

// pickerNews is what one step of a connection means to the picker, in order.
type pickerNews struct {
	conn    *conn
	join    int // the latest of the connection
	joins   joining
	past    *assign.Past // of one that joins anew
	hasSet  *pieceset.Set
	has     []pieceset.Index
	got     []geometry.Block
	back    []returned
	favours []favour
	credit  int
	scope   peer.Scope
	credits joining
}

// joining says whether a part of the news is there.
type joining uint8

const (
	absent joining = iota
	present
)

// favour says that a piece may, or may no more, be fetched while choked.
type favour struct {
	piece pieceset.Index
	word  joining
}

type returned struct {
	block geometry.Block
	why   peer.Return
}

// newAssigner begins an assign process, which hears what is said after a while.
func newAssigner(l *life, after time.Duration) *assigner {
	a := &assigner{
		l: l, from: l.w.now.Add(after), blame: blame.New(),
		conns: map[assign.HolderID]*conn{}, joins: map[assign.HolderID]int{}, liars: map[assign.HolderID]struct{}{},
	}
	a.box = &mailbox{l: l, then: a.settle}
	if l.veil == veiled {
		a.reveal = l.w.newReveal()
	}
	return a
}

// isOver says whether the process has ended.
func (a *assigner) isOver() bool { return a.l.isOver() || a.l.assign != a }

// report takes a word of the disk.
func (a *assigner) report(do func()) {
	a.reports = append(a.reports, do)
	a.box.wake()
}

// input takes an input; before the picker exists it is kept. One that comes before
// the process listens is lost, and so are those that it had not taken when it ended.
func (a *assigner) input(do func()) {
	if a.l.w.now < a.from {
		return
	}
	a.box.put(func() {
		if a.isOver() {
			return
		}
		if a.core == nil {
			a.early = append(a.early, do)
			return
		}
		do()
	})
}

// settle tells the picker what the disk said, and carries out what it decided.
func (a *assigner) settle() {
	if a.isOver() {
		return
	}
	all := a.reports
	a.reports = nil
	for _, do := range all {
		do()
	}
	if a.core == nil {
		return
	}
	a.inquire()
	if a.isInDeepDoubt() {
		a.l.w.audit("picker", a.l, a.core.Audit())
		return
	}
	a.read()
	a.core.Settle(a)
	for _, o := range a.out {
		if a.conns[o.to.id] != nil {
			o.to.hear(a.joins[o.to.id], o.do)
		}
	}
	a.out = a.out[:0]
	a.audit()
	a.revealed(func(r *reveal.Core) { r.Settle(a.l.w.now, a) })
}

// read has somebody read on from where it is: it waits for the first piece that is
// not there, and wants the next ones soon.
func (a *assigner) read() {
	w, n := a.l.w, a.l.n.platter.Pieces()
	if w.cfg.Hazards.Seeks == 0 {
		return
	}
	if w.happens(w.cfg.Hazards.Seeks) {
		a.reads = pieceset.Index(w.rnd.IntN(n))
	}
	for int(a.reads) < n-1 && a.core.State(a.reads) == assign.PieceHeld {
		a.reads++
	}
	a.core.SetWindow(1, assign.Window{First: a.reads, Now: 1, Soon: 3})
}

// inquire asks the disk what it has, if that is in doubt and nothing is asked yet.
func (a *assigner) inquire() {
	if a.inquiry.due != noDoubt && a.inquiry.asked == noDoubt {
		a.inquiry = inquiry{asked: a.inquiry.due}
		a.l.disk.attach()
	}
}

func (a *assigner) isInDeepDoubt() bool {
	return max(a.inquiry.due, a.inquiry.asked) == deepDoubt
}

// audit fails the world if the picker contradicts itself, or those whom it knows.
func (a *assigner) audit() {
	a.l.w.audit("picker", a.l, a.core.Audit())
	for id, c := range a.conns {
		for range a.core.Dealt(id) {
			if c.flow.end == pickerTold {
				a.l.w.fail(a.l, "the picker waits for blocks of one that has left")
			}
			break
		}
	}
	for _, c := range a.heard {
		if c.phase == connTrading {
			c.audit()
		}
	}
	a.heard = a.heard[:0]
}

// snapshot makes the picker, or brings it in line with the disk.
func (a *assigner) snapshot(s assign.Snapshot) {
	a.inquiry.asked = noDoubt
	if a.core != nil {
		a.core.Reset(s)
		return
	}
	w := a.l.w
	a.core = assign.New(a.l.n.platter.Geometry, assign.Start{Snapshot: s, Picker: must(assign.FindPicker(w.cfg.Picker))}, rand.New(rand.NewPCG(w.rnd.Uint64(), w.rnd.Uint64())))
	for _, do := range a.early {
		do()
	}
	a.early = nil
}

// news takes what a step of a connection means.
func (a *assigner) news(b *pickerNews) {
	id := b.conn.id
	b.conn.flow.arrives(b)
	a.heard = append(a.heard, b.conn)
	if b.joins == present {
		a.join(b)
	}
	if a.conns[id] == nil {
		return // the last words of a peer that has left
	}
	a.core.HaveSet(id, b.hasSet)
	for _, i := range b.has {
		a.core.Have(id, i)
	}
	a.sees(b)
	for _, block := range b.got {
		a.core.Received(id, block)
		a.l.origins.came(id, block)
	}
	for _, f := range b.favours {
		if f.word == present {
			a.core.Allow(id, f.piece)
		} else {
			a.core.Disallow(id, f.piece)
		}
	}
	for _, r := range b.back {
		if a.l.w.cfg.defect != defectForgetsReturns {
			a.core.Returned(id, r.block, reasonOf(r.why))
			a.l.origins.returned(id, r.block, r.why)
		}
	}
	if b.credits == present {
		if a.l.w.cfg.defect == defectDoublesCredit {
			b.credit *= 2
		}
		a.credit(id, b)
	}
}

// credit passes on what a connection takes.
func (a *assigner) credit(id assign.HolderID, b *pickerNews) {
	switch b.scope {
	case peer.AnyPiece:
		a.core.SetCredit(id, uint32(b.credit))
	case peer.AllowedPieces:
		a.core.SetAllowedCredit(id, uint32(b.credit))
	}
}

// join adds a connection, or takes the word of one that lived before.
func (a *assigner) join(b *pickerNews) {
	id := b.conn.id
	a.conns[id], a.joins[id] = b.conn, b.join
	a.meets(b.conn)
	if b.past == nil {
		a.core.Join(id, nil)
		return
	}
	past := *b.past
	if a.l.w.cfg.defect == defectForgetsFlying {
		past.Fetches = nil
	}
	a.l.w.totals.Rejoined++
	a.l.w.totals.Adopted += len(past.Fetches)
	a.core.Rejoin(id, b.hasSet, past)
	a.inquiry.due = deepDoubt
}

func reasonOf(r peer.Return) assign.Reason {
	switch r {
	case peer.ReturnRejected:
		return assign.Rejected
	case peer.ReturnChoked:
		return assign.Choked
	case peer.ReturnTimedOut:
		return assign.TimedOut
	}
	panic("sim: unknown return")
}

// left takes a connection out. After a crash the disk is asked what it has.
func (a *assigner) left(c *conn, how departure) {
	if a.conns[c.id] == nil || a.l.w.cfg.defect == defectForgetsDepartures {
		return
	}
	a.l.origins.left(c.id, a.core.Dealt(c.id))
	a.core.Leave(c.id)
	delete(a.conns, c.id)
	a.revealed(func(r *reveal.Core) { r.RemoteLeft(a.l.w.now, reveal.RemoteID(c.id)) })
	if _, lied := a.liars[c.id]; lied {
		delete(a.liars, c.id)
		a.disown(c.id)
	}
	if how == inACrash {
		a.inquiry.due = max(a.inquiry.due, someDoubt)
	}
}

// departure says whether a peer's last words can be relied on.
type departure uint8

const (
	inOrder departure = iota
	inACrash
)

// Deal has a connection request a run.
func (a *assigner) Deal(h assign.HolderID, r geometry.Run) {
	a.l.origins.deals(h, r)
	if c := a.conns[h]; c != nil {
		c.flow.deals(r)
	}
	a.order(h, func(c *conn) {
		c.flow.dealt(r)
		c.step(func() { c.core.Request(c.w.now, r, c) })
	})
}

// Cancel has a connection withdraw a request.
func (a *assigner) Cancel(h assign.HolderID, b geometry.Block) {
	a.l.origins.cancels(h, b)
	a.order(h, func(c *conn) {
		delete(c.flow.crossed, b)
		c.step(func() { c.core.CancelBlock(c.w.now, b, c) })
	})
}

// Interested has a connection say whether we are interested.
func (a *assigner) Interested(h assign.HolderID, i assign.Interest) {
	told := peer.NotInterested
	if i == assign.Interested {
		told = peer.Interested
	}
	a.order(h, func(c *conn) { c.step(func() { c.core.SetInterest(c.w.now, told, c) }) })
}

func (a *assigner) order(h assign.HolderID, do func(*conn)) {
	c := a.conns[h]
	if c == nil {
		a.l.w.fail(a.l, "the picker orders holder %d, which has left", h)
		return
	}
	a.out = append(a.out, order{c, do})
}

// Suspect has a holder fetch alone.
func (a *assigner) Suspect(by storage.Sender) { a.core.Parole(assign.HolderID(by)) }

// Clear ends that.
func (a *assigner) Clear(by storage.Sender) { a.core.Trust(assign.HolderID(by)) }

// Convict has a holder fetch alone until control has ended its connection.
func (a *assigner) Convict(by storage.Sender, _ blame.Proof) {
	h := assign.HolderID(by)
	if a.l.w.cfg.defect == defectBlamesAnybody {
		h = a.l.control.anybody(h)
	}
	a.core.Parole(h)
	a.disown(h)
	if a.conns[h] != nil {
		a.liars[h] = struct{}{}
	}
	a.l.control.box.put(func() { a.l.control.expose(h) })
}

// disown has what a liar sent of open pieces thrown away.
func (a *assigner) disown(h assign.HolderID) {
	d := a.l.disk
	d.box.put(func() {
		if !d.isOver() {
			d.step(func() { d.core.Disown(d.l.w.now, storage.Sender(h), d) })
		}
	})
}
