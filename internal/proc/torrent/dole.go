package torrent

import (
	"math"
	"time"

	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// doledFrom and doledTo are the rates, in bytes a second, at which what is granted
	// of a limit leaves little by little. At higher ones a whole block is less than two
	// per cent of ten seconds, with a reserve. At lower ones a block would take so long
	// that its remote might take us for dead.
	doledFrom = 4 << 10
	doledTo   = 160 << 10
	// doleEach is how often something leaves.
	doleEach = 50 * time.Millisecond
)

// dole spreads a block, which a limit granted as a whole and waits to be paid back, over
// the time until that is so: what has left is what the rate says at any instant. The
// zero dole lets everything leave at once.
type dole struct {
	rate  float64      // bytes a second; 0: everything may leave
	since mono.Instant // up to when free is counted
	free  float64      // bytes that may leave
}

// begin has what is granted now leave at a rate, in bytes a second with 0 for no limit.
func (d *dole) begin(now mono.Instant, rate int64) {
	switch {
	case rate < doledFrom || rate >= doledTo:
		*d = dole{}
	case d.rate == 0:
		*d = dole{rate: float64(rate), since: now}
	default:
		d.accrue(now)
		d.rate = float64(rate)
	}
}

func (d *dole) accrue(now mono.Instant) {
	d.free = min(d.free+d.rate*now.Sub(d.since).Seconds(), geometry.BlockSize)
	d.since = now
}

// most is how many bytes of blocks may leave, of those that wait: none while it is not
// worth a write.
func (d *dole) most(now mono.Instant, waiting int) int {
	if d.rate == 0 {
		return math.MaxInt
	}
	if d.accrue(now); d.free < d.enough(waiting) {
		return 0
	}
	return int(d.free)
}

// enough is how many bytes are worth a write, of those that wait.
func (d *dole) enough(waiting int) float64 {
	return min(float64(waiting), math.Floor(d.rate*doleEach.Seconds()))
}

// left notes how many bytes of blocks have left, and how many are granted and have not.
func (d *dole) left(bytes, granted int) {
	if d.free -= float64(bytes); granted == 0 {
		*d = dole{}
	}
}

// deadline is when there is enough of what waits to be worth a write.
func (d *dole) deadline(waiting int) mono.Instant {
	if d.rate == 0 || waiting == 0 {
		return mono.Never
	}
	lack := d.enough(waiting) - d.free
	return d.since.Add(time.Duration(math.Ceil(max(0, lack) / d.rate * float64(time.Second))))
}

// grant has what a limit granted leave as its rate of now says. A remote of which we fetch
// gets whole blocks: our requests would wait behind the half of one.
func (x *peerProc) grant(now mono.Instant) {
	if x.core.Interest() == peer.Interested {
		x.up.dole = dole{}
		return
	}
	x.up.dole.begin(now, x.t.up.Rate())
}
