package etorrent

import (
	"context"

	"github.com/etorrent/etorrent/internal/proc/client"
	"github.com/etorrent/etorrent/internal/store"
)

// Limits bound what a client takes. In the numbers of connections those count too
// that are being made and that have not finished their handshake.
type Limits struct {
	// Down and Up bound payload and messages together, in bytes per second; 0 is
	// unlimited.
	Down, Up int64
	// Peers bounds the connections of all torrents, and PeersPerTorrent those of each;
	// 0 stands for as many as there are descriptors for, and for 4,000. More than
	// that there never are.
	Peers, PeersPerTorrent int
	// PeersPerAddress bounds the accepted connections of one address, or of one
	// /64 of IPv6: for each torrent, and for those that have not named one; 0
	// stands for 64.
	PeersPerAddress int
}

func (l *Limits) peers() client.Peers {
	return client.Peers{All: l.Peers, PerTorrent: l.PeersPerTorrent, PerAddress: l.PeersPerAddress}
}

// SetLimits changes Options.Limits at once, as a whole. Where there are more
// connections than may be, the surplus ends: first those whose handshake is not
// finished, then those that nothing is wanted of, the longest idle first, and then those
// that bring and take the least; of equals not those that a person named. Where there
// may be more, more are dialled.
func (c *Client) SetLimits(l Limits) {
	c.engine.SetLimits(client.Limits{Down: max(0, l.Down), Up: max(0, l.Up), Peers: l.peers()})
}

// Limits are those that count now: in the place of numbers of connections that were
// given as 0 stands what they stand for.
func (c *Client) Limits() Limits {
	l := c.engine.Limits()
	return Limits{
		Down: l.Down, Up: l.Up,
		Peers: l.Peers.All, PeersPerTorrent: l.Peers.PerTorrent, PeersPerAddress: l.Peers.PerAddress,
	}
}

// TorrentLimits bound what one torrent takes, within the Limits of its client.
type TorrentLimits struct {
	// Down and Up are in bytes per second; 0 has no bound of its own.
	Down, Up int64
	// Peers bounds the connections; 0 stands for Limits.PeersPerTorrent.
	Peers int
}

// SetLimits bounds the torrent at once, as Client.SetLimits does; what is below 0 is 0.
// Its limits are kept in the State, and hold again when the torrent is added the next
// time. After an error they hold until the torrent ends, and may not be kept.
func (t *Torrent) SetLimits(ctx context.Context, l TorrentLimits) error {
	return t.c.engine.SetTorrentLimits(ctx, t.t, store.Limits{Down: max(0, l.Down), Up: max(0, l.Up), Peers: max(0, l.Peers)})
}

// Limits are the torrent's own.
func (t *Torrent) Limits() TorrentLimits {
	l := t.t.Limits()
	return TorrentLimits{Down: l.Down, Up: l.Up, Peers: l.Peers}
}
