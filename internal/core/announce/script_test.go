package announce

import (
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/metainfo"
)

// pool are the trackers of a world: some share a host.
var pool = []tracker.URL{
	url("http://a.example/announce"), url("udp://a.example:80"), url("udp://b.example:80"), url("http://b.example/announce"), url("https://c.example/announce"),
}

const poolOfTorrents = 6

func (w *world) someTiers() [][]tracker.URL {
	var all [][]tracker.URL
	for range w.draw(4) {
		var tier []tracker.URL
		for range 1 + w.draw(2) {
			tier = append(tier, pool[w.draw(len(pool))])
		}
		all = append(all, tier)
	}
	return all
}

func (w *world) add() {
	id := ident.TorrentID(w.draw(poolOfTorrents))
	k := w.torrents[id]
	if k == nil {
		k = &known{}
		w.torrents[id] = k
	}
	if k.added {
		return
	}
	about := Torrent{
		InfoHash: tracker.InfoHash{byte(id)}, PeerID: [20]byte{byte(w.runs)}, Tiers: w.someTiers(), Reach: Reach(w.draw(2)),
		Privacy: metainfo.Privacy(w.draw(2)), Left: int64(w.draw(2)),
	}
	if k.completed {
		about.Left = 0
	}
	w.enter(id, k, about, originFresh)
}

// enter adds a torrent with what was saved of it.
func (w *world) enter(id ident.TorrentID, k *known, about Torrent, kind originKind) {
	k.about, k.added, k.peersOf, k.removed = about, true, "", map[tracker.URL]bool{}
	for _, q := range w.air { // it was not yet taken leave of
		if q.Torrent == id {
			k.removed[q.Tracker] = true
		}
	}
	w.keepIn(id, k)
	if kind != originRestored {
		w.nobodyWaits(id)
	}
	var from Origin = Fresh{}
	switch {
	case k.saved == nil:
		k.key = 0
	case kind == originRestored:
		from = Restored{Saved: *k.saved, Age: w.now.Sub(k.savedAt)}
	default:
		from = Resumed{Saved: *k.saved, Age: w.now.Sub(k.savedAt)}
	}
	w.Save(id)
	w.c.Add(w.now, id, about, from, w)
}

// nobodyWaits notes that a person has a torrent announced: what a run that crashed while it
// took leave of it had said counts no more.
func (w *world) nobodyWaits(id ident.TorrentID) {
	for _, rec := range w.records[id] {
		rec.former = false
	}
}

func (w *world) remove() {
	id := ident.TorrentID(w.draw(poolOfTorrents))
	if k := w.torrents[id]; k != nil && k.added {
		k.added, k.peersOf = false, ""
		w.c.Remove(w.now, id, w)
	}
}

func (w *world) setTrackers() {
	id := ident.TorrentID(w.draw(poolOfTorrents))
	k := w.torrents[id]
	if k == nil || !k.added {
		return
	}
	before := k.about.Tiers
	k.about.Tiers = w.someTiers()
	for _, tier := range before {
		for _, u := range tier {
			k.removed[u] = true
		}
	}
	w.keepIn(id, k)
	w.c.SetTrackers(w.now, id, k.about.Tiers, w)
}

// keepIn notes which trackers are not removed. What the others demanded, when they were
// asked and by which run counts no more if they are named again.
func (w *world) keepIn(id ident.TorrentID, k *known) {
	named := map[tracker.URL]bool{}
	for _, tier := range k.about.Tiers {
		for _, u := range tier {
			delete(k.removed, u)
			named[u] = true
		}
	}
	for key, rec := range w.records[id] {
		if !named[key.url] {
			rec.never, rec.former, rec.strange, rec.barred, rec.sent = false, false, true, mono.Never, mono.Never
		}
	}
}

func (w *world) progress() {
	id := ident.TorrentID(w.draw(poolOfTorrents))
	k := w.torrents[id]
	if k == nil {
		return
	}
	n := Counters{Uploaded: int64(w.draw(200)), Downloaded: int64(w.draw(200)), Left: int64(w.draw(2))}
	if k.completed {
		n.Left = 0
	}
	w.c.Progress(id, n, Appetite(w.draw(2)))
}

func (w *world) completes() {
	id := ident.TorrentID(w.draw(poolOfTorrents))
	if k := w.torrents[id]; k != nil && k.added {
		k.completed = true
		w.c.Completed(w.now, id, w)
	}
}

func (w *world) announceNow() {
	id := ident.TorrentID(w.draw(poolOfTorrents))
	switch e := w.c.AnnounceNow(w.now, id, w).(type) {
	case NotBefore:
		if e.At <= w.now {
			w.t.Fatalf("not before %v, which it is", e.At)
		}
	case SoonAsMayBe, NobodyToAsk:
	}
}

func (w *world) resolve() {
	if len(w.lookups) == 0 {
		return
	}
	host := w.lookups[0]
	w.lookups = w.lookups[1:]
	f := []Families{OnlyIPv4, BothFamilies, OnlyIPv6, NoAddress}[w.draw(4)]
	if h := w.c.hosts[host]; h != nil && h.families != f && h.families != FamiliesUnknown {
		w.moved[host] = true
	}
	w.failed[host] = w.now // it may be
	w.c.Resolved(w.now, host, f, w)
}

// step does one of all inputs.
func (w *world) step() {
	switch w.draw(16) {
	case 0, 1:
		w.add()
	case 2:
		w.remove()
	case 3:
		w.setTrackers()
	case 4:
		w.progress()
	case 5:
		w.completes()
	case 6:
		w.announceNow()
	case 7:
		w.resolve()
	case 8, 9, 10:
		w.answers()
	case 11:
		w.refuses()
	case 12:
		w.fails()
	case 13, 14:
		w.passes()
	case 15:
		w.rare()
	}
	w.dropLost()
	w.keep()
	w.audit()
}

func (w *world) rare() {
	switch w.draw(3) {
	case 0:
		w.c.NetworkChanged(w.now, w)
	case 1:
		w.crash()
	case 2:
		w.shutDown()
	}
}
