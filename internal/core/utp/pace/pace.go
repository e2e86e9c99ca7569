// Package pace spreads packets over time: it says when the next one may leave, so that
// they come to the narrowest link as it can take them, and no queue forms of bursts.
package pace

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// Burst is what the narrowest link takes in this time may leave at once: a timer is
	// no finer, and several packets to one system call cost less than one each.
	Burst = time.Millisecond
	// LeastBurst is how many packets may, whatever the rate.
	LeastBurst = 2
	// MostBurst is the most bytes that leave at once: what segmentation offload takes.
	MostBurst = 64 << 10
	// FastBurst is the least time that a burst is of: a shorter pause spreads nothing, and
	// costs a wake-up. It matters above 260 MB/s alone.
	FastBurst = 250 * time.Microsecond
	// MostFastBurst is the most bytes of it.
	MostFastBurst = 1 << 20
)

// Pacer is the pace of one connection. The zero Pacer lets everything leave at once.
type Pacer struct {
	rate    int64 // bytes a second, 0: not paced
	segment int   // bytes
	free    mono.Instant
}

// Set gives the rate in bytes a second, 0 for none, and the size of a full packet. What
// was sent before is paid at the rate of then.
func (p *Pacer) Set(rate int64, segment int) {
	p.rate, p.segment = max(rate, 0), segment
}

// Next is when a packet may leave: not before now.
func (p *Pacer) Next(now mono.Instant) mono.Instant {
	if p.rate == 0 {
		return now
	}
	return max(now, p.free)
}

// Ready is how many bytes may leave now, in whole packets, 0 where Next is later. One
// packet may be more than was saved: it is paid for by those that follow.
func (p *Pacer) Ready(now mono.Instant) int {
	if p.rate == 0 {
		return MostBurst
	}
	if p.free > now {
		return 0
	}
	saved := min(now.Sub(p.free), p.depth())
	packets := int(p.bytes(saved))/max(p.segment, 1) + 1
	return packets * p.segment
}

// Sent notes that so many bytes leave now.
func (p *Pacer) Sent(now mono.Instant, bytes int) {
	if p.rate == 0 {
		p.free = now
		return
	}
	p.free = max(p.free, now.Add(-p.depth())).Add(p.takes(bytes))
}

// depth is how much time without sending is saved for a burst.
func (p *Pacer) depth() time.Duration {
	least := p.takes((LeastBurst - 1) * p.segment)
	fast := min(FastBurst, p.takes(MostFastBurst-p.segment))
	return min(max(Burst, least), max(p.takes(MostBurst-p.segment), least, fast))
}

// takes is how long the rate takes for so many bytes.
func (p *Pacer) takes(bytes int) time.Duration {
	const most = int64(time.Hour)
	whole, rest := int64(bytes)/p.rate, int64(bytes)%p.rate
	if whole >= most/int64(time.Second) {
		return time.Duration(most)
	}
	if rest > (1<<63-1)/int64(time.Second) {
		return time.Duration(whole) * time.Second // more than nine gigabytes a second
	}
	return time.Duration(whole*int64(time.Second) + rest*int64(time.Second)/p.rate)
}

// bytes is what the rate carries in a time, which is short.
func (p *Pacer) bytes(d time.Duration) int64 {
	if p.rate > (1<<63-1)/int64(max(d, 1)) {
		return MostFastBurst
	}
	return min(p.rate*int64(d)/int64(time.Second), MostFastBurst)
}
