package choke

import (
	"cmp"
	"slices"
	"time"
)

const (
	// luckyShare: one slot in so many is not for those who give most.
	luckyShare = 5
	// goodLots is how many lots one draws that never had a slot: it has nothing to give
	// until somebody gives to it; and one that gave for what it took.
	goodLots = 3
	// patience is how long one waits before it comes ahead of all lots.
	patience = 5 * time.Minute
)

// TitForTat gives slots to those who give us most. One in five, and all that
// nobody earns, are given by lot for 30 s at a time (optimistic unchoke): so better
// ones are found, and newcomers get something to give. While we want nothing it is
// Rotation.
//
//	regular   the best givers that answer our requests, four in five slots at most
//	lucky     drew the best lot; kept for 30 s, unless nothing is fetched, or nothing
//	          is given back for what was
//
// Who owes us something is served where nobody else waits or has a slot, or when its
// patience is over: so one that gives nothing to anybody gets one short turn of each.
//
// A single slot is regular in four of five turns of 30 s, and lucky in the fifth or
// when somebody's patience is over.
type TitForTat struct{}

// Choose names the best givers, the lucky ones, and then by lot; those last whose
// slots are to go to whoever waits.
func (TitForTat) Choose(v *View) []PeerID {
	if v.Goal == Sharing {
		return Rotation{}.Choose(v)
	}
	regular, rest := earners(v.Peers, regularSlots(v))
	held, waiting := split(rest)
	var lucky, over, last []Peer
	for _, p := range slices.Backward(held) { // who got its slot last is the last to lose it
		switch {
		case p.Use == UseNone || p.Debt == Owes:
			last = append(last, p)
		case v.Now.Sub(p.Since) >= turn:
			over = append(over, p)
		default:
			lucky = append(lucky, p)
		}
	}
	drawn, owing := draw(v, waiting)
	return slices.Concat(ids(regular), ids(lucky), ids(drawn), ids(over), ids(owing), ids(last))
}

// regularSlots is how many slots are for those who give most.
func regularSlots(v *View) int {
	if v.Slots > 1 {
		return v.Slots - max(1, v.Slots/luckyShare)
	}
	for _, p := range v.Peers {
		switch past := v.Now.Sub(p.Since); {
		case p.Slot == HasSlot && past < turn: // goes on, whoever it is
			return 0
		case p.Slot == NoSlot && past >= patience:
			return 0
		}
	}
	if v.Random.IntN(luckyShare) == 0 {
		return 0
	}
	return v.Slots
}

// earners returns at most so many that give, the best first, and all others.
func earners(all []Peer, most int) (best, rest []Peer) {
	for _, p := range all {
		if p.Gave > 0 && p.Debt != Snubs && p.Use != UseNone {
			best = append(best, p)
		} else {
			rest = append(rest, p)
		}
	}
	slices.SortStableFunc(best, func(a, b Peer) int { return cmp.Compare(b.Gave, a.Gave) })
	if len(best) > most {
		rest = append(rest, best[most:]...)
		best = best[:most]
	}
	return best, rest
}

// The classes of those who wait; within one it goes by lot.
const (
	classFirst = iota
	classFair
	classOwes
	classSnubs
)

// draw orders those who wait by lot. First come those whose patience is over, the
// longest first. Apart are those who owe us something, and last of these who leave our
// requests unanswered.
func draw(v *View, waiting []Peer) (drawn, owing []Peer) {
	type ticket struct {
		Peer
		class int
		lot   uint64
	}
	all := make([]ticket, len(waiting))
	for k, p := range waiting {
		t := ticket{Peer: p, class: classFair, lot: v.Random.Uint64()}
		switch {
		case v.Now.Sub(p.Since) >= patience:
			t.class, t.lot = classFirst, uint64(p.Since)
		case p.Debt == Snubs:
			t.class = classSnubs
		case p.Debt == Owes:
			t.class = classOwes
		case p.Past == Newcomer || p.Debt == Pays:
			for range goodLots - 1 {
				t.lot = min(t.lot, v.Random.Uint64())
			}
		}
		all[k] = t
	}
	slices.SortStableFunc(all, func(a, b ticket) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.lot, b.lot))
	})
	for _, t := range all {
		if t.class >= classOwes {
			owing = append(owing, t.Peer)
		} else {
			drawn = append(drawn, t.Peer)
		}
	}
	return drawn, owing
}
