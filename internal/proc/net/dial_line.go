package net

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// line is the wishes whose attempts have not begun. Whoever has wishes in it takes
// turns with all others that do, so that the many of one torrent do not keep the one
// of another waiting.
type line struct {
	turns  []*asker
	askers map[ident.TorrentID]*asker // those that have wishes
}

// asker is the wishes of one torrent, in their order.
type asker struct{ wishes []*wish }

func newLine() line { return line{askers: map[ident.TorrentID]*asker{}} }

// len is how many have wishes.
func (l *line) len() int { return len(l.askers) }

// put adds wishes behind those of the same torrents, or where they are due before
// those that are not. One that takes the others back does so.
func (l *line) put(wishes ...*wish) {
	for _, w := range wishes {
		a := l.askers[w.asker]
		switch _, withdrawn := w.errand.(withdrawErrand); {
		case withdrawn && a != nil:
			a.wishes = nil // its turn is passed over
			delete(l.askers, w.asker)
		case withdrawn:
		case a == nil:
			a = &asker{[]*wish{w}}
			l.askers[w.asker] = a
			l.turns = append(l.turns, a)
		default:
			a.put(w)
		}
	}
}

func (a *asker) put(w *wish) {
	at := len(a.wishes)
	if w.turn == Due {
		if i := slices.IndexFunc(a.wishes, func(o *wish) bool { return o.turn != Due }); i >= 0 {
			at = i
		}
	}
	a.wishes = slices.Insert(a.wishes, at, w)
}

// remove takes a wish out, if it is there.
func (l *line) remove(w *wish) {
	a := l.askers[w.asker]
	if a == nil {
		return
	}
	a.wishes = slices.DeleteFunc(a.wishes, func(o *wish) bool { return o == w })
	if len(a.wishes) == 0 {
		delete(l.askers, w.asker) // its turn is passed over
	}
}

// precede adds wishes before all others.
func (l *line) precede(wishes []*wish) {
	later := l.turns
	*l = newLine()
	l.put(wishes...)
	for _, a := range later {
		l.put(a.wishes...)
	}
}

// take takes the wish out whose turn it is; nil where there is none.
func (l *line) take() *wish {
	for len(l.turns) > 0 {
		a := l.turns[0]
		l.turns[0] = nil
		l.turns = l.turns[1:]
		if len(a.wishes) == 0 {
			continue
		}
		w := a.wishes[0]
		a.wishes = a.wishes[1:]
		if len(a.wishes) > 0 {
			l.turns = append(l.turns, a)
		} else {
			delete(l.askers, w.asker)
		}
		return w
	}
	return nil
}
