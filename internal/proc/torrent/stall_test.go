package torrent

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// loans is a lender of mappings, which counts.
type loans int

func (l *loans) EndLoan() { *l-- }

// read is what the disk may have read: in a slab, or mapped.
func (l *loans) read(t *rapid.T, pool *slab.Pool) disk.ReadDone {
	if rapid.Bool().Draw(t, "mapped") {
		*l++
		return disk.ReadDone{Mapping: storage.NewMapping(make([]byte, slab.Size), l)}
	}
	s, _ := pool.TryRent()
	return disk.ReadDone{Slab: s, Data: s.Bytes()}
}

// answers fills an outbox with haves and blocks, some of them tiny, in leases of
// up to four blocks. It returns the requests that they answer, in order, and those of
// them that mapped bytes do.
func answers(t *rapid.T, o *outbox, pool *slab.Pool, lent *loans) (all, mapped []peer.Request) {
	for n := range rapid.IntRange(1, 4).Draw(t, "reads") {
		l := o.lend(lent.read(t, pool), 4)
		for k := range rapid.IntRange(1, 4).Draw(t, "blocks") {
			for range rapid.IntRange(0, 2).Draw(t, "haves") {
				have := wire.Message{Kind: wire.Have, Piece: 7}
				o.addMessages(have.Append(nil))
			}
			r := peer.Request{Piece: pieceset.Index(n), Begin: uint32(k), Length: rapid.SampledFrom([]uint32{1, 12, 13, 14, 5000}).Draw(t, "length")}
			o.addAnswer(r, l)
			all = append(all, r)
			if l.view() == inMapping {
				mapped = append(mapped, r)
			}
		}
		l.drop()
	}
	return all, mapped
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

// Whatever left before blocks are taken back and leaves after is whole messages, and
// each request was answered or taken back, in order. No slab is held any more; what is
// mapped is not taken back.
func TestWhatIsTakenBackLeavesAWholeStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pool := slab.NewPool(8)
		o, lent := &outbox{}, loans(0)
		asked, mapped := answers(t, o, pool, &lent)
		sent := o.takeOut(rapid.IntRange(0, 30_000).Draw(t, "sent before"))
		back := o.unsend()
		if n := pool.Outstanding(); n != 0 || o.slabs != 0 || o.leases != int(lent) {
			t.Fatalf("%d slabs are lent, %d are leased, %d leases of %d mappings", n, o.slabs, o.leases, lent)
		}
		if rapid.Bool().Draw(t, "twice") && len(o.unsend()) > 0 {
			t.Fatal("more was taken back the second time")
		}
		sent = append(sent, o.takeOut(1<<20)...)
		if o.messages != 0 || o.payload != 0 || !o.isEmpty() || o.leases != 0 || lent != 0 {
			t.Fatalf("%d and %d bytes are left, in %d leases of %d mappings", o.messages, o.payload, o.leases, lent)
		}
		if slices.ContainsFunc(back, func(r peer.Request) bool { return slices.Contains(mapped, r) }) {
			t.Fatalf("taken back %v, mapped are %v", back, mapped)
		}
		byPlace := func(a, b peer.Request) int {
			return cmp.Or(cmp.Compare(a.Piece, b.Piece), cmp.Compare(a.Begin, b.Begin))
		}
		got := answered(t, sent)
		if !slices.IsSortedFunc(got, byPlace) || !slices.IsSortedFunc(back, byPlace) {
			t.Fatalf("answered %v, taken back %v: not in order", got, back)
		}
		if got = append(got, back...); !slices.Equal(slices.SortedFunc(slices.Values(got), byPlace), asked) {
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
	l := o.lend(disk.ReadDone{Data: []byte{0}}, 64)
	for range 64 {
		o.addAnswer(peer.Request{Length: 1}, l)
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
