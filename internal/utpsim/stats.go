package utpsim

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"time"
)

// Stats is what happened between two times.
type Stats struct {
	From, Until time.Duration
	Ends        []EndStats   // two of each flow: Left, Right
	Links       [2]LinkStats // by the side that sends
}

// EndStats is what one end did.
type EndStats struct {
	Delivered int64 // bytes to its application
	Sent      int64 // datagrams
	Carried   int64 // bytes of them on the link, with what is below UDP
}

// LinkStats is how one direction fared.
type LinkStats struct {
	Fates [fates]int64 // of datagrams
	Waits Waits        // in the queue, of what was not dropped before it
}

// Goodput is what the flow's right end got, in bits a second.
func (s *Stats) Goodput(flow int) float64 {
	return float64(8*s.Ends[2*flow+1].Delivered) / (s.Until - s.From).Seconds()
}

// Shares are what each flow had of all that was carried from left to right. They are
// nothing where nothing was carried.
func (s *Stats) Shares() []float64 {
	var all int64
	for i := 0; i < len(s.Ends); i += 2 {
		all += s.Ends[i].Carried
	}
	out := make([]float64, len(s.Ends)/2)
	for i := range out {
		out[i] = float64(s.Ends[2*i].Carried) / float64(max(all, 1))
	}
	return out
}

// Jain is the index of fairness of what each has: 1 is all alike, 1/n one has all.
func Jain(of ...float64) float64 {
	var sum, squares float64
	for _, x := range of {
		sum += x
		squares += x * x
	}
	if squares == 0 {
		return 1
	}
	return sum * sum / (float64(len(of)) * squares)
}

// waitStep is how fine waits are told apart; waitSteps of them are.
const (
	waitStep  = 500 * time.Microsecond
	waitSteps = 8192
)

// Waits are times in a queue, to half a millisecond, and all of 4 s and more alike.
type Waits struct {
	steps [waitSteps]uint32
	count int64
	sum   time.Duration
}

func (w *Waits) add(d time.Duration) {
	w.steps[min(int(d/waitStep), waitSteps-1)]++
	w.count++
	w.sum += d
}

// Mean is the mean, 0 of none.
func (w *Waits) Mean() time.Duration { return w.sum / time.Duration(max(w.count, 1)) }

// Quantile is what a share q of the waits is not above.
func (w *Waits) Quantile(q float64) time.Duration {
	left := int64(q * float64(w.count))
	for i, n := range w.steps {
		if left -= int64(n); left <= 0 {
			return time.Duration(i+1) * waitStep
		}
	}
	return waitSteps * waitStep
}

// recorder makes Stats.
type recorder struct {
	Stats
	seconds [][]int64 // bytes to each application, by second
}

func newRecorder(ends int) recorder {
	return recorder{Stats: Stats{Ends: make([]EndStats, ends)}, seconds: make([][]int64, ends)}
}

func (r *recorder) delivered(end int, at time.Duration, n int) {
	r.Ends[end].Delivered += int64(n)
	second := int(at / time.Second)
	for len(r.seconds[end]) <= second {
		r.seconds[end] = append(r.seconds[end], 0)
	}
	r.seconds[end][second] += int64(n)
}

func (r *recorder) sent(end, size int, d ride) {
	r.Ends[end].Sent++
	link := &r.Links[end%2]
	link.Fates[d.fate]++
	switch d.fate {
	case Arrives, ArrivesTwice, LostAtRandom, LostInOutage:
		r.Ends[end].Carried += int64(size)
		link.Waits.add(d.waited)
	case LostInQueue, LostByJudge, fates:
	}
}

// TakeStats returns what happened since it was last asked.
func (w *World) TakeStats() *Stats {
	s := w.stats.Stats
	s.Until = w.now
	w.stats.Stats = Stats{From: w.now, Ends: make([]EndStats, len(w.ends))}
	return &s
}

// Seconds are the bytes that the application of an end got in each second.
func (w *World) Seconds(flow int, side Side) []int64 { return w.stats.seconds[2*flow+int(side)] }

// Digest is a hash of all that is sent, and when, and what becomes of it.
type Digest struct{ hash hash.Hash }

// NewDigest makes a digest, whose Watch is to watch a world.
func NewDigest() *Digest { return &Digest{sha256.New()} }

// Watch adds what was sent.
func (d *Digest) Watch(e Event) {
	var head [24]byte
	binary.BigEndian.PutUint64(head[0:], uint64(e.At))
	binary.BigEndian.PutUint64(head[8:], uint64(e.Arrival))
	head[16], head[17], head[18] = byte(e.Flow), byte(e.Side), byte(e.Fate)
	binary.BigEndian.PutUint32(head[20:], uint32(len(e.Datagram)))
	d.hash.Write(head[:])
	d.hash.Write(e.Datagram)
}

// Sum is the digest so far, in hex.
func (d *Digest) Sum() string { return hex.EncodeToString(d.hash.Sum(nil)) }
