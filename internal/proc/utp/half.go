package utp

import "time"

// half is what one direction has for who waits. One waits at a time: who has the turn. What
// nobody waits by is not there, since most connections are idle.
type half struct {
	timer *time.Timer // of who has the turn

	// under the lock of the connection
	until   time.Time
	queue   []chan struct{} // of those who wait for the turn
	wake    chan struct{}   // of who has it
	turn    waiting
	waiting waiting
}

type waiting uint8

const (
	nobody waiting = iota
	somebody
)

// enter takes the turn, and waits for it.
func (c *Conn) enter(h *half) {
	c.mu.Lock()
	if h.turn == nobody {
		h.turn = somebody
		c.mu.Unlock()
		return
	}
	mine := make(chan struct{})
	h.queue = append(h.queue, mine)
	c.mu.Unlock()
	<-mine
}

// leave gives the turn to the next.
func (c *Conn) leave(h *half) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(h.queue) == 0 {
		h.turn, h.queue = nobody, nil
		return
	}
	close(h.queue[0])
	h.queue[0] = nil
	h.queue = h.queue[1:]
}

// await has the next signal be for who has the turn. With the lock.
func (h *half) await() {
	h.waiting = somebody
	if h.wake == nil {
		h.wake = make(chan struct{}, 1)
	}
}

// signal has who waits look again. With the lock.
func (h *half) signal() {
	if h.waiting == somebody {
		h.rouse().tell()
	}
}

// bell is how somebody who waits is told to look again, without the lock: who was woken while
// another one has that would have to wait for it, and be woken twice. nil: nobody waits.
type bell chan<- struct{}

// rouse is the bell of who waits, who is to be told soon. With the lock.
func (h *half) rouse() bell {
	if h.waiting == nobody {
		return nil
	}
	h.waiting = nobody
	return h.wake
}

func (b bell) tell() {
	select {
	case b <- struct{}{}:
	default: // it was told
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
