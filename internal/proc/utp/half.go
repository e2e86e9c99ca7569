package utp

import "time"

// half is what one direction has for who waits. One waits at a time.
type half struct {
	turn  chan struct{} // has a token while somebody reads, or writes
	wake  chan struct{}
	timer *time.Timer // of who has the turn

	// under the lock of the connection
	until   time.Time
	waiting waiting
}

type waiting uint8

const (
	nobody waiting = iota
	somebody
)

func newHalf() half { return half{turn: make(chan struct{}, 1), wake: make(chan struct{}, 1)} }

// signal has who waits look again. With the lock.
func (h *half) signal() {
	if h.waiting == nobody {
		return
	}
	h.waiting = nobody
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// wait returns at a signal, at the latest when the time is over.
func (h *half) wait(until time.Time) {
	if until.IsZero() {
		<-h.wake
		return
	}
	if h.timer == nil {
		h.timer = time.NewTimer(time.Until(until))
	} else {
		h.timer.Reset(time.Until(until))
	}
	select {
	case <-h.wake:
	case <-h.timer.C:
	}
	h.timer.Stop()
}

// isLate says whether the time is over. With the lock.
func (h *half) isLate() bool { return !h.until.IsZero() && !h.until.After(time.Now()) }
