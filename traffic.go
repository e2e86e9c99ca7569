package etorrent

import "github.com/etorrent/etorrent/internal/vocab/transport"

// Traffic is what one transport carries: connections to peers that finished their
// handshake, and payload bytes since the torrent was added to this client.
type Traffic struct {
	Peers                int
	Downloaded, Uploaded int64
}

// traffic is that of each transport.
type traffic [len(transport.All)]Traffic

// Over is the part of a torrent's statistics that is of one transport.
func (s Stats) Over(t Transport) Traffic { return s.over[t] }

// Over is what one transport carries for all torrents that run.
func (c *Client) Over(t Transport) Traffic {
	var all Traffic
	for one := range c.Torrents() {
		s := one.Stats().Over(t)
		all.Peers += s.Peers
		all.Downloaded += s.Downloaded
		all.Uploaded += s.Uploaded
	}
	return all
}
