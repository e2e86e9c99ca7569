package clock

import (
	"errors"
	"time"
)

// Source is what the monotonic clock does not say. It may be used by many at once.
type Source interface {
	// Wall reads the wall clock.
	Wall() time.Time
	// Asleep is for how long the machine was suspended in all, from any origin on.
	Asleep() time.Duration
	// Watch tells when the clocks may have jumped. The error is errors.ErrUnsupported
	// where nobody tells that: then they are to be read once in a while.
	Watch() (Watch, error)
}

// Watch tells when something may have changed. One goroutine waits; Close may come
// from anywhere, and ends the wait with an error.
type Watch interface {
	// Wait returns nil when something may have changed since it was called last, or
	// else since the Watch began. After an error it is of no use any more.
	Wait() error
	Close() error
}

// Host is the operating system's clocks.
func Host() Source { return newHost() }

// Unwatched is a source that nobody tells when it jumped.
func Unwatched(s Source) Source { return unwatched{s} }

type unwatched struct{ Source }

func (unwatched) Watch() (Watch, error) { return nil, errors.ErrUnsupported }
