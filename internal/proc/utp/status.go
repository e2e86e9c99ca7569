package utp

import "github.com/etorrent/etorrent/internal/core/utp/conn"

// Status is how a connection does.
type Status struct {
	conn.Status
	Delivered uint64 // bytes of the remote's stream that came in order
	Confirmed uint64 // bytes of our stream that the remote acknowledged
	Sent      uint64 // packets, and of them Again those that were sent before
	Again     uint64
	Received  uint64 // packets
}

// Status says how the connection does, and how it did when it ended.
func (c *Conn) Status() Status {
	c.mu.Lock()
	asked := c.asked
	if c.notice != over && asked == nil {
		asked = make(chan struct{})
		c.asked = asked
		c.tell()
	}
	c.mu.Unlock()
	if asked != nil {
		<-asked
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return *c.status
}
