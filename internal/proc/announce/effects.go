package announce

import (
	"net/netip"
	"slices"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// effect is what the core wants done.
//
//sumtype:decl
type effect interface{ effect() }

type lookup struct{ host string }

type send struct{ request announce.Request }

type peers struct {
	id    ident.TorrentID
	peers []netip.AddrPort
	from  tracker.URL
}

type drop struct {
	id  ident.TorrentID
	old tracker.URL
}

type report struct {
	id     ident.TorrentID
	report announce.Report
}

type save struct{ id ident.TorrentID }

// seen is our address as a tracker sees it.
type seen struct {
	at   netip.Addr
	from tracker.URL
}

type goneFor struct {
	id    ident.TorrentID
	saved announce.Saved
}

func (lookup) effect()  {}
func (send) effect()    {}
func (peers) effect()   {}
func (drop) effect()    {}
func (report) effect()  {}
func (save) effect()    {}
func (goneFor) effect() {}
func (seen) effect()    {}

// batch is what follows from steps of the core and is to be carried out.
type batch struct{ effects []effect }

func (b *batch) put(e effect) { b.effects = append(b.effects, e) }

// Lookup implements announce.Effects, as the methods below do.
func (b *batch) Lookup(host string) { b.put(lookup{host}) }

// Send makes a request.
func (b *batch) Send(r announce.Request) { b.put(send{r}) }

// Peers are endpoints that a tracker named.
func (b *batch) Peers(id ident.TorrentID, named []netip.AddrPort, from tracker.URL) {
	b.put(peers{id, named, from})
}

// Drop says that a private torrent has another tracker now.
func (b *batch) Drop(id ident.TorrentID, old tracker.URL) { b.put(drop{id, old}) }

// ExternalIP is a stranger's word about us.
func (b *batch) ExternalIP(at netip.Addr, from tracker.URL) { b.put(seen{at, from}) }

// Report tells how a tracker does.
func (b *batch) Report(id ident.TorrentID, r announce.Report) { b.put(report{id, r}) }

// Save says that what is to be kept has changed.
func (b *batch) Save(id ident.TorrentID) { b.put(save{id}) }

// Gone says that a torrent was taken leave of.
func (b *batch) Gone(id ident.TorrentID, s announce.Saved) { b.put(goneFor{id, s}) }

// settle carries out what follows, until nothing does.
func (x *process) settle() {
	for len(x.batch.effects) > 0 || len(x.ended) > 0 {
		if len(x.batch.effects) == 0 {
			o := x.ended[0]
			x.ended = x.ended[1:]
			x.land(o)
			x.p.Step("outcome")
			continue
		}
		e := x.batch.effects[0]
		x.batch.effects = x.batch.effects[1:]
		x.p.Act("effect")
		x.carryOut(e)
	}
	x.batch.effects, x.ended = nil, nil // with the peers that they named
	x.startLookups()
	x.startKeeping()
	x.sayLeft()
}

func (x *process) carryOut(e effect) {
	switch e := e.(type) {
	case lookup:
		x.names.want(e.host)
	case send:
		x.take(e.request)
	case save:
		x.save(e.id)
	case goneFor:
		x.forget(e.id, e.saved)
	case seen:
		x.seen(e)
	case scrapeSend:
		x.scrape(e.request)
	case scrapeTell:
		x.tellAsker(e)
	case peers:
		if t := x.announced(e.id); t != nil {
			at := x.names.any(e.from.Host())
			t.named = &store.NamedPeers{By: e.from.Secret(), At: at, Peers: slices.Clone(e.peers[:min(len(e.peers), store.NamedPeersAtMost)])}
			t.into.TrackerPeers(e.peers, e.from, at)
		}
	case drop:
		if t := x.announced(e.id); t != nil {
			t.into.DropTrackerPeers(e.old)
		}
	case report:
		if t := x.state.entries[e.id]; t != nil {
			x.s.slate.post(e.id, x.core.Trackers(e.id))
			t.into.TrackerReport(e.report)
		}
	}
}

// seen passes on at which address a tracker sees us, with an address of the tracker's in
// the same family, in which it was asked: it is one that others may share.
func (x *process) seen(e seen) {
	family := tracker.IPv6
	if e.at.Unmap().Is4() {
		family = tracker.IPv4
	}
	if theirs := x.names.fit(e.from.Host(), family); x.s.cfg.Seen != nil && len(theirs) > 0 {
		x.s.cfg.Seen(theirs[0], e.at)
	}
}

// save takes over what is to be kept of a torrent, and has it kept.
func (x *process) save(id ident.TorrentID) {
	e := x.state.entries[id]
	if e == nil || e.goal == gone {
		return
	}
	e.record.version++
	x.snapshot(e)
	x.keeper.want(e)
}

// snapshot saves a torrent as the core has it. One that the core has let go meanwhile
// is saved as it was then.
func (x *process) snapshot(e *entry) {
	now := x.now()
	if s := x.core.Snapshot(now, e.id); s.Key != 0 {
		e.save(s, now)
	}
}

// forget has what was told last of a torrent kept, after which nothing of it is here.
func (x *process) forget(id ident.TorrentID, s announce.Saved) {
	e := x.state.entries[id]
	if e == nil || e.goal != leftBehind {
		return // begun anew meanwhile
	}
	e.goal = gone
	e.save(s, x.now())
	e.record.version++
	x.keeper.want(e)
}
