package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// first is a world in which one seed, with a line as all others have, brings a torrent
// to so many that have nothing.
func first(run uint64, leeches int, s Seeding) Config {
	return Config{
		Run: run, Nodes: append(Swarm(1, Seed), Swarm(leeches, Leech)...), Seeds: Seeds{How: s},
		Pieces: 128, PieceBlocks: 8, Rate: 100_000, Latency: 100 * time.Millisecond,
		Slots: 5, Memory: 4 << 20, Limit: 4 * time.Hour,
	}
}

// finishes runs a world, and returns who had everything when, the first first.
func finishes(t *testing.T, c Config) []Finish {
	t.Helper()
	r := Run(c)
	if r.Err != nil {
		t.Fatalf("%v\n%s", r.Err, lastLines(c, 30))
	}
	slices.SortFunc(r.Finishes, func(a, b Finish) int { return int(a.After - b.After) })
	return r.Finishes
}

func TestOneThatSuperSeedsSendsLittleMoreThanOneCopyAndIsNoSlower(t *testing.T) {
	t.Parallel()
	for _, w := range []struct{ leeches, runs int }{{10, 3}, {30, 1}} {
		for run := range uint64(w.runs) {
			t.Run(fmt.Sprintf("%d leeches, run %d", w.leeches, run), func(t *testing.T) {
				t.Parallel()
				ordinary := finishes(t, first(run, w.leeches, OrdinarySeeding))
				super := finishes(t, first(run, w.leeches, SuperSeeding))
				slower := super[len(super)-1].After.Seconds() / ordinary[len(ordinary)-1].After.Seconds()
				t.Logf("%d leeches, run %d: %.2f copies until ten were complete, else %.2f; all were after %v, else %v: %.2f times as long",
					w.leeches, run, super[9].Copies, ordinary[9].Copies,
					super[w.leeches-1].After.Round(time.Second), ordinary[w.leeches-1].After.Round(time.Second), slower)
				if super[9].Copies > 1.1 || slower > 1.3 {
					t.Errorf("%d leeches, run %d: %.2f copies, %.2f times as long", w.leeches, run, super[9].Copies, slower)
				}
			})
		}
	}
}

// Those who give nothing on cost a little: what they were given is given again.
func TestFreeRidersGetLittleOfOneThatSuperSeeds(t *testing.T) {
	t.Parallel()
	c := first(1, 30, SuperSeeding)
	c.Nodes = FreeRiders(c.Nodes, 20)
	all := finishes(t, c)
	t.Logf("%.2f copies until ten were complete", all[9].Copies)
	if all[9].Copies > 1.2 {
		t.Errorf("%.2f copies", all[9].Copies)
	}
}

func TestALoneRemoteOfOneThatSuperSeedsIsNotHeldUp(t *testing.T) {
	ordinary, super := finishes(t, first(1, 1, OrdinarySeeding)), finishes(t, first(1, 1, SuperSeeding))
	if slower := super[0].After.Seconds() / ordinary[0].After.Seconds(); slower > 1.2 {
		t.Errorf("%.2f times as long", slower)
	}
}
