package peer

import (
	"iter"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// busy is a connection on which blocks are in flight, one is late, and requests of
// the remote wait and are read, with what its picker knows of it.
func busy(t *testing.T) (*link, Deals) {
	cfg := config(fast | extended)
	cfg.Held = pieceset.Full(16)
	l := open(t, cfg)
	l.hear(wire.Message{Kind: wire.Bitfield, Payload: []byte{0xff, 0xff}})
	l.core.SetInterest(l.now, Interested, l)
	l.core.SetChoke(l.now, Unchoked, l)
	l.hear(wire.Message{Kind: wire.Unchoke}, about(wire.Request, 50), about(wire.Request, 51), about(wire.Request, 60))
	l.core.NextRead(2 * geometry.BlockSize)
	l.request(0, 6)
	l.core.CancelBlock(l.now, geometry.Block{Number: 5}, l)
	return l, Deals{Most: minWindow, Blocks: blocksUpTo(5)}
}

func blocksUpTo(n uint32) iter.Seq[geometry.Block] {
	return func(yield func(geometry.Block) bool) {
		for k := range n {
			if !yield(geometry.Block{Number: k}) {
				return
			}
		}
	}
}

func TestAnAuditFindsNothingWrongWithABusyConnection(t *testing.T) {
	l, deals := busy(t)
	if err := l.core.Audit(deals); err != nil {
		t.Error(err)
	}
	l.core.Malformed(wire.FrameTooLong, l)
	if err := l.core.Audit(Deals{Blocks: blocksUpTo(0)}); err != nil {
		t.Error("behind the end:", err)
	}
}

func TestAnAuditFindsEveryContradiction(t *testing.T) {
	for name, tc := range map[string]struct {
		plant func(*Core, *Deals)
		found string
	}{
		"in flight beyond the window":   {func(_ *Core, d *Deals) { d.Most = 4 }, "5 in flight, the window was 4"},
		"a credit that was not told":    {func(c *Core, _ *Deals) { c.pipe.window++ }, "credit 16, the window is 17"},
		"a window above the queue":      {func(c *Core, _ *Deals) { c.pipe.reqq = 15 }, "credit 16, the window is 15"},
		"a credit of a choked one":      {func(c *Core, _ *Deals) { c.remote.choke = Choked }, "the window is 0"},
		"too much allowed":              {func(c *Core, _ *Deals) { c.remote.granted = make([]pieceset.Index, grantedBound+1) }, "33 pieces are allowed"},
		"a scope of another choke":      {func(c *Core, _ *Deals) { c.scope = AllowedPieces }, "of scope 1"},
		"a credit without interest":     {func(c *Core, _ *Deals) { c.local.interest = NotInterested }, "the window is 0"},
		"no window":                     {func(c *Core, _ *Deals) { c.pipe.window = 0 }, "window 0"},
		"many in flight of one snubbed": {func(c *Core, _ *Deals) { c.pipe.strikes, c.pipe.window = 1, 1 }, "snubbed"},
		"a deal that is forgotten":      {func(_ *Core, d *Deals) { d.Blocks = blocksUpTo(6) }, "{0 5} was dealt and is not in flight"},
		"a request that was not dealt":  {func(_ *Core, d *Deals) { d.Blocks = blocksUpTo(4) }, "{0 4} is in flight and was not dealt"},
		"a slot of no list":             {func(c *Core, _ *Deals) { c.pipe.asked.slots = append(c.pipe.asked.slots, slot{}) }, "slots"},
		"a list that miscounts":         {func(c *Core, _ *Deals) { c.pipe.asked.late.count++ }, "counts 2 blocks, has 1"},
		"a list with a ring":            {func(c *Core, _ *Deals) { s := c.pipe.asked.slots; s[2].next = 1 }, "not where it says"},
		"a slot in the other list":      {func(c *Core, _ *Deals) { c.pipe.asked.slots[1].place = late }, "not where it says"},
		"a block that cannot be found":  {func(c *Core, _ *Deals) { c.pipe.asked.slots[1].block.Number = 77 }, "not where it says"},
		"a slot without an answer":      {func(c *Core, _ *Deals) { c.pipe.asked.slots[1].copies = 0 }, "0 answers"},
		"requests out of their order":   {func(c *Core, _ *Deals) { c.pipe.asked.slots[2].since-- }, "which is before it"},
		"a queue without a bound": {func(c *Core, _ *Deals) {
			for range LocalReqq {
				c.owed.waiting.push(Request{Length: 1})
			}
		}, "2003 requests queued"},
		"a request for what is not held": {func(c *Core, _ *Deals) { c.held = pieceset.New(16) }, "is not held"},
		"a request of one that we choke": {func(c *Core, _ *Deals) { c.local.choke = Choked }, "queued while choked"},
		"more allowed than was offered":  {func(c *Core, _ *Deals) { c.owed.allowed.left = -1 }, "-1 bytes left"},
		"requests that outlive the end":  {func(c *Core, _ *Deals) { c.life, c.credit = closed, 0 }, "behind the end"},
		"a block outside of the torrent": {func(c *Core, _ *Deals) { c.cfg.Geometry.TotalLength = geometry.BlockSize }, "there is no block"},
		"more answers than remembered":   {func(c *Core, _ *Deals) { c.pipe.asked.slots[1].copies = copiesBound + 1 }, "201 answers"},
		"a first block with one before":  {func(c *Core, _ *Deals) { c.pipe.asked.slots[1].prev = 3 }, "not where it says"},
	} {
		t.Run(name, func(t *testing.T) {
			l, deals := busy(t)
			tc.plant(l.core, &deals)
			if err := l.core.Audit(deals); err == nil || !strings.Contains(err.Error(), tc.found) {
				t.Errorf("found %v, want %q", err, tc.found)
			}
		})
	}
}
