package utp_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A quarter of a GiB over the loopback of the host, one way: what both ends cost the
// processor together, the kernel's part with it.
func BenchmarkAQuarterGiBOverLoopback(b *testing.B) {
	before := processorTime(b)
	streamOver(b, 256<<20)
	b.ReportMetric((processorTime(b)-before).Seconds()*4/float64(b.N), "cpu-s/GiB")
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
