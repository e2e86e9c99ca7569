package screen

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent"
)

// Phases that are shown have the same word for people as for programs.
func TestEveryPhaseIsShownByItsOwnWord(t *testing.T) {
	for p := etorrent.Opening; p <= etorrent.Retired; p++ {
		var s etorrent.Stats
		s.Phase = p
		want := p.String()
		if p == etorrent.Retired {
			want = Paused.String() // it runs no more, and its last standing is shown
		}
		if got := Of("x", s, 0, 0).Status.String(); got != want {
			t.Errorf("%v is shown as %s", p, got)
		}
	}
}

func TestTheTimeLeftIsKnownWhileSomethingComes(t *testing.T) {
	for _, c := range []struct {
		phase          etorrent.Phase
		wanted, stored int64
		down           int64
		want           time.Duration
	}{
		{etorrent.Fetching, 1000, 400, 60, 10 * time.Second},
		{etorrent.Fetching, 1000, 999, 60, time.Second},
		{etorrent.Fetching, 1000, 1000, 60, 0},
		{etorrent.Fetching, 1000, 400, 0, 0},
		{etorrent.Checking, 1000, 400, 60, 0},
	} {
		var s etorrent.Stats
		s.Phase, s.Wanted, s.Stored = c.phase, c.wanted, c.stored
		if got := Of("x", s, c.down, 0); got.Left != c.want || got.Wanted != c.wanted || got.Stored != c.stored {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}
