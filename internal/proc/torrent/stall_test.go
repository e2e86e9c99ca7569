package torrent

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// answers fills an outbox with haves and blocks, some of them tiny, in leases of
// up to four blocks. It returns the requests that they answer, in order.
func answers(t *rapid.T, o *outbox, pool *slab.Pool) []peer.Request {
	var all []peer.Request
	for n := range rapid.IntRange(1, 4).Draw(t, "reads") {
		s, _ := pool.TryRent()
		l := o.lend(s, 4)
		for k := range rapid.IntRange(1, 4).Draw(t, "blocks") {
			for range rapid.IntRange(0, 2).Draw(t, "haves") {
				have := wire.Message{Kind: wire.Have, Piece: 7}
				o.addMessages(have.Append(nil))
			}
			r := peer.Request{Piece: pieceset.Index(n), Begin: uint32(k), Length: rapid.SampledFrom([]uint32{1, 12, 13, 14, 5000}).Draw(t, "length")}
			o.addAnswer(r, s.Bytes()[:r.Length], l)
			all = append(all, r)
		}
		l.drop()
	}
	return all
}

// take moves n bytes out as a socket would.
func (o *outbox) takeOut(n int) []byte {
	var all []byte
	for _, s := range o.segments {
		all = append(all, s.bytes...)
	}
	n = min(n, len(all))
	o.advance(n)
	return all[:n]
}

// Whatever left before blocks are taken back and leaves after is whole messages,
// and each request was answered or taken back, in order.
func TestWhatIsTakenBackLeavesAWholeStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pool := slab.NewPool(8)
		o := &outbox{}
		asked := answers(t, o, pool)
		sent := o.takeOut(rapid.IntRange(0, 30_000).Draw(t, "sent before"))
		back := o.unsend()
		if n := pool.Outstanding(); n != 0 || o.leases != 0 {
			t.Fatalf("%d slabs are lent, %d leases", n, o.leases)
		}
		if rapid.Bool().Draw(t, "twice") && len(o.unsend()) > 0 {
			t.Fatal("more was taken back the second time")
		}
		sent = append(sent, o.takeOut(1<<20)...)
		if o.messages != 0 || o.payload != 0 || !o.isEmpty() {
			t.Fatalf("%d and %d bytes are left", o.messages, o.payload)
		}
		if got := append(answered(t, sent), back...); !slices.Equal(got, asked) {
			t.Fatalf("answered or taken back %v, asked %v", got, asked)
		}
	})
}

func answered(t *rapid.T, stream []byte) []peer.Request {
	var all []peer.Request
	limits := wire.Limits{Geometry: geometry.Geometry{TotalLength: 1 << 30, PieceLength: 1 << 20}}
	for len(stream) > 0 {
		var m wire.Message
		d := wire.Decode(stream, &limits, &m)
		if d.Outcome != wire.Complete {
			t.Fatalf("%v before the last %d bytes", d, len(stream))
		}
		if m.Kind == wire.Piece {
			all = append(all, peer.Request{Piece: m.Piece, Begin: m.Begin, Length: m.Length})
		}
		stream = stream[d.Size:]
	}
	return all
}

// A block of one byte must not cost as much as one of 16 KiB.
func TestTinyBlocksTakeLittleRoom(t *testing.T) {
	o := &outbox{}
	l := o.lend(slab.Slab{}, 64)
	for range 64 {
		o.addAnswer(peer.Request{Length: 1}, []byte{0}, l)
	}
	room := 0
	for _, s := range o.segments {
		room += cap(s.bytes)
	}
	if room > arenaSize+64*smallest+64 {
		t.Errorf("64 blocks of a byte take %d bytes", room)
	}
}

func TestTheRoomOfALongFrameIsNotKept(t *testing.T) {
	var in intake
	long := make([]byte, 100<<10)
	in.keep(long)
	if !bytes.Equal(in.carry, long) {
		t.Fatal("the frame is not kept")
	}
	in.keep(long[:5])
	if cap(in.carry) > carryKept {
		t.Errorf("room for %d bytes is kept", cap(in.carry))
	}
	in.keep(long[:carryKept])
	before := &in.carry[0]
	if in.keep(long[:20_000]); before != &in.carry[0] {
		t.Error("the room of a usual frame is not used again")
	}
}
