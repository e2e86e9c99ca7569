package choke

import (
	"maps"
	"slices"
)

// Default is the strategy of one who names none.
const Default = "tft"

// strategies are the ways to choose, by name. To try another, write a type with
// a Choose of its own and name it here.
var strategies = map[string]func() Strategy{
	Default:      func() Strategy { return TitForTat{} },
	"rotation":   func() Strategy { return Rotation{} },
	"first-come": func() Strategy { return FirstCome{} },
	"none":       func() Strategy { return None{} },
}

// Lookup says what is known by a name.
//
//sumtype:decl
type Lookup interface{ lookup() }

// Known is a strategy of that name, for one core.
type Known struct{ Strategy Strategy }

// Unknown is no strategy; Names has those that are, in order.
type Unknown struct{ Names []string }

func (Known) lookup()   {}
func (Unknown) lookup() {}

// Find looks a strategy up.
func Find(name string) Lookup {
	if build := strategies[name]; build != nil {
		return Known{build()}
	}
	return Unknown{slices.Sorted(maps.Keys(strategies))}
}

// None serves nobody, as a free rider does.
type None struct{}

// Choose names nobody.
func (None) Choose(*View) []PeerID { return nil }
