package peer

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// sink takes effects and keeps nothing but the credit.
type sink struct{ credit, received int }

func (s *sink) Send(wire.Message)                  {}
func (s *sink) StoreBlock(geometry.Block, []byte)  {}
func (s *sink) Upload(Request)                     {}
func (s *sink) RemoteHas(pieceset.Index)           {}
func (s *sink) RemoteHasSet(*pieceset.Set)         {}
func (s *sink) Received(geometry.Block)            { s.received++ }
func (s *sink) Returned(geometry.Block, Return)    {}
func (s *sink) Credit(blocks int, _ Scope)         { s.credit = blocks }
func (s *sink) Allowed(pieceset.Index)             {}
func (s *sink) Disallowed(pieceset.Index)          {}
func (s *sink) Told(Interest)                      {}
func (s *sink) InFlight(geometry.Block)            {}
func (s *sink) RemoteInterest(Interest)            {}
func (s *sink) Introduced(*wire.ExtendedHandshake) {}
func (s *sink) Close(Closing)                      {}

// flow is a download in its steady state from a fast remote.
type flow struct {
	core   *Core
	sink   sink
	now    mono.Instant
	asked  uint32
	came   uint32
	perRun uint32
	block  wire.Message
}

// blocksInPiece is how many blocks each piece of a flow has.
const blocksInPiece = 256

func newFlow(reqq int) *flow {
	const pieces = 1024
	f := &flow{now: mono.Instant(time.Hour), perRun: 8}
	f.core = New(Config{
		Geometry:     geometry.Geometry{TotalLength: pieces * blocksInPiece * geometry.BlockSize, PieceLength: blocksInPiece * geometry.BlockSize},
		Capabilities: fast | extended, Held: pieceset.New(pieces), Announce: pieceset.New(pieces),
	})
	f.block = wire.Message{Kind: wire.Piece, Payload: make([]byte, geometry.BlockSize)}
	f.core.Open(f.now, &f.sink)
	f.core.SetInterest(f.now, Interested, &f.sink)
	for _, m := range []wire.Message{{Kind: wire.HaveAll}, {Kind: wire.Unchoke}, handshake(wire.ExtendedHandshake{Reqq: reqq})} {
		f.core.Receive(f.now, &m, &f.sink)
	}
	f.core.EndOfBatch(&f.sink)
	for range 200_000 {
		f.step()
	}
	return f
}

// step asks for a run when there is credit for it, and takes one block.
func (f *flow) step() {
	for int(f.asked-f.came+f.perRun) <= f.sink.credit {
		f.core.Request(f.now, geometry.Run{Piece: pieceset.Index(f.asked / blocksInPiece % 1024), First: f.asked % blocksInPiece, Count: f.perRun}, &f.sink)
		f.asked += f.perRun
	}
	f.now = f.now.Add(20 * time.Microsecond) // 0.8 GB a second
	f.block.Piece, f.block.Begin = pieceset.Index(f.came/blocksInPiece%1024), f.came%blocksInPiece*geometry.BlockSize
	f.core.Receive(f.now, &f.block, &f.sink)
	f.came++
	f.core.EndOfBatch(&f.sink)
}

func TestASteadyDownloadDoesNotAllocate(t *testing.T) {
	f := newFlow(2000)
	if f.sink.credit != 2000 {
		t.Fatalf("credit %d", f.sink.credit)
	}
	before := f.sink.received
	if got := testing.AllocsPerRun(20_000, f.step); got != 0 {
		t.Errorf("%v allocations a block", got)
	}
	if got := f.sink.received - before; got != 20_001 {
		t.Errorf("%d blocks received", got)
	}
}

func TestServingDoesNotAllocatePerRequest(t *testing.T) {
	var s sink
	core := New(Config{Geometry: shape(), Held: pieceset.Full(16), Announce: pieceset.Full(16), Goal: UploadOnly})
	core.Open(1, &s)
	core.SetChoke(1, Unchoked, &s)
	requests := make([]wire.Message, 64)
	for n := range requests {
		requests[n] = about(wire.Request, uint32(n))
	}
	serve := func() {
		for n := range requests {
			core.Receive(1, &requests[n], &s)
		}
		for core.Waiting() > 0 {
			core.ReadDone(core.NextRead(ReadAheadLimit), &s)
		}
	}
	if got := testing.AllocsPerRun(1000, serve); got > 0 {
		t.Errorf("%v allocations for %d requests", got, len(requests))
	}
}

func BenchmarkReceiveBlock(b *testing.B) {
	for name, reqq := range map[string]int{"250 in flight": 250, "16384 in flight": wire.MaxReqq} {
		b.Run(name, func(b *testing.B) {
			f := newFlow(reqq)
			b.SetBytes(geometry.BlockSize)
			b.ReportAllocs()
			for b.Loop() {
				f.step()
			}
		})
	}
}
