package sim

import (
	"math/rand/v2"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

// Tiny is a world of 4 nodes and 8 pieces, in one of five with more blocks than a
// window takes. Much of it follows from its run number: the roles beside one seed
// and one leech, and what goes wrong.
func Tiny(run uint64) Config {
	rnd := rand.New(rand.NewPCG(run, 1))
	c := Config{
		Run: run, Nodes: []Role{Seed, Leech}, Pieces: 8, PieceBlocks: []int{1, 2, 3, 4, 24}[rnd.IntN(5)],
		Rate: 20_000 << rnd.IntN(6), Latency: time.Duration(1+rnd.IntN(200)) * time.Millisecond,
		Slots: 1 + rnd.IntN(4), Lies: 10, Limit: 4 * time.Hour,
	}
	c.Short = rnd.IntN(geometry.BlockSize * c.PieceBlocks)
	c.Memory = int64(c.PieceBlocks*geometry.BlockSize) * int64(1+rnd.IntN(8))
	c.Memory = max(c.Memory, 16*geometry.BlockSize)
	for range 2 {
		c.Nodes = append(c.Nodes, []Role{Leech, Leech, Seed, FreeRider, Liar}[rnd.IntN(5)])
	}
	some := func(mean time.Duration) time.Duration { return mean * time.Duration(rnd.IntN(2)) }
	c.Hazards = Hazards{
		Kill: some(20 * time.Second), PowerCut: some(20 * time.Second), Away: 10 * time.Second,
		Crash: some(10 * time.Second), Reset: some(10 * time.Second), Leave: some(time.Minute),
		Faults: 20 * rnd.IntN(2), Until: 10 * time.Minute,
		Choke: some(2 * time.Second),
	}
	c.Choker = []string{"tft", "tft", "rotation", "first-come"}[rnd.IntN(4)]
	c.Hazards.Seeks = 50 * rnd.IntN(2)
	c.Seeds.How = []Seeding{OrdinarySeeding, OrdinarySeeding, SuperSeeding}[rnd.IntN(3)]
	return c
}

// Large is a world of 30 nodes in which nothing goes wrong but what the caller
// adds.
func Large(run uint64) Config {
	c := Config{
		Run: run, Pieces: 64, PieceBlocks: 4, Rate: 500_000, Latency: 100 * time.Millisecond,
		Slots: 8, Memory: 2 << 20, Lies: 10, Limit: 4 * time.Hour,
	}
	for k := range 30 {
		role := Leech
		switch {
		case k < 2:
			role = Seed
		case k < 5:
			role = FreeRider
		}
		c.Nodes = append(c.Nodes, role)
	}
	return c
}

// Scarce is a world of 30 nodes with two seeds that bring an eighth of what can be
// sent, and of those that fetch so many of a hundred are free riders. Who has
// everything leaves soon. So what a node gets is what others give it.
func Scarce(run uint64, freeRiders int) Config {
	return Config{
		Run: run, Nodes: append(Swarm(2, Seed), FreeRiders(Swarm(28, Leech), freeRiders)...),
		Pieces: 128, PieceBlocks: 8, Rate: 100_000, Seeds: Seeds{Rate: 150_000}, Latency: 100 * time.Millisecond,
		Slots: 5, Stays: 10 * time.Second, Memory: 4 << 20, Lies: 10, Limit: 4 * time.Hour,
	}
}

// FreeRiders has so many of a hundred nodes give nothing, the last ones.
func FreeRiders(nodes []Role, percent int) []Role {
	n := (len(nodes)*percent + 50) / 100
	return append(nodes[:len(nodes)-n:len(nodes)-n], Swarm(n, FreeRider)...)
}

// Swarm is n nodes of one role.
func Swarm(n int, r Role) []Role {
	out := make([]Role, n)
	for k := range out {
		out[k] = r
	}
	return out
}
