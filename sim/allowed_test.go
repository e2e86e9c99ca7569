package sim

import (
	"testing"
	"time"
)

// frugal is a world in which nobody is ever unchoked.
func frugal(run uint64, pieces int) Config {
	return Config{
		Run: run, Nodes: append(Swarm(2, Seed), Swarm(6, Leech)...), Pieces: pieces, PieceBlocks: 4,
		Rate: 100_000, Latency: 100 * time.Millisecond, Slots: 4, Choker: "none",
		Memory: 2 << 20, Limit: 10 * time.Minute,
	}
}

func TestWhereNobodyIsUnchokedBeginnersFetchWhatIsAllowed(t *testing.T) {
	for run := range uint64(5) {
		most := map[int]int{}
		c := frugal(run, 40)
		c.Audience.Watch = func(p Progress) {
			if p.Role == Leech {
				most[p.Node] = max(most[p.Node], p.Has)
			}
		}
		if r := Run(c); r.Took != 0 {
			t.Fatalf("the world ended after %v", r.Took)
		}
		if len(most) != 6 {
			t.Errorf("run %d: %d nodes have anything", run, len(most))
		}
		for node, has := range most {
			if has != 10 { // BEP 6's k: everybody allows it the same set
				t.Errorf("run %d: node %d has %d pieces", run, node, has)
			}
		}
	}
}

func TestATorrentOfTenPiecesIsFetchedThoughNobodyIsUnchoked(t *testing.T) {
	for run := range uint64(20) {
		c := frugal(run, 10)
		c.Limit = 4 * time.Hour
		c.Hazards = Hazards{Reset: 10 * time.Second, Crash: 20 * time.Second, Faults: 10, Until: 5 * time.Minute}
		if r := Run(c); r.Err != nil {
			t.Fatalf("run %d: %v\n%s", run, r.Err, lastLines(c, 30))
		}
	}
}
