package etorrent

import "net/netip"

// Slabs is the number of payload buffers that somebody in a client holds now.
func Slabs(c *Client) int { return c.engine.Slabs() }

// Room is how many bytes are taken of what all disks of a client may have for pieces
// that are not whole.
func Room(c *Client) int64 { return c.engine.Room() }

// External are the addresses at which a client believes that others see it.
func External(c *Client) [2]netip.Addr { return c.engine.External() }
