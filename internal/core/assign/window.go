package assign

import (
	"fmt"
	"iter"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// The priorities of pieces that somebody reads, above those of files.
const (
	soon Priority = High + 1 + iota // will be read next
	now                             // a reader waits for it
)

// WindowID names a window.
type WindowID uint64

// Window is what somebody reads of a torrent, in order: Now pieces from First on, for
// which a reader waits, and then Soon pieces, which it will want next. What lies
// behind the end of the torrent is nothing. Pieces that are not wanted are not
// fetched for a window either.
type Window struct {
	First     pieceset.Index
	Now, Soon int
}

// windows are those that are open, in the order in which they came.
type windows struct {
	open []opened
	mean int // how many blocks those that draw sent of late, in the mean; of this Settle
}

type opened struct {
	id WindowID
	Window
}

// SetWindow opens a window, or moves it. Its pieces are dealt before all others, and
// what is not in a window any more has no precedence: requests for that are withdrawn,
// but for those that may be answered already.
func (c *Core) SetWindow(id WindowID, w Window) {
	c.at(w.First)
	w.Now = min(w.Now, len(c.pieces)-int(w.First))
	w.Soon = min(w.Soon, len(c.pieces)-int(w.First)-w.Now)
	all := &c.choice.windows.open
	k := slices.IndexFunc(*all, func(o opened) bool { return o.id == id })
	if k < 0 {
		*all = append(*all, opened{id, w})
		c.reclass(w)
		return
	}
	old := (*all)[k].Window
	(*all)[k].Window = w
	c.reclass(w)
	c.forsake(c.reclass(old))
}

// CloseWindow ends a window. What is fetched for it goes on.
func (c *Core) CloseWindow(id WindowID) {
	all := &c.choice.windows.open
	k := slices.IndexFunc(*all, func(o opened) bool { return o.id == id })
	if k < 0 {
		return
	}
	old := (*all)[k].Window
	*all = slices.Delete(*all, k, k+1)
	c.reclass(old)
}

// reclass gives the pieces of a window the class that they have now, and returns
// those that have none any more, ascending.
func (c *Core) reclass(w Window) (left []pieceset.Index) {
	for k := range w.Now + w.Soon {
		i := w.First + pieceset.Index(k)
		if next := c.choice.windows.classOf(i); next != c.pieces[i].class {
			c.setClass(i, next)
			if next == Unwanted {
				left = append(left, i)
			}
		}
	}
	c.rouse()
	return left
}

func (c *Core) setClass(i pieceset.Index, next Priority) {
	p := &c.pieces[i]
	p.record.end()
	if p.state == PieceHeld || p.state == PieceFull {
		p.class = next
		return
	}
	c.unfile(i)
	p.class = next
	c.refile(i)
}

// classOf is the class of piece i: now, soon, or Unwanted where no window has it.
func (w *windows) classOf(i pieceset.Index) Priority {
	class := Unwanted
	for _, o := range w.open {
		switch k := int(i) - int(o.First); {
		case k < 0 || k >= o.Now+o.Soon:
		case k < o.Now:
			class = now
		default:
			class = max(class, soon)
		}
	}
	return class
}

// of yields the places of a class: first the first of each window, then the second of
// each, and so on. A piece may come twice, and be of a higher class.
func (w *windows) of(class Priority) iter.Seq[place] {
	return func(yield func(place) bool) {
		for k, more := 0, true; more; k++ {
			more = false
			for _, o := range w.open {
				first, count := 0, o.Now
				if class == soon {
					first, count = o.Now, o.Soon
				}
				if k >= count {
					continue
				}
				more = true
				if !yield(place{o.First + pieceset.Index(first+k), k, count}) {
					return
				}
			}
		}
	}
}

// place is a piece in a window: the k-th of count of its class.
type place struct {
	piece    pieceset.Index
	k, count int
}

// rank is the priority that piece is dealt by.
func (p *piece) rank() Priority {
	if p.priority == Unwanted {
		return Unwanted
	}
	return max(p.priority, p.class)
}

// checkWindows: a piece is of the class that the windows give it, and nobody leads one
// that somebody reads: it is fetched by many.
func checkWindows(c *Core) error {
	for _, o := range c.choice.windows.open {
		if o.Now < 0 || o.Soon < 0 || int(o.First)+o.Now+o.Soon > len(c.pieces) {
			return fmt.Errorf("window %d reaches out of the torrent: %v", o.id, o.Window)
		}
	}
	for i := range c.pieces {
		p := &c.pieces[i]
		if class := c.choice.windows.classOf(pieceset.Index(i)); p.class != class {
			return fmt.Errorf("piece %d is of class %d, the windows say %d", i, p.class, class)
		}
		if p.record != nil && p.record.lead != nil && p.rank() > High {
			return fmt.Errorf("piece %d is read, and one holder leads it", i)
		}
	}
	return nil
}

// underWay is how many blocks at the head of a queue are not withdrawn for a reader:
// they are mostly sent already.
const underWay = 2

// forsake withdraws what is fetched of some pieces, which ascend, but for what is
// under way.
func (c *Core) forsake(pieces []pieceset.Index) {
	if len(pieces) == 0 {
		return
	}
	for _, h := range c.list {
		for k := h.out.len() - 1; k >= underWay; k-- {
			b := h.out.at(k)
			if _, found := slices.BinarySearch(pieces, b.Piece); found {
				c.giveBack(h, c.pieces[b.Piece].record, b.Number)
				c.cancel(h, b)
			}
		}
	}
}
