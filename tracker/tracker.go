// Package tracker is a small BitTorrent tracker over HTTP and UDP, IPv4 and IPv6
// (BEP 3, 7, 15, 23, 24, 48), as a library: what `etorrent tracker` runs.
//
// It keeps everything in memory, and of everything only so much. Nothing of it is
// stored: after a restart peers announce again.
package tracker

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"github.com/etorrent/etorrent/internal/core/swarms"
	"github.com/etorrent/etorrent/internal/proc/tracking"
	vocab "github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/metainfo"
)

// Tracker is one that runs. Its methods may be called from everywhere at once.
type Tracker struct{ t *tracking.Tracker }

// ListenError names the address that cannot be listened on, and why.
type ListenError = tracking.ListenError

// New starts a tracker, which answers when it returns. ctx bounds the start only. An
// address that it cannot have, for connections or for datagrams, is a *ListenError.
func New(ctx context.Context, o Options) (*Tracker, error) {
	o = o.complete()
	t, err := tracking.Start(ctx, tracking.Config{
		Listen: o.Listen, Network: o.Network, Logger: o.Logger, Claims: o.Claims, List: listOf(o.Allow),
		Swarms: swarms.Config{Interval: o.Interval, Torrents: o.MaxTorrents, Peers: o.MaxPeers, Rate: o.Rate.core()},
	})
	if err != nil {
		return nil, err
	}
	return &Tracker{t}, nil
}

// listOf is nil for everything.
func listOf(a Allow) swarms.List {
	switch a := a.(type) {
	case Only:
		list := make(swarms.List, len(a))
		for _, hash := range a {
			list[vocab.InfoHash(hash)] = struct{}{}
		}
		return list
	case Everything, nil:
	}
	return nil
}

// Serve runs a tracker until ctx ends, which is no error.
func Serve(ctx context.Context, o Options) error {
	t, err := New(ctx, o)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return t.Shutdown(context.WithoutCancel(ctx))
	case <-t.Done():
		return t.Err()
	}
}

// AllowOnly tracks these torrents, and no others, from now on. The peers of others
// are forgotten.
func (t *Tracker) AllowOnly(hashes ...metainfo.InfoHash) { t.t.Allow(listOf(Only(hashes))) }

// Addrs are the addresses that HTTP is answered on, with the ports that were chosen.
// Datagrams are answered on the same ports.
func (t *Tracker) Addrs() []netip.AddrPort { return t.t.HTTP() }

// DatagramAddrs are the addresses that UDP is answered on; of a listener for both
// families one of each.
func (t *Tracker) DatagramAddrs() []netip.AddrPort { return t.t.UDP() }

// urlsMost bounds the announce URLs.
const urlsMost = 16

// URLs are announce URLs of the tracker, 16 at most: those of UDP first. Where it
// listens on every address, they have the addresses of the host.
func (t *Tracker) URLs() []string {
	var out []string
	for _, at := range t.places(t.t.UDP()) {
		out = append(out, "udp://"+at.String()+"/announce")
	}
	for _, at := range t.places(t.t.HTTP()) {
		out = append(out, "http://"+at.String()+"/announce")
	}
	return out
}

// places are addresses that can be reached, without those of all addresses.
func (t *Tracker) places(addrs []netip.AddrPort) []netip.AddrPort {
	var out []netip.AddrPort
	for _, at := range addrs {
		if !at.Addr().IsUnspecified() {
			out = append(out, at)
			continue
		}
		for _, a := range hostAddrs() {
			if at.Addr().Is6() || a.Is4() { // [::] takes both families
				out = append(out, netip.AddrPortFrom(a, at.Port()))
			}
		}
	}
	slices.SortStableFunc(out, netip.AddrPort.Compare)
	out = slices.Compact(out)
	return out[:min(urlsMost/2, len(out))]
}

// hostAddrs are the host's addresses by which others reach it, those of the host
// itself where it has no others.
func hostAddrs() []netip.Addr {
	all, _ := net.InterfaceAddrs()
	var out, own []netip.Addr
	for _, a := range all {
		prefix, err := netip.ParsePrefix(a.String())
		switch a := prefix.Addr().Unmap(); {
		case err != nil:
		case a.IsLoopback():
			own = append(own, a)
		case a.IsGlobalUnicast():
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return own
	}
	return out
}

// Totals is how the tracker stands. But for the first three they count since the
// start.
type Totals struct {
	Torrents  int // with peers
	Seeders   int
	Leechers  int
	Announces uint64
	Scrapes   uint64
	Completed uint64 // downloads that were told to have ended
	Unlisted  uint64 // announces refused: not one of the torrents that are allowed
	Full      uint64 // announces refused: no room for another torrent
	TooOften  uint64 // requests refused: too many of one address
	Malformed uint64 // requests that were none
	Evicted   uint64 // peers forgotten for want of room
}

// Totals returns how the tracker stands.
func (t *Tracker) Totals() Totals {
	n := t.t.Totals()
	return Totals{
		Torrents: n.Torrents, Seeders: n.Seeders, Leechers: n.Leechers, Announces: n.Announces, Scrapes: n.Scrapes,
		Completed: n.Completed, Unlisted: n.Unlisted, Full: n.Full, TooOften: n.TooOften, Malformed: n.Malformed, Evicted: n.Evicted,
	}
}

// Shutdown stops the tracker. If ctx ends first it goes on stopping and the error is
// the context's. It may be called more than once.
func (t *Tracker) Shutdown(ctx context.Context) error { return t.t.Stop(ctx) }

// Done is closed when the tracker has stopped, by Shutdown or because its root gave
// up; Err says which.
func (t *Tracker) Done() <-chan struct{} { return t.t.Done() }

// Err is nil while the tracker runs and after Shutdown.
func (t *Tracker) Err() error { return t.t.Err() }
