package peer

import (
	"maps"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// auditor is the Effects of a core that must not break a rule. It keeps what it
// was told as sets, to compare them with what the core knows.
type auditor struct {
	t    failer
	core *Core

	dealt  map[geometry.Block]int // to the core, neither received, returned nor cancelled
	asked  []geometry.Block       // requests on the wire without an answer, in order
	owed   map[Request]int        // requests of the remote without an answer
	stored *geometry.Block        // received; its bytes must come next
	credit int
	scope  Scope
	closes int

	allowed []pieceset.Index // by the remote, while it chokes us
	again   *retold          // what is being told once more, to compare it
}

// retold is what a rejoining core tells.
type retold struct {
	told     int
	inFlight []geometry.Block
	has      *pieceset.Set
}

func newAuditor(t failer) *auditor {
	return &auditor{t: t, dealt: map[geometry.Block]int{}, owed: map[Request]int{}}
}

func (a *auditor) alive(what string) {
	a.t.Helper()
	if a.closes > 0 {
		a.t.Fatalf("%s after the close", what)
	}
	if a.stored != nil && what != "StoreBlock" {
		a.t.Fatalf("%s before the bytes of %v are stored", what, *a.stored)
	}
}

func (a *auditor) Send(m wire.Message) {
	a.alive("Send")
	b := requestOf(&m).block()
	switch m.Kind {
	case wire.Request:
		if n := a.core.pipe.asked.flying.count; a.core.remote.choke == Choked && (!slices.Contains(a.allowed, b.Piece) || n > grantedWindow) {
			a.t.Fatalf("request of %v, the %dth, while choked with %v allowed", b, n, a.allowed)
		}
		if a.dealt[b] == 0 {
			a.t.Fatalf("request of %v, which was not dealt", b)
		}
		if n := a.core.pipe.asked.flying.count; n > a.core.pipe.reqq {
			a.t.Fatalf("%d in flight, the remote queues %d", n, a.core.pipe.reqq)
		}
		a.asked = append(a.asked, b)
	case wire.Cancel:
		if !slices.Contains(a.asked, b) {
			a.t.Fatalf("cancel of %v, which was not asked for", b)
		}
	case wire.Reject:
		a.answer(requestOf(&m), "reject")
	default:
	}
	if m.Kind == wire.Reject && !a.core.speaksFast() {
		a.t.Fatalf("reject without FAST")
	}
}

// receive gives the core a message of the remote, and keeps account of those
// that want an answer.
func (a *auditor) receive(now mono.Instant, m wire.Message, eff Effects) {
	r := requestOf(&m)
	if m.Kind == wire.Request && a.closes == 0 {
		a.owed[r]++
	}
	a.core.Receive(now, &m, eff)
	if a.core.speaksFast() || a.owed[r] == 0 {
		return
	}
	if m.Kind == wire.Cancel || m.Kind == wire.Request && !a.isQueued(r) {
		a.owed[r]-- // silence is the answer
	}
}

func (a *auditor) isQueued(r Request) bool {
	return slices.Contains(a.core.owed.waiting.all(), r) || slices.Contains(a.core.owed.reading, r)
}

// answer takes one request of the remote for answered.
func (a *auditor) answer(r Request, how string) {
	a.t.Helper()
	if a.owed[r] == 0 {
		a.t.Fatalf("%s of %v, which waits for no answer", how, r)
	}
	a.owed[r]--
}

func (a *auditor) Upload(r Request) {
	a.alive("Upload")
	if a.core.local.choke == Choked {
		a.t.Fatalf("upload while choking")
	}
	a.answer(r, "upload")
}

func (a *auditor) StoreBlock(b geometry.Block, data []byte) {
	a.alive("StoreBlock")
	if _, length := a.core.cfg.Geometry.BlockBytes(b); a.stored == nil || *a.stored != b || len(data) != int(length) {
		a.t.Fatalf("stored %d bytes of %v, received %v", len(data), b, a.stored)
	}
	a.stored = nil
}

func (a *auditor) Received(b geometry.Block) {
	a.alive("Received")
	delete(a.dealt, b)
	a.stored = &b
}

func (a *auditor) Returned(b geometry.Block, why Return) {
	a.alive("Returned")
	if a.dealt[b] == 0 {
		a.t.Fatalf("returned %v (%d), which was not dealt", b, why)
	}
	delete(a.dealt, b)
}

func (a *auditor) Allowed(i pieceset.Index) {
	a.alive("Allowed")
	if a.again == nil && slices.Contains(a.allowed, i) || len(a.allowed) > grantedBound {
		a.t.Fatalf("piece %d is allowed beside %v", i, a.allowed)
	}
	if !slices.Contains(a.allowed, i) {
		a.allowed = append(a.allowed, i)
	}
}

func (a *auditor) Disallowed(i pieceset.Index) {
	k := slices.Index(a.allowed, i)
	if k < 0 {
		a.t.Fatalf("piece %d is disallowed twice", i)
	}
	a.allowed = slices.Delete(a.allowed, k, k+1)
}

func (a *auditor) Credit(blocks int, of Scope) {
	a.alive("Credit")
	if a.again == nil && blocks == a.credit && of == a.scope || blocks < 0 || blocks > a.core.pipe.reqq {
		a.t.Fatalf("credit %d behind %d", blocks, a.credit)
	}
	a.credit, a.scope = blocks, of
}

func (a *auditor) RemoteHas(pieceset.Index) { a.alive("RemoteHas") }

func (a *auditor) RemoteHasSet(s *pieceset.Set) {
	a.alive("RemoteHasSet")
	if a.again != nil {
		a.again.has = s.Clone()
	}
}

// rejoin has the core tell all once more, which must be what it told before.
func (a *auditor) rejoin(eff Effects) {
	a.t.Helper()
	a.again = &retold{has: pieceset.New(a.core.cfg.Geometry.Pieces())}
	a.core.Rejoin(eff)
	got := a.again
	a.again = nil
	if a.closes > 0 {
		return
	}
	want := slices.SortedFunc(maps.Keys(a.dealt), compareBlocks)
	if got.told != 1 || !slices.Equal(slices.SortedFunc(slices.Values(got.inFlight), compareBlocks), want) {
		a.t.Fatalf("%v in flight, %v dealt; the interest was told %d times", got.inFlight, want, got.told)
	}
	if n := got.has.Count(); n != a.core.remote.has.Count() || got.has.Overlap(a.core.remote.has) != n {
		a.t.Fatalf("the remote has %d pieces, %d were told", a.core.remote.has.Count(), n)
	}
}

func (a *auditor) Told(i Interest) {
	a.alive("Told")
	if a.again == nil || i != a.core.local.interest {
		a.t.Fatalf("told %d, it is %d", i, a.core.local.interest)
	}
	a.again.told++
}

func (a *auditor) InFlight(b geometry.Block) {
	a.alive("InFlight")
	if a.again == nil {
		a.t.Fatalf("%v in flight is told to nobody", b)
	}
	a.again.inFlight = append(a.again.inFlight, b)
}

func (a *auditor) RemoteInterest(Interest) { a.alive("RemoteInterest") }

func (a *auditor) Introduced(*wire.ExtendedHandshake) { a.alive("Introduced") }

func (a *auditor) Close(c Closing) {
	a.alive("Close")
	a.closes++
	if c.Reason == ReasonNone || len(a.dealt) > 0 || a.credit != 0 {
		a.t.Fatalf("closed for %v with %v dealt and credit %d", c, a.dealt, a.credit)
	}
}

// check compares what the core knows with what it told.
func (a *auditor) check() {
	a.t.Helper()
	c := a.core
	for _, one := range []func(*Core, Deals) error{checkAsked, checkDeals, checkClosed} { // the others hold behind a batch
		if err := one(c, Deals{Blocks: maps.Keys(a.dealt)}); err != nil {
			a.t.Fatalf("%v", err)
		}
	}
	inFlight := blocksOf(a.t, &c.pipe.asked, flying)
	blocksOf(a.t, &c.pipe.asked, late)
	if len(inFlight) != len(a.dealt) {
		a.t.Fatalf("%v in flight, %v dealt", inFlight, a.dealt)
	}
	for _, b := range inFlight {
		if a.dealt[b] == 0 {
			a.t.Fatalf("%v in flight was not dealt", b)
		}
	}
	queued := c.owed.waiting.len() + len(c.owed.reading)
	switch {
	case queued > LocalReqq:
		a.t.Fatalf("%d requests queued", queued)
	case c.local.choke == Choked && queued > 0:
		a.t.Fatalf("%d requests queued while choking", queued)
	case c.remote.choke == Choked && a.credit != 0 && (a.scope != AllowedPieces || a.credit > grantedWindow || len(a.allowed) == 0):
		a.t.Fatalf("credit %d of scope %d while choked, with %v allowed", a.credit, a.scope, a.allowed)
	case !slices.Equal(a.allowed, c.remote.granted):
		a.t.Fatalf("%v are allowed, told were %v", c.remote.granted, a.allowed)
	case a.closes > 0 && (queued > 0 || len(inFlight) > 0):
		a.t.Fatalf("%d queued and %v in flight behind the close", queued, inFlight)
	}
}
