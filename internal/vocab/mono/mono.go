// Package mono has the engine's instants: points on a monotonic clock that
// cores receive as arguments.
package mono

import "time"

// Instant is nanoseconds since an origin that the owner of the clock chose. It
// compares with < and ==. The zero Instant means "never" where a field says so.
type Instant int64

// Never is the zero Instant, for deadlines that are not armed.
const Never Instant = 0

// Add returns the instant d later.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Sub returns the span from o to i.
func (i Instant) Sub(o Instant) time.Duration { return time.Duration(i - o) }

// Earliest returns the earlier of two deadlines, where Never is no deadline.
func Earliest(a, b Instant) Instant {
	if a == Never || b != Never && b < a {
		return b
	}
	return a
}
