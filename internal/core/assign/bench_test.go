package assign

import (
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// sink is the Effects of a benchmark: it keeps the last batch.
type sink struct{ runs []geometry.Run }

func (s *sink) Deal(_ HolderID, r geometry.Run) { s.runs = append(s.runs, r) }
func (*sink) Cancel(HolderID, geometry.Block)   {}
func (*sink) Interested(HolderID, Interest)     {}
func (s *sink) blocks(yield func(geometry.Block)) {
	for _, r := range s.runs {
		for n := r.First; n < r.First+r.Count; n++ {
			yield(geometry.Block{Piece: r.Piece, Number: n})
		}
	}
}

const benchPieces = 100_000

// every is the set of the pieces whose index is below share modulo 10.
func every(share int) *pieceset.Set {
	s := pieceset.New(benchPieces)
	for i := range benchPieces {
		if i%10 < share {
			s.Add(pieceset.Index(i))
		}
	}
	return s
}

// BenchmarkDeal64 is a holder that sent 64 blocks and is dealt 64 others, in a
// torrent of 100,000 pieces: one operation is all inputs of the batch and the
// Settle, the verdicts of filled pieces included.
func BenchmarkDeal64(b *testing.B) {
	for _, x := range []struct {
		name   string
		blocks int
		has    *pieceset.Set
		others int // holders that make what it has the commoner pieces
	}{
		{"seed, 256 blocks a piece", 256, pieceset.Full(benchPieces), 0},
		{"seed, 16 blocks a piece", 16, pieceset.Full(benchPieces), 0},
		{"half, 16 blocks a piece", 16, every(5), 0},
		{"half, the commoner one, 16 blocks a piece", 16, every(5), 3},
	} {
		b.Run(x.name, func(b *testing.B) {
			c := New(shape(benchPieces, x.blocks), Start{}, random(1))
			c.Join(1, x.has)
			for k := range x.others {
				c.Join(HolderID(10+k), x.has)
			}
			c.Join(2, pieceset.Of(benchPieces, benchPieces-1))
			for i := range pieceset.Index(benchPieces) {
				if !x.has.Has(i) {
					c.Have(2, i)
				}
			}
			benchDeal(b, c)
		})
	}
}

func benchDeal(b *testing.B, c *Core) {
	s := &sink{}
	c.SetCredit(1, 64)
	c.Settle(s)
	b.ReportAllocs()
	b.ResetTimer()
	var filled []pieceset.Index
	for range b.N {
		s.blocks(func(x geometry.Block) {
			if c.Received(1, x) == PieceFilled {
				filled = append(filled, x.Piece)
			}
		})
		for _, i := range filled {
			c.Corrupt(i) // so that the torrent never ends
		}
		s.runs, filled = s.runs[:0], filled[:0]
		c.Settle(s)
	}
}

// BenchmarkSettleDeal64 is the Settle alone: 64 blocks to a fresh holder.
func BenchmarkSettleDeal64(b *testing.B) {
	c := New(shape(benchPieces, 256), Start{}, random(1))
	c.Join(1, pieceset.Full(benchPieces))
	s := &sink{}
	b.ReportAllocs()
	for range b.N {
		s.runs = s.runs[:0]
		c.SetCredit(1, 64)
		c.Settle(s)
		b.StopTimer()
		c.ReturnedAll(1, Choked)
		c.SetCredit(1, 0)
		c.Settle(s)
		b.StartTimer()
	}
}

func BenchmarkJoinLeave(b *testing.B) {
	for name, has := range map[string]*pieceset.Set{
		"seed": pieceset.Full(benchPieces), "half": every(5), "one piece": pieceset.Of(benchPieces, 7),
	} {
		b.Run(name, func(b *testing.B) {
			c := New(shape(benchPieces, 256), Start{}, random(1))
			s := &sink{}
			for n := range b.N {
				c.Join(HolderID(n+1), has)
				c.Leave(HolderID(n + 1))
				c.Settle(s)
			}
		})
	}
}

// BenchmarkCrowd is 4,000 holders that each take a block at a time: one
// operation is one block received, and what follows.
func BenchmarkCrowd(b *testing.B) {
	const crowd = 4000
	c := New(shape(benchPieces, 256), Start{}, random(1))
	has := []*pieceset.Set{every(3), every(7), pieceset.Full(benchPieces), every(1)}
	s := &crowdSink{}
	for n := range crowd {
		c.Join(HolderID(n+1), has[n%4])
		c.SetCredit(HolderID(n+1), 8)
	}
	c.Settle(s)
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		x := s.queue[n%len(s.queue)]
		s.at = n % len(s.queue)
		if c.Received(x.holder, block(x.run.Piece, x.run.First)) == PieceFilled {
			c.Verified(x.run.Piece)
		}
		c.Settle(s)
	}
}

type crowdSink struct {
	sink
	queue []dealt // single blocks
	at    int     // the place of the one that is replaced; at the start, none
}

func (s *crowdSink) Deal(id HolderID, r geometry.Run) {
	for n := r.First; n < r.First+r.Count; n++ {
		d := dealt{holder: id, run: geometry.Run{Piece: r.Piece, First: n, Count: 1}}
		if len(s.queue) < 4000*8 {
			s.queue = append(s.queue, d)
		} else {
			s.queue[s.at] = d
		}
	}
}
