package send_test

import (
	"testing"

	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// flow sends packets in bursts over a path of ten bursts.
type flow struct {
	*send.Flight
	now  mono.Instant
	mask utpwire.SelectiveAck
}

const burst = 64

func newFlow() *flow {
	return &flow{send.New(send.Config{First: 60_000, Most: 2000, Behind: 3}), 1, make(utpwire.SelectiveAck, 0, utpwire.MaxMaskBytes)}
}

func (f *flow) sendBurst() {
	f.now = f.now.Add(ms)
	for range burst {
		f.Send(f.now, utpwire.Data, 1400)
	}
	f.Deadline()
}

// clean acknowledges a burst.
func (f *flow) clean() {
	f.sendBurst()
	if f.Span() > 10*burst {
		f.acknowledge(f.Unacknowledged().Add(burst - 1))
	}
}

// lossy has the first of each burst be lost: those beyond it are told of one by one,
// it is sent again and then acknowledged with the others.
func (f *flow) lossy() {
	f.sendBurst()
	if f.Span() <= 10*burst {
		return
	}
	first := f.Unacknowledged()
	for told := 0; told < burst-1; told++ {
		f.mask = f.mask[:0].AppendWord(1<<(told+1) - 1)
		f.acknowledge(first.Previous())
		for f.Lost().Packets > 0 {
			f.Resent(f.now, f.FirstLost().Seq)
		}
	}
	f.mask = f.mask[:0]
	f.acknowledge(first.Add(burst - 1))
}

func (f *flow) acknowledge(last serial.Number) {
	f.Acknowledge(f.now, &utpwire.Packet{Header: utpwire.Header{Kind: utpwire.State, Ack: last}, Mask: f.mask})
}

func TestSendingAllocatesNothing(t *testing.T) {
	for name, round := range map[string]func(*flow){"clean": (*flow).clean, "lossy": (*flow).lossy} {
		f := newFlow()
		for range 100 {
			round(f)
		}
		if n := testing.AllocsPerRun(100, func() { round(f) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func benchmark(b *testing.B, round func(*flow)) {
	f := newFlow()
	b.ReportAllocs()
	for b.Loop() {
		round(f)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/burst, "ns/packet")
}

// A burst of 64 packets is sent, and one is acknowledged by one packet.
func BenchmarkClean(b *testing.B) { benchmark(b, (*flow).clean) }

// The same, with one packet of each burst lost and an acknowledgement for each other.
func BenchmarkLossy(b *testing.B) { benchmark(b, (*flow).lossy) }

// What a mask of 1024 packets costs, all of which are known.
func BenchmarkLongMask(b *testing.B) {
	f := newFlow()
	for range 20 {
		f.sendBurst()
	}
	for range 16 {
		f.mask = f.mask.AppendWord(^uint64(0))
	}
	b.ReportAllocs()
	for b.Loop() {
		f.acknowledge(f.Unacknowledged().Previous())
	}
}
