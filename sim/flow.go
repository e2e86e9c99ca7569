package sim

import (
	"iter"

	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

// flow is what is out between a connection and its remote, and between it and its
// picker since it joined that last, as the world sees it.
type flow struct {
	asked   int                         // requests that the remote has not answered
	join    int                         // how often it joined a picker
	onWay   int                         // orders of the picker, and news for it, that did not arrive
	most    int                         // the largest credit that the picker may deal by
	said    map[geometry.Block]int      // in news on its way: it came, or was given back
	dealing map[geometry.Block]int      // in deals on their way
	met     map[geometry.Block]struct{} // of these, what such news arrived of meanwhile
	crossed map[geometry.Block]struct{} // in flight, though the picker took such news for the end of the deal
	end     flowEnd
	slot    peer.Choke // what the choker said last
	wants   peer.Interest
	// received and sent count the bytes of blocks.
	received, sent int64
	trade          book.Trade
}

// flowEnd says whether the picker was told that the connection is over.
type flowEnd uint8

const (
	pickerUntold flowEnd = iota
	pickerTold
)

func newFlow() flow {
	return flow{
		said: map[geometry.Block]int{}, dealing: map[geometry.Block]int{},
		met: map[geometry.Block]struct{}{}, crossed: map[geometry.Block]struct{}{},
	}
}

// joins begins anew: what was on its way is void or lost, and all is said again.
func (f *flow) joins() {
	f.join++
	f.onWay = 0
	clear(f.said)
	clear(f.dealing)
	clear(f.met)
	clear(f.crossed)
}

// says notes that news of a block leaves for the picker; it is in flight no more.
func (f *flow) says(b geometry.Block) {
	f.said[b]++
	delete(f.crossed, b)
}

// leaves notes that a step's news leaves for the picker.
func (f *flow) leaves() { f.onWay++ }

// arrives notes that it came there.
func (f *flow) arrives(n *pickerNews) {
	if n.join != f.join {
		return
	}
	f.onWay--
	for _, b := range n.got {
		f.heard(b)
	}
	for _, r := range n.back {
		f.heard(r.block)
	}
}

func (f *flow) heard(b geometry.Block) {
	if f.said[b]--; f.said[b] == 0 {
		delete(f.said, b)
	}
	if f.dealing[b] > 0 {
		f.met[b] = struct{}{}
	}
}

// deals notes that a deal leaves for the connection.
func (f *flow) deals(r geometry.Run) {
	for n := r.First; n < r.First+r.Count; n++ {
		f.dealing[geometry.Block{Piece: r.Piece, Number: n}]++
	}
}

// dealt notes that a deal came to the connection.
func (f *flow) dealt(r geometry.Run) {
	for n := r.First; n < r.First+r.Count; n++ {
		b := geometry.Block{Piece: r.Piece, Number: n}
		if f.dealing[b]--; f.dealing[b] <= 0 {
			delete(f.dealing, b)
		}
		_, met := f.met[b]
		delete(f.met, b)
		if met || f.said[b] > 0 {
			f.crossed[b] = struct{}{}
		}
	}
}

// count is how many blocks are in flight, of which the picker knows some.
func (f *flow) count(known iter.Seq[geometry.Block]) int {
	n := len(f.crossed)
	for b := range known {
		if _, both := f.crossed[b]; !both {
			n++
		}
	}
	return n
}

// hear takes an order of the picker, unless the connection joins anew meanwhile.
func (c *conn) hear(join int, do func(*conn)) {
	if join == c.flow.join {
		c.flow.onWay++
	}
	c.box.put(func() {
		if join != c.flow.join {
			return
		}
		c.flow.onWay--
		do(c)
	})
}

// audit fails the world if the core contradicts itself, or asks for more than its
// window or for anything else than what its picker dealt.
func (c *conn) audit() {
	f, a := &c.flow, c.l.assign
	deals := peer.Deals{Most: f.most}
	quiet := f.onWay == 0 && a.conns[c.id] == c && !a.isInDeepDoubt()
	if quiet {
		deals.Blocks, deals.Crossed = a.core.Dealt(c.id), f.crossed
	}
	c.w.audit("peer", c.l, c.core.Audit(deals))
	if !quiet {
		return
	}
	c.w.totals.Compared++
	c.w.totals.Crossed += len(f.crossed)
	flying := f.count(deals.Blocks)
	f.most = max(c.core.Credit(), flying)
	if flying > 0 && flying >= c.core.Credit() {
		c.w.totals.Full++
	}
}
