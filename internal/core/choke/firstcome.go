package choke

import "slices"

// DefaultSlots is how many peers FirstCome lets fetch at once.
const DefaultSlots = 64

// FirstCome unchokes interested peers in the order in which they came, until
// its slots are taken. A slot is free again when its peer leaves or wants
// nothing; then the peer that has waited longest gets it.
//
//	uninterested → unchoked                  a slot is free
//	uninterested → waiting → unchoked        a slot becomes free
//	waiting, unchoked → uninterested         the peer says so; its place is lost
//
// Invariants: never more peers are unchoked than there are slots, and none
// waits while a slot is free.
type FirstCome struct {
	slots    int
	unchoked map[PeerID]struct{}
	waiting  []PeerID // the longest waiting first
}

// NewFirstCome returns the strategy with a number of slots.
func NewFirstCome(slots int) *FirstCome {
	return &FirstCome{slots: slots, unchoked: make(map[PeerID]struct{})}
}

// PeerInterested unchokes the peer, or has it wait.
func (c *FirstCome) PeerInterested(id PeerID, fx Effects) {
	if _, unchoked := c.unchoked[id]; unchoked || slices.Contains(c.waiting, id) {
		return
	}
	c.waiting = append(c.waiting, id)
	c.fill(fx)
}

// PeerUninterested chokes the peer, and unchokes another in its place.
func (c *FirstCome) PeerUninterested(id PeerID, fx Effects) {
	if _, unchoked := c.unchoked[id]; unchoked {
		fx.Choke(id)
	}
	c.PeerLeft(id, fx)
}

// PeerLeft forgets the peer, and unchokes another in its place.
func (c *FirstCome) PeerLeft(id PeerID, fx Effects) {
	delete(c.unchoked, id)
	if i := slices.Index(c.waiting, id); i >= 0 {
		c.waiting = slices.Delete(c.waiting, i, i+1)
	}
	c.fill(fx)
}

// fill gives free slots to those who wait.
func (c *FirstCome) fill(fx Effects) {
	for len(c.waiting) > 0 && len(c.unchoked) < c.slots {
		id := c.waiting[0]
		c.waiting = slices.Delete(c.waiting, 0, 1)
		c.unchoked[id] = struct{}{}
		fx.Unchoke(id)
	}
}
