package assign

import "github.com/etorrent/etorrent/internal/vocab/pieceset"

// failer is the part of testing.T and rapid.T that the checks need.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkInvariants fails unless the core agrees with itself.
func checkInvariants(t failer, c *Core) {
	t.Helper()
	if err := c.Audit(); err != nil {
		t.Fatalf("%v", err)
	}
}

// checkSettled: no holder has spare credit while it has a free block.
func checkSettled(t failer, c *Core) {
	t.Helper()
	for _, h := range c.list {
		if h.told != c.Interest(h.id) {
			t.Fatalf("holder %d was not told the interest", h.id)
		}
		if h.spare() > 0 && h.hungers == nowhere {
			t.Fatalf("holder %d has spare credit and is not hungry", h.id)
		}
		for i := range c.pieces {
			i := pieceset.Index(i)
			if h.spare() > 0 && h.serves(i) && c.dealable(i) > 0 && (h.standing == trusted || c.othersFor(h, i) == nobodyElse && len(h.alone) < paroleBound) {
				t.Fatalf("holder %d starves beside piece %d", h.id, i)
			}
		}
	}
}
