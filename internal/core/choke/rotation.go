package choke

import "slices"

const (
	// turn is how long a slot is kept that others wait for: a few rounds, so that a
	// remote gets up to its speed.
	turn = 3 * RoundEvery
	// slowShare is the part of what a slot carries on average below which a turn is
	// over after a round.
	slowShare = 0.25
)

// Rotation serves every remote in turn, who has waited longest first: what we have
// spreads to many, and nobody starves. It goes by time and not by who is fastest,
// since that are those who give nothing to others.
//
// A turn is over after 30 s, or after a round in which nothing was fetched, or
// little beside the others: slots are for those who use them. Of the turns that are
// over by time a third of the slots changes hands in a round: all at once would
// leave our line empty until the new ones are at their speed.
type Rotation struct{}

// Choose names those whose turn it is.
func (Rotation) Choose(v *View) []PeerID {
	held, waiting := split(v.Peers)
	var staying, over, early []Peer
	least := slowShare * meanTook(held)
	for _, p := range held {
		switch {
		case p.Use == UseNone || p.Use == UseMade && p.Took < least:
			early = append(early, p)
		case v.Now.Sub(p.Since) >= turn && len(over) < (v.Slots+2)/3:
			over = append(over, p)
		default:
			staying = append(staying, p)
		}
	}
	return slices.Concat(ids(staying), ids(waiting), ids(over), ids(early))
}

// meanTook is what a slot carries a second, of those that were held for a round.
func meanTook(held []Peer) float64 {
	sum, n := 0.0, 0
	for _, p := range held {
		if p.Use == UseMade {
			sum += p.Took
			n++
		}
	}
	return sum / float64(max(1, n))
}
