package utp_test

import (
	"io"
	"runtime"
	"testing"

	"github.com/etorrent/etorrent/utp"
)

// One connection over the loopback of the host, one way: what both ends cost together.
func BenchmarkAStreamOverLoopback(b *testing.B) { streamOver(b, 256<<10) }

// streamOver moves b.N pieces of so many bytes.
func streamOver(b *testing.B, piece int) {
	from, to := open(b), open(b)
	dialled, err := from.Dial(b.Context(), to.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	accepted, err := to.AcceptContext(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(piece))
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		p := make([]byte, min(piece, 256<<10))
		for range b.N * (piece / len(p)) {
			if _, err := dialled.Write(p); err != nil {
				return
			}
		}
	}()
	if n, err := io.CopyN(io.Discard, accepted, int64(b.N)*int64(piece)); err != nil {
		b.Errorf("%d bytes, %v", n, err)
	}
	s := dialled.Status()
	b.ReportMetric(float64(s.SentAgain)/float64(s.PacketsSent), "again/packet")
}

// What a connection costs that nobody uses, both ends of it together.
func BenchmarkIdleConnections(b *testing.B) {
	from, to := open(b), open(b)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	kept := make([]*utp.Conn, 0, 2*b.N)
	for range b.N {
		c, err := from.Dial(b.Context(), to.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		a, err := to.AcceptContext(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		kept = append(kept, c, a)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(b.N), "B/both")
	runtime.KeepAlive(kept)
}

func open(b *testing.B) *utp.Socket {
	b.Helper()
	s, err := utp.Listen(b.Context(), "udp4", "127.0.0.1:0", utp.Linger(0))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}
