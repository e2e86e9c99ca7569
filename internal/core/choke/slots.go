package choke

import (
	"math"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// LeastSlots is how many there are at any rate: with fewer, tit for tat has
	// nobody to compare.
	LeastSlots = 4
	// leastUnlimited is how many there are at least where no limit is set. That little
	// is sent then may be the remotes' doing, and fewer of them would take less still.
	leastUnlimited = 8
	// MostSlots is how many there are at most, and before a rate was seen: of many that
	// come at once on a fast line none should wait for others to end.
	MostSlots = 64
	// Unshared is the share of a torrent whose limit is its own.
	Unshared = math.MaxInt
	// peakRounds is for how many rounds the best rate counts.
	peakRounds = 6
)

// SlotsFor is how many slots a rate is enough for, in bytes a second: each
// carries the more the more there are, as in the first client's rule.
func SlotsFor(rate float64) int {
	return max(LeastSlots, min(MostSlots, int(math.Sqrt(0.6*rate/1024))))
}

func (c *Core) countSlots() int { return min(c.ownSlots(), c.share) }

// ownSlots is how many the torrent would have by itself.
func (c *Core) ownSlots() int {
	switch {
	case c.cfg.Slots > 0:
		return c.cfg.Slots
	case c.cfg.Limit > 0:
		return SlotsFor(float64(c.cfg.Limit))
	}
	if len(c.pace.rates) == 0 {
		return MostSlots
	}
	return max(leastUnlimited, SlotsFor(slices.Max(c.pace.rates)))
}

// pace is how fast all remotes together fetch.
type pace struct {
	sent   int64                    // bytes since the last round
	rounds [roundsKept]mono.Instant // the last ones, the latest first
	rates  []float64                // of the last rounds, the latest last
}

// begin forgets all rates, and measures from now on.
func (p *pace) begin(now mono.Instant) {
	p.sent, p.rates = 0, p.rates[:0]
	for k := range p.rounds {
		p.rounds[k] = now
	}
}

// round ends a round.
func (p *pace) round(now mono.Instant) {
	if len(p.rates) == peakRounds {
		p.rates = append(p.rates[:0], p.rates[1:]...)
	}
	p.rates = append(p.rates, perSecond(p.sent, now.Sub(p.rounds[0])))
	copy(p.rounds[1:], p.rounds[:])
	p.sent, p.rounds[0] = 0, now
}
