package utpsim

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// origin is what every clock shows at the beginning, and the offset: an instant of a
// clock is never mono.Never.
const origin = time.Second

// Clock is that of an end. The zero Clock goes right.
type Clock struct {
	Offset time.Duration // what it shows at the beginning
	Drift  int64         // in millionths, by which it goes too fast
}

// At is what the clock shows at a time of the world.
func (c Clock) At(t time.Duration) mono.Instant {
	wrong := int64(t)/1e6*c.Drift + int64(t)%1e6*c.Drift/1e6
	return mono.Instant(origin + c.Offset + t + time.Duration(wrong))
}

// When is the first time of the world at which the clock shows i or more, Forever for
// mono.Never.
func (c Clock) When(i mono.Instant) time.Duration {
	if i == mono.Never {
		return Forever
	}
	t := time.Duration(i) - origin - c.Offset
	for range 4 {
		t += i.Sub(c.At(t))
	}
	for c.At(t) < i {
		t++
	}
	for t > 0 && c.At(t-1) >= i {
		t--
	}
	return max(t, 0)
}
