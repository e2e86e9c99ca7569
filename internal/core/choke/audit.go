package choke

import (
	"fmt"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Audit says what in the core contradicts itself, nil if nothing does. It walks
// everything: it is for simulations and tests, after every input.
func (c *Core) Audit() error {
	held, wait := 0, 0
	for _, r := range c.peers {
		switch {
		case c.byID[r.ID] != r:
			return fmt.Errorf("peer %d is not found by its number", r.ID)
		case r.Slot == HasSlot && r.interest == uninterested:
			return fmt.Errorf("peer %d has a slot and wants nothing", r.ID)
		case r.Slot == HasSlot:
			held++
		case r.interest == interested:
			wait++
		}
	}
	switch {
	case len(c.byID) != len(c.peers):
		return fmt.Errorf("%d peers by number, %d in order", len(c.byID), len(c.peers))
	case held != c.held || wait != c.wait:
		return fmt.Errorf("%d hold slots and %d wait, counted were %d and %d", held, wait, c.held, c.wait)
	case held > c.slots:
		return fmt.Errorf("%d hold slots, of which there are %d", held, c.slots)
	case (c.due == mono.Never) != (wait == 0):
		return fmt.Errorf("%d wait, and the next round is at %d", wait, c.due)
	}
	return nil
}
