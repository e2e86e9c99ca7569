package choke

import (
	"cmp"
	"slices"
)

// FirstCome serves remotes in the order in which they began to wait, each until it
// wants nothing.
type FirstCome struct{}

// Choose names those with a slot, and then those who wait.
func (FirstCome) Choose(v *View) []PeerID {
	held, waiting := split(v.Peers)
	return append(ids(held), ids(waiting)...)
}

// split returns those with a slot and those who wait, each longest first.
func split(all []Peer) (held, waiting []Peer) {
	for _, p := range all {
		switch p.Slot {
		case HasSlot:
			held = append(held, p)
		case NoSlot:
			waiting = append(waiting, p)
		}
	}
	slices.SortStableFunc(held, bySince)
	slices.SortStableFunc(waiting, bySince)
	return held, waiting
}

func bySince(a, b Peer) int { return cmp.Compare(a.Since, b.Since) }

func ids(all []Peer) []PeerID {
	out := make([]PeerID, len(all))
	for k, p := range all {
		out[k] = p.ID
	}
	return out
}
