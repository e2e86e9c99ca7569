package recv_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/serial"
)

func TestAQueueIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := recv.Config{
			Next:   serial.Number(rapid.OneOf(rapid.Uint16(), rapid.Uint16Min(65535-20)).Draw(t, "first")),
			Window: rapid.IntRange(0, 400).Draw(t, "window"), Reserve: rapid.IntRange(0, 40).Draw(t, "reserve"),
			Slots: rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, 1000)).Draw(t, "slots"), Segment: 10,
		}
		p := newPair(cfg, rapid.IntRange(0, 40).Draw(t, "buffers"))
		ahead := rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 4), rapid.IntRange(-1200, 1200))
		payload := rapid.SliceOfN(rapid.Byte(), 0, bufSize+2)
		receive := func(isFin int) func(t *rapid.T) {
			return func(t *rapid.T) {
				p.receive(t, p.model.next+ahead.Draw(t, "ahead"), payload.Draw(t, "payload"), isFin)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"data": receive(0), "more data": receive(0), "still more data": receive(0),
			"fin":  receive(1),
			"read": func(t *rapid.T) { p.read(rapid.IntRange(0, 100).Draw(t, "bytes")); p.check(t) },
			"rest": func(t *rapid.T) { p.queue.Rest(); p.pool.Rest(); p.check(t) },
		})
		p.queue.Drop()
		if p.pool.Lent() != 0 || p.queue.Held() != 0 {
			t.Fatalf("%d buffers are lent, %d packets held, when all was dropped", p.pool.Lent(), p.queue.Held())
		}
	})
}

// Each begins so that it wraps at another packet.
func TestAStreamIsDeliveredWholeWhereverItsNumbersWrap(t *testing.T) {
	const packets = 600
	for before := range packets {
		cfg := recv.Config{Next: serial.Number(0).Add(-before), Window: 1 << 20, Slots: 512, Segment: 10}
		q := recv.New(cfg, recv.NewPool(8, 512))
		var got sink
		payload := func(at int) []byte { return []byte{byte(at >> 8), byte(at)} }
		for block := 0; block < packets; block += 100 { // the last of each hundred comes first
			for at := block + 99; at >= block; at-- {
				q.ReceiveData(cfg.Next.Add(at), payload(at), &got)
			}
		}
		var want sink
		for at := range packets {
			want.Deliver(payload(at))
		}
		if got.String() != want.String() || q.Ack() != cfg.Next.Add(packets-1) {
			t.Fatalf("%d packets before the wrap: %d bytes came, ack %v", before, got.Len(), q.Ack())
		}
	}
}

// FuzzReassembly takes a byte that says what comes, one how far ahead, and one how
// long it is.
func FuzzReassembly(f *testing.F) {
	fuzzseed.Add(f)
	f.Add(uint16(65534), uint16(8), []byte{0, 1, 5, 0, 2, 5, 0, 0, 5, 1, 0, 0})
	f.Add(uint16(65500), uint16(300), []byte{0, 200, 9, 0, 100, 9, 1, 50, 9, 2, 0, 30, 0, 0, 9, 0, 100, 0, 3, 0, 0})
	f.Fuzz(func(t *testing.T, first, shape uint16, steps []byte) {
		cfg := recv.Config{
			Next: serial.Number(first), Window: 20 + int(shape>>8), Reserve: 30,
			Slots: 1 + int(shape&0x1ff), Segment: 10,
		}
		p := newPair(cfg, 1+int(shape%50))
		for ; len(steps) >= 3; steps = steps[3:] {
			at := p.model.next + int(steps[1]>>1)*int(1+steps[0]>>6) - 8
			if steps[1]&1 == 0 {
				at = p.model.next + int(steps[1]>>5)
			}
			payload := make([]byte, steps[2]%(bufSize+3))
			for i := range payload {
				payload[i] = byte(at + i)
			}
			switch steps[0] % 8 {
			case 5:
				p.receive(t, at, payload, 1)
			case 6:
				p.read(int(steps[2]))
			case 7:
				p.queue.Rest()
				p.pool.Rest()
			default:
				p.receive(t, at, payload, 0)
			}
			p.check(t)
		}
	})
}
