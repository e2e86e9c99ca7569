package store

import (
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/sup"
)

// keep is announce state that waits to be kept.
type keep struct {
	update AnnounceUpdate
	done   func(error)
}

// keeping is what waits to be kept. It outlives the process, which alone takes
// something out: what one that crashed was about to do the next one does.
type keeping struct {
	box   *sup.Mailbox[keep] // bounded by those who ask: one for each torrent
	taken sup.Taken[keep]
}

// KeepAnnounce replaces the announce state of a torrent, as Driver.SaveAnnounces
// does. It does not wait: done is called once, by the store process, when that is
// durable or cannot be, and may not wait either. It comes before whatever is asked
// after it; what is kept together shares a sync.
func (s *Service) KeepAnnounce(id ident.TorrentID, epoch Epoch, kept Announce, done func(error)) {
	s.keeping.box.Put(keep{AnnounceUpdate{ID: id, Epoch: epoch, Announce: kept.Clone()}, done})
}

// keepsAtOnce bounds the states that share a transaction.
const keepsAtOnce = 256

// keepAll keeps what waits to be kept.
func (w *worker) keepAll(k *keeping) {
	for k.taken.Take(k.box); k.taken.Left() > 0; {
		rest := k.taken.Rest()
		rest = rest[:min(len(rest), keepsAtOnce)]
		us := make([]AnnounceUpdate, len(rest))
		for i := range rest {
			us[i] = rest[i].update
		}
		w.p.Receive("keep announce state")
		a := w.answer(announceQuestion{us})
		w.p.Step("kept") // it is done, and nobody knows
		w.report(a)
		for _, err := range a.errs {
			w.p.Act("done")
			k.taken.Next().done(err)
		}
	}
}
