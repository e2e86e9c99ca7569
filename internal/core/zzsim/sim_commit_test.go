package storage

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// The world as the Effects of the torrent, continued: the commit.

func (w *world) BeginWriting() {
	w.do(func() {
		if w.happens(w.chances.begin) {
			f := w.fault(OpClaim)
			w.reply(func() { w.t.BeginFailed(w.now, f, w) })
			return
		}
		w.soon(func() {
			w.row.files = FilesOpen
			w.input(func() { w.t.WritingBegun(w.now, w) })
		})
	})
}

func (w *world) Sync(win Window) {
	w.openedWindow()
	w.do(func() {
		files := w.disk.filesOf(w.geometry, win.Pieces)
		if w.lie == syncsNothing {
			w.reply(func() { w.t.Synced(w.now, w) })
			return
		}
		if w.happens(w.chances.sync) {
			w.soon(func() { w.failSync(files) })
			return
		}
		b := w.disk.beginSync(w.geometry, win.Pieces)
		w.soon(func() {
			w.disk.endSync(b)
			if pieces := w.piecesOf(w.foreign()); w.seeForeign() {
				w.input(func() { w.t.SyncFailed(w.now, pieces, w.faults[len(w.faults)-1], w) })
				return
			}
			w.input(func() { w.t.Synced(w.now, w) })
		})
	})
}

func (w *world) failSync(files map[int]bool) {
	w.disk.failSync(files)
	if w.lie == hidesSyncFailure {
		w.input(func() { w.t.Synced(w.now, w) })
		return
	}
	doubtful := w.piecesOf(files)
	f := w.fault(OpSync)
	w.input(func() { w.t.SyncFailed(w.now, doubtful, f, w) })
}

func (w *world) openedWindow() {
	if w.window == windowHasEnded {
		w.opened = [2]mono.Instant{w.opened[1], w.now}
		w.window = windowIsOut
	}
}

func (w *world) Claim(c Claim) {
	w.openedWindow()
	facts := slices.Clone(w.seen)
	if w.happens(w.chances.claim) {
		w.do(func() {
			lost := w.rnd.IntN(2) == 0 // the answer, or the claim itself
			w.soon(func() {
				if lost {
					w.claim(c, facts)
				}
				w.input(func() { w.t.ClaimFailed(w.now, w) })
			})
		})
		return
	}
	w.do(func() {
		if w.happens(w.chances.refuse) {
			f := w.fault(OpClaim)
			w.reply(func() { w.t.ClaimRefused(w.now, f, w) })
			return
		}
		w.soon(func() {
			w.claim(c, facts)
			w.window = windowHasEnded
			w.input(func() { w.t.Claimed(w.now, w) })
		})
	})
}

// claim changes the row, which is durable at once, with the facts of the files
// as they were when it was asked for. No claim may be false, not even if the
// power fails right now, unless those facts tell the next life to look.
func (w *world) claim(c Claim, facts []int) {
	if w.lie != keepsClaims {
		w.row.claims.RemoveAll(c.Drop)
	}
	w.row.claims.AddAll(c.Add)
	w.row.partials = nil
	for _, p := range c.Partials {
		if !w.row.claims.Has(p.Piece) {
			w.row.partials = append(w.row.partials, PartialPiece{p.Piece, p.Blocks.clone(w.geometry.Blocks(p.Piece))})
		}
	}
	w.learn(facts, c.Unproven)
	doubted := w.piecesOf(w.stale())
	for i := range c.Add.All() {
		if !doubted.Has(i) && !w.disk.isDurablyRight(w.geometry, i) {
			w.fail("piece %d is claimed, and a power cut would show that it is not there", i)
		}
	}
}
