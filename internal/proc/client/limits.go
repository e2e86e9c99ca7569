package client

import (
	"context"

	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/core/surplus"
	"github.com/etorrent/etorrent/internal/leaf/crowd"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// Limits bound what all torrents take. Rates are in bytes per second; 0 is unlimited.
type Limits struct {
	Down, Up int64
	Peers    Peers
}

// limits are where the numbers of connections stand that everybody goes by.
type limits struct {
	shares                 Shares
	crowd                  *crowd.Crowd // of the connections of all torrents
	strangers              *crowd.Crowd // of those that have not named one
	perTorrent, perAddress *crowd.Bound
}

func newLimits(cfg Config) limits {
	p := cfg.Peers.within(cfg.Shares)
	return limits{
		shares: cfg.Shares, crowd: crowd.New(p.All, p.All), strangers: crowd.New(cfg.Shares.Strangers, p.PerAddress),
		perTorrent: crowd.NewBound(p.PerTorrent), perAddress: crowd.NewBound(p.PerAddress),
	}
}

// Limits are those that count now.
func (c *Client) Limits() Limits {
	l := &c.limits
	return Limits{
		Down: c.down.Own(), Up: c.up.Own(),
		Peers: Peers{All: l.crowd.Most(), PerTorrent: l.perTorrent.Most(), PerAddress: l.perAddress.Most()},
	}
}

// SetLimits has other limits count at once. Surplus connections end, those first that
// are used least; where there is room again, more are made.
func (c *Client) SetLimits(l Limits) {
	c.down.SetRate(l.Down)
	c.up.SetRate(l.Up)
	c.slots.SetTotal(c.clock.Now(), slotsFor(l.Up))
	p := l.Peers.within(c.limits.shares)
	c.limits.crowd.SetBounds(p.All, p.All)
	c.limits.strangers.SetBounds(c.limits.shares.Strangers, p.PerAddress)
	c.limits.perTorrent.Set(p.PerTorrent)
	c.limits.perAddress.Set(p.PerAddress)
	c.rebound()
}

// SetTorrentLimits bounds a torrent, at once, and keeps that in its row. After an error
// it holds as long as the torrent runs.
func (c *Client) SetTorrentLimits(ctx context.Context, t *torrent.Torrent, l store.Limits) error {
	t.SetLimits(l)
	c.rebound()
	return c.Ask(ctx, t, torrent.Ask{Limits: &l})
}

// rebound compares what there is with the bounds, and has each torrent do likewise.
// The bounds are set before: who comes in from now on keeps to them.
func (c *Client) rebound() {
	running := c.roster.List()
	b := surplus.Bounds{
		All: c.limits.crowd.Most(), PerNetwork: c.limits.perAddress.Most(), Torrents: map[ident.TorrentID]int{},
	}
	var all []surplus.Connection
	for _, r := range running {
		b.Torrents[r.Torrent.ID()] = r.Torrent.MostPeers()
		all = append(all, r.Torrent.Connections()...)
	}
	leaving := surplus.Of(all, b)
	for _, r := range running {
		r.Torrent.Rebounded(leaving)
	}
}

// slotsFor is how many upload slots a limit of all torrents is enough for; 0, as
// without a limit, means that each torrent counts for itself.
func slotsFor(up int64) int {
	if up <= 0 {
		return 0
	}
	return choke.SlotsFor(float64(up))
}
