//go:build linux

package relay

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// Path is one way through a Relay. The zero Path passes all on at once. Parts are of the
// datagrams: 0.01 is one of a hundred.
type Path struct {
	Rate      int64         // bits a second, headers of IP and UDP included; 0: any
	Queue     time.Duration // what waits for the rate at most; more is lost
	Delay     time.Duration // of each
	Loss      float64       // part that is lost
	Repeat    float64       // part that comes twice
	Corrupt   float64       // part of which a field of the header is not what it was
	Hold      time.Duration // how long the part Held is held back, while others go on
	Held      float64
	Swallowed func(now time.Time, datagram []byte) bool // loses what it says; nil: none
}

// Counts are what befell datagrams.
type Counts struct {
	Came, Lost, Repeated, Corrupted, Held, Overflowed, Swallowed int
}

// way is a Path in use.
type way struct {
	path     Path
	chances  *rand.Rand
	overhead int       // bytes of IP and UDP
	free     time.Time // when the rate has sent all that waits
	counts   Counts
	dues     []time.Time
}

func newWay(p Path, seed uint64, to netip.Addr) *way {
	w := &way{path: p, chances: rand.New(rand.NewPCG(seed, 1)), overhead: utpwire.HeadersOfIPv4}
	if to.Is6() {
		w.overhead = utpwire.HeadersOfIPv6
	}
	return w
}

// keepsOrder says that a datagram which is due waits behind those before it.
func (w *way) keepsOrder() bool { return w.path.Rate > 0 || w.path.Delay > 0 }

// befalls returns when a datagram leaves, each time that it does. It may change it.
func (w *way) befalls(now time.Time, datagram []byte) []time.Time {
	w.dues = w.dues[:0]
	w.counts.Came++
	// All dice are thrown for each, so that one chance does not move the others.
	lost, repeated, corrupted, held := w.hits(w.path.Loss), w.hits(w.path.Repeat), w.hits(w.path.Corrupt), w.hits(w.path.Held)
	pick := w.chances.Uint32()
	switch {
	case w.path.Swallowed != nil && w.path.Swallowed(now, datagram):
		w.counts.Swallowed++
		return nil
	case lost:
		w.counts.Lost++
		return nil
	}
	if corrupted {
		w.counts.Corrupted++
		corrupt(datagram, pick)
	}
	due, passes := w.queued(now, len(datagram))
	if !passes {
		w.counts.Overflowed++
		return nil
	}
	due = due.Add(w.path.Delay)
	if held {
		w.counts.Held++
		due = due.Add(w.path.Hold)
	}
	w.dues = append(w.dues, due)
	if repeated {
		w.counts.Repeated++
		w.dues = append(w.dues, due)
	}
	return w.dues
}

func (w *way) hits(part float64) bool { return w.chances.Float64() < part }

// queued is when the rate has sent a datagram, unless too much waits.
func (w *way) queued(now time.Time, bytes int) (time.Time, bool) {
	if w.path.Rate == 0 {
		return now, true
	}
	if w.free.Before(now) {
		w.free = now
	}
	if w.free.Sub(now) > w.path.Queue {
		return time.Time{}, false
	}
	w.free = w.free.Add(time.Duration(int64(bytes+w.overhead) * 8 * int64(time.Second) / w.path.Rate))
	return w.free, true
}

// wrongs are bits of the header that corrupt turns. They are those by which a packet can
// be told from a right one, or that only measure: uTP has no sum of its own, so a Data with
// another number of the window would be delivered as another part of the stream by
// anyone, and a Data that became a Fin would end it.
var wrongs = []struct {
	at   int
	bits byte
}{
	{0, 0x0e},            // the version
	{1, 0xf0},            // the first extension
	{2, 0xff}, {3, 0xf0}, // the connection
	{4, 0xff}, {6, 0xff}, // the stamp
	{8, 0xff}, {10, 0xff}, // the difference
	{12, 0xff},             // the window
	{16, 0xc0}, {18, 0xc0}, // numbers, to far outside of the window
}

// corrupt turns a bit of the header.
func corrupt(datagram []byte, pick uint32) {
	if len(datagram) < utpwire.HeaderBytes {
		return
	}
	wrong := wrongs[pick%uint32(len(wrongs))]
	for bit := pick >> 8; ; bit++ {
		if turned := byte(1) << (bit % 8) & wrong.bits; turned != 0 {
			datagram[wrong.at] ^= turned
			return
		}
	}
}

// is says whether a datagram is a packet of a kind.
func is(datagram []byte, kind utpwire.Kind) bool {
	return len(datagram) >= utpwire.HeaderBytes && utpwire.Kind(datagram[0]>>4) == kind
}

// nth swallows the first packets of a kind, each of them once: only the first n.
func nth(kind utpwire.Kind, n int) func(time.Time, []byte) bool {
	return func(_ time.Time, datagram []byte) bool {
		if n == 0 || !is(datagram, kind) {
			return false
		}
		n--
		return true
	}
}
