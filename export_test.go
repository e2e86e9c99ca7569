package etorrent

// Slabs is the number of payload buffers that somebody in a client holds now.
func Slabs(c *Client) int { return c.engine.Slabs() }
