package conn_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// wire is one end of a flow: what it sends is kept in room that is there.
type wire struct {
	*conn.Conn
	sent    []utpwire.Packet
	mask    [64][utpwire.MaxMaskBytes]byte
	masks   int
	payload []byte
	got     int
	sealed  int
}

func (w *wire) Deliver(b []byte) { w.got += len(b) }
func (w *wire) Send(o conn.Outgoing) {
	p := utpwire.Packet{Header: o.Header, Payload: w.payload[:o.Size]}
	if len(o.Mask) > 0 {
		w.masks = (w.masks + 1) % len(w.mask)
		p.Mask = w.mask[w.masks][:copy(w.mask[w.masks][:], o.Mask)]
	}
	w.sent = append(w.sent, p)
}
func (w *wire) Released(uint64)       {}
func (w *wire) Connected()            {}
func (w *wire) Ended()                {}
func (w *wire) Forget(utpwire.ConnID) {}
func (w *wire) Closed(conn.Reason)    { w.sealed++ }

// flow is a transfer from one end to the other over a path of 20 ms.
type flow struct {
	from, to *wire
	now      mono.Instant
	losses   int // the first of each round, where 1
}

func newFlow(losses int) *flow {
	cfg := conn.Defaults()
	cfg.Control = lets(100 * 1382)
	share := conn.NewShared(recv.NewPool(1500, 1000))
	f := &flow{now: mono.Instant(time.Hour), losses: losses}
	f.from = &wire{payload: make([]byte, 1500), sent: make([]utpwire.Packet, 0, 1000)}
	f.to = &wire{payload: make([]byte, 1500), sent: make([]utpwire.Packet, 0, 1000)}
	f.from.Conn = conn.Dial(cfg, share, invitation, f.now)
	f.from.Flush(f.now, f.from)
	f.from.sent = f.from.sent[:0]
	answer := utpwire.Packet{Header: utpwire.Header{Kind: utpwire.State, ID: ourID, Seq: theirs, Ack: ours.Previous(), Window: 1 << 20}}
	f.now = f.now.Add(20 * ms)
	f.from.Receive(f.now, &answer, f.from)
	f.to.Conn = conn.Accept(cfg, share, conn.Opening{ID: ourID.Next(), Theirs: ours.Previous(), Ours: theirs}, f.now)
	return f
}

// round has a window go there, and its acknowledgement come back. It returns how many
// packets went.
func (f *flow) round() int {
	f.from.Append(100 * 1382)
	n := f.half(f.from, f.to, f.losses)
	f.to.Read(1 << 20)
	f.half(f.to, f.from, 0)
	return n
}

func (f *flow) half(from, to *wire, losses int) int {
	if d := from.Deadline(); d != mono.Never && d <= f.now {
		from.Expire(f.now, from)
	}
	from.Flush(f.now, from)
	f.now = f.now.Add(10 * ms)
	for i := range from.sent {
		if losses == 0 || i != 50 {
			to.Receive(f.now, &from.sent[i], to)
		}
	}
	n := len(from.sent)
	from.sent = from.sent[:0]
	return n
}

func TestATransferAllocatesNothing(t *testing.T) {
	for _, losses := range []int{0, 1} {
		f := newFlow(losses)
		for range 1000 {
			f.round()
		}
		before := f.to.got
		if n := testing.AllocsPerRun(1000, func() { f.round() }); n != 0 {
			t.Errorf("%d lost of each round: %v allocations", losses, n)
		}
		if got := f.to.got - before; got < 1000*50*1382 {
			t.Errorf("%d bytes came", got)
		}
	}
}

// What an idle connection holds, but for what its application does, is what these have.
func TestAnIdleConnectionIsSmall(t *testing.T) {
	const most = 2048
	if n := conn.Bytes(); n > most {
		t.Errorf("%d bytes, at most %d", n, most)
	}
}

func TestAConnectionThatFallsIdleGivesItsMemoryBack(t *testing.T) {
	f := newFlow(0)
	for range 10 {
		f.round()
	}
	mallocs := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.Mallocs
	}
	before := mallocs()
	f.round()
	busy := mallocs() - before
	f.now = f.now.Add(time.Minute)
	f.half(f.from, f.to, 0)
	before = mallocs()
	f.round()
	if again := mallocs() - before; again <= busy {
		t.Errorf("%d allocations after a minute, %d before", again, busy)
	}
}

func benchmark(b *testing.B, losses int) {
	f := newFlow(losses)
	packets := 0
	b.ReportAllocs()
	for b.Loop() {
		packets += f.round()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
}

// What a packet of a window of 100 costs both ends together, with one acknowledgement
// for all.
func BenchmarkRound(b *testing.B) { benchmark(b, 0) }

// The same, with a packet of each window lost.
func BenchmarkRoundWithALoss(b *testing.B) { benchmark(b, 1) }
