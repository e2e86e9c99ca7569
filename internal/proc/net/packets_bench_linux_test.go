package net_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// BenchmarkDatagrams moves datagrams of 1402 bytes over loopback, so many a call:
// one goroutine writes them and reads them back, so that nothing waits and all of
// the time is work.
func BenchmarkDatagrams(b *testing.B) {
	for _, w := range ways {
		for _, batch := range []int{1, 4, 8, 16, 32, 64} {
			b.Run(fmt.Sprintf("%s/%d", w.name, batch), func(b *testing.B) {
				from, to := w.open(b, nil, pnet.V4, "127.0.0.1:0"), w.open(b, nil, pnet.V4, "127.0.0.1:0")
				moveDatagrams(b, from, to, batch, func(int) pnet.Fragmentation { return pnet.FragmentAsSystem })
			})
		}
	}
}

// BenchmarkSoundings is the same where one in sixteen must not be fragmented, and
// where every other must not.
func BenchmarkSoundings(b *testing.B) {
	for _, w := range ways {
		for _, every := range []int{16, 2} {
			b.Run(fmt.Sprintf("%s/%d", w.name, every), func(b *testing.B) {
				if w.name == "portable" {
					b.Skip("it cannot forbid fragments")
				}
				from, to := w.open(b, nil, pnet.V4, "127.0.0.1:0"), w.open(b, nil, pnet.V4, "127.0.0.1:0")
				moveDatagrams(b, from, to, 64, func(i int) pnet.Fragmentation {
					if i%every == every-1 {
						return pnet.FragmentNever
					}
					return pnet.FragmentAsSystem
				})
			})
		}
	}
}

func moveDatagrams(b *testing.B, from, to pnet.Packets, batch int, how func(i int) pnet.Fragmentation) {
	if _, _, err := to.Buffers(1 << 20); err != nil {
		b.Fatal(err)
	}
	out, into := make([]pnet.Datagram, batch), datagrams(batch, 1403)
	for i := range out {
		out[i] = pnet.Datagram{Remote: to.LocalAddr(), Payload: make([]byte, 1402), Fragmentation: how(i)}
	}
	b.ReportAllocs()
	b.SetBytes(1402)
	var writing time.Duration
	before := processorTime(b)
	for done := 0; done < b.N; done += batch {
		begun := time.Now()
		if n, _, err := from.Write(out); n != batch {
			b.Fatal(n, err)
		}
		writing += time.Since(begun)
		for got := 0; got < batch; {
			n, err := to.Read(into)
			if err != nil {
				b.Fatal(err)
			}
			got += n
		}
	}
	of := float64((b.N + batch - 1) / batch * batch)
	b.ReportMetric(float64(processorTime(b)-before)/of, "cpu-ns/op")
	b.ReportMetric(float64(writing)/of, "write-ns/op")
	b.ReportMetric(of/b.Elapsed().Seconds(), "datagrams/s")
}

func processorTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
