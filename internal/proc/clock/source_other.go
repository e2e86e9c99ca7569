//go:build !linux && !darwin && !windows

package clock

import (
	"errors"
	"time"
)

// host takes for suspended what the wall clock went on by and the monotonic clock did
// not.
type host struct{ origin time.Time }

func newHost() host { return host{origin: time.Now()} }

func (host) Wall() time.Time { return time.Now() }

func (h host) Asleep() time.Duration {
	now := time.Now()
	return now.Round(0).Sub(h.origin.Round(0)) - now.Sub(h.origin)
}

func (host) Watch() (Watch, error) { return nil, errors.ErrUnsupported }
