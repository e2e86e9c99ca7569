package storage

import (
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func TestATorrentThatIsRelievedMakesRoomForAnother(t *testing.T) {
	g := geometry.Geometry{TotalLength: 8 * geometry.BlockSize, PieceLength: 2 * geometry.BlockSize}
	b := &budget{bound: 3 * geometry.BlockSize}
	idle := scriptOf(t, Config{Geometry: g, Memory: b, Chunk: 1, Files: FilesOpen})
	busy := scriptOf(t, Config{Geometry: g, Memory: b, Chunk: 1, Files: FilesOpen})
	idle.bring(0, 1)
	idle.bring(1, 1)
	idle.bring(2, 1)
	idle.lines = nil
	if e := busy.store(0, 1); e != BlockNoRoom {
		t.Fatalf("a block without room is %d", e)
	}
	busy.expect()
	if n := idle.t.Relieve(2*geometry.BlockSize, idle); n < 2*geometry.BlockSize {
		t.Errorf("%d bytes are on their way out", n)
	}
	for _, i := range []pieceset.Index{0, 1} {
		idle.t.RunWritten(idle.now, geometry.Run{Piece: i, First: 1, Count: 1}, idle)
	}
	busy.bring(0, 1)
	busy.bring(1, 1)
	idle.t.Abandon()
	busy.t.Abandon()
	if b.used != 0 {
		t.Errorf("%d bytes stay reserved", b.used)
	}
}

// silence is Effects that notes only what must be answered.
type silence struct {
	Effects
	hash  []HashRun
	write []geometry.Run
}

func (s *silence) Hash(r HashRun)                 { s.hash = append(s.hash, r) }
func (s *silence) HashTogether(runs []HashRun)    { s.hash = append(s.hash, runs...) }
func (s *silence) Write(r geometry.Run)           { s.write = append(s.write, r) }
func (s *silence) Release(pieceset.Index, uint32) {}
func (s *silence) Forget(pieceset.Index)          {}
func (s *silence) PieceVerified(pieceset.Index)   {}
func (s *silence) PieceWritten(pieceset.Index)    {}
func (s *silence) Sync(Window)                    {}

func TestABlockCostsNoAllocation(t *testing.T) {
	const pieces, blocks = 2000, 64
	fx := &silence{}
	tor := New(Config{
		Geometry: geometry.Geometry{TotalLength: pieces * blocks * geometry.BlockSize, PieceLength: blocks * geometry.BlockSize},
		Memory:   &budget{bound: 1 << 40}, Files: FilesOpen,
	})
	i := pieceset.Index(0)
	perPiece := testing.AllocsPerRun(pieces/2, func() {
		for n := range uint32(blocks) {
			tor.StoreBlock(1, Block{Piece: i, Begin: n * geometry.BlockSize, Length: geometry.BlockSize}, fx)
			for len(fx.hash) > 0 {
				r, last := fx.hash[0], len(fx.hash)-1
				copy(fx.hash, fx.hash[1:])
				fx.hash = fx.hash[:last]
				e := HashAdvanced
				if r.First+r.Count == blocks {
					e = HashRight
				}
				tor.Hashed(mono.Instant(1), r.Piece, e, fx)
			}
		}
		for _, r := range fx.write {
			tor.RunWritten(1, r, fx)
		}
		fx.hash, fx.write = fx.hash[:0], fx.write[:0]
		i++
	})
	if perPiece > 2 || tor.At(Written).Count()+tor.At(Syncing).Count() < pieces/2 {
		t.Errorf("%v allocations for a piece of %d blocks", perPiece, blocks)
	}
}

func BenchmarkStoreBlock(b *testing.B) {
	const blocks = 16
	fx := &silence{}
	c := Config{
		Geometry: geometry.Geometry{TotalLength: 1 << 40, PieceLength: blocks * geometry.BlockSize},
		Memory:   &budget{bound: 1 << 40}, Files: FilesOpen,
	}
	tor := New(c)
	b.ReportAllocs()
	b.SetBytes(geometry.BlockSize)
	for k := range b.N {
		i, n := pieceset.Index(k/blocks), uint32(k%blocks)
		tor.StoreBlock(1, Block{Piece: i, Begin: n * geometry.BlockSize, Length: geometry.BlockSize}, fx)
		if n == blocks-1 {
			tor.Hashed(1, i, HashRight, fx)
			tor.RunWritten(1, fx.write[0], fx)
			fx.hash, fx.write = fx.hash[:0], fx.write[:0]
		}
	}
}
