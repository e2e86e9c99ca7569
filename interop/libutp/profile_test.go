//go:build linux

package libutp

import (
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/utpsim/ours"
)

// profiled is a flow of ours by the profile of libutp, to a libutp.
func profiled(t *testing.T, seed uint64, from time.Duration) utpsim.Flow {
	t.Helper()
	core := conn.Defaults()
	var err error
	if core.Control, err = cong.Find("ledbat"); err != nil {
		t.Fatal(err)
	}
	var c utpsim.Clock
	f := flow(t, seed, from)
	f.Left = utpsim.Step(ours.New(ours.Plan{Role: ours.Asks, From: c.At(from), Bytes: endless, Seed: 2 * seed, Core: core}), c)
	return f
}

// profileBench is what the profile of libutp and libutp are compared on.
func profileBench(loss float64) bench {
	return bench{rate: 5 * megabit, rtt: 50 * ms, queue: 250 * ms, loss: loss}
}

// makers make flows of either kind.
var makers = map[string]func(t *testing.T, seed uint64, from time.Duration) utpsim.Flow{"libutp": flow, "the profile": profiled}

// Alone the profile has of a link what libutp has, and as long a queue.
func TestTheProfileOfLibutpMakesOfALinkWhatLibutpDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ loss, part, wait float64 }{{0, 0.01, 0.03}, {0.001, 0.03, 0.1}, {0.01, 0.1, 0.2}} {
		b := profileBench(c.loss)
		theirs := b.run(t, 1, 20*time.Second, 80*time.Second, flow(t, 1, time.Second))
		mine := b.run(t, 1, 20*time.Second, 80*time.Second, profiled(t, 1, time.Second))
		near(t, fmt.Sprintf("the share with a loss of %v", c.loss), mine.Goodput(0)/float64(b.rate), theirs.Goodput(0)/float64(b.rate), c.part)
		near(t, "the queue", millis(mine.Links[utpsim.Left].Waits.Mean()), millis(theirs.Links[utpsim.Left].Waits.Mean()), c.wait)
	}
}

// On one bottleneck, whoever of the two begins: the other one gets what a second libutp would.
func TestTheProfileOfLibutpSharesALinkWithLibutpAsLibutpDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		loss  float64
		late  time.Duration // the second
		share [2]float64    // of the link
		by    float64
		queue float64 // ms
	}{
		// Also of two that begin at once one is a little later, and takes the other's queue for the path.
		{"both at once", 0, 0, [2]float64{0.35, 0.61}, 0.05, 100},
		{"one late, which drives out the other", 0, 40 * time.Second, [2]float64{0.01, 0.96}, 0.02, 198},
		{"both at once, and packets are lost", 0.01, 0, [2]float64{0.47, 0.48}, 0.05, 34},
		{"one late, and packets are lost", 0.01, 40 * time.Second, [2]float64{0.47, 0.48}, 0.05, 34},
	} {
		for first, begins := range makers {
			for second, follows := range makers {
				t.Run(c.name+": "+first+", then "+second, func(t *testing.T) {
					t.Parallel()
					b := profileBench(c.loss)
					s := b.run(t, 1, 60*time.Second, 120*time.Second, begins(t, 1, time.Second), follows(t, 2, time.Second+c.late))
					for i, want := range c.share {
						if got := s.Goodput(i) / float64(b.rate); got < want-c.by || got > want+c.by {
							t.Errorf("flow %d has %.3f of the link, not %.2f", i, got, want)
						}
					}
					near(t, "the queue", millis(s.Links[utpsim.Left].Waits.Mean()), c.queue, 0.15)
				})
			}
		}
	}
}
