package choke

import (
	"cmp"

	"github.com/etorrent/etorrent/internal/vocab/named"
)

// Default is the strategy of one who names none.
const Default = "tft"

// strategies are the ways to choose, by name. To try another, write a type with
// a Choose of its own and name it here.
var strategies = named.Table[func() Strategy]{What: "choker", Ways: map[string]func() Strategy{
	Default:      func() Strategy { return TitForTat{} },
	"rotation":   func() Strategy { return Rotation{} },
	"first-come": func() Strategy { return FirstCome{} },
	"none":       func() Strategy { return None{} },
}}

// Find makes the strategy of a name, for one core; "" is the default. The error is a
// *named.UnknownError.
func Find(name string) (Strategy, error) {
	build, err := strategies.Find(cmp.Or(name, Default))
	if err != nil {
		return nil, err
	}
	return build(), nil
}

// Names are those of the strategies, in order.
func Names() []string { return strategies.Names() }

// None serves nobody, as a free rider does.
type None struct{}

// Choose names nobody.
func (None) Choose(*View) []PeerID { return nil }
