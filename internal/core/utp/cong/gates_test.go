package cong_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
)

func control(name string) cong.Control {
	make, err := cong.Find(name)
	if err != nil {
		panic(err)
	}
	return make(cong.Config{Segment: segment, Most: most * segment})
}

func TestTable(t *testing.T) {
	for _, name := range []string{"ledbat", "ledbat++"} {
		for _, loss := range []float64{0, 0.001, 0.01, 0.05} {
			for _, rtt := range []time.Duration{10 * ms, 100 * ms, 300 * ms} {
				w := newWorld(link{rate: 20 * mbit, rtt: rtt, queue: 250 * ms, loss: loss, seed: 1})
				f := w.join(control(name), 0, 0)
				begin := time.Now()
				w.run(20 * time.Second).measure().run(120 * time.Second)
				t.Logf("%s loss %v rtt %v: %.1f %%, mean %v, p95 %v (%v)", name, loss, rtt, f.percent(), w.waits.mean(), w.waits.percentile(95), time.Since(begin))
			}
		}
	}
}
