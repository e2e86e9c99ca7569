// Package surplus decides which connections end where there are more than may be.
//
// The best are counted in first, as long as there is room for each: in all, of its
// torrent, and of the network that it was accepted from. What is left over is surplus.
package surplus

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Use says how much a connection is used; more is better.
type Use uint8

// The uses: its handshake is not finished; neither side wants anything; one of them
// does; blocks came or went of late.
const (
	Shaking Use = iota
	Idle
	Wanted
	Busy
)

// Naming says who named the endpoint of a connection.
type Naming uint8

// Of two that are used alike the one that a person named stays.
const (
	NamedByOthers Naming = iota
	NamedByPerson
)

// Connection is what is known of one that may stay or end.
type Connection struct {
	Torrent ident.TorrentID
	ID      uint64
	From    netip.Prefix // the network that it was accepted from; zero for one that we dialled
	Use     Use
	Naming  Naming
	Rate    int64        // of blocks, both ways, in bytes per second of late
	Last    mono.Instant // when a block came or went last; Never: none did
}

// compare puts the better first. Of those that are alike the older stays: it has been
// of no harm.
func compare(a, b Connection) int {
	return cmp.Or(
		cmp.Compare(b.Use, a.Use), cmp.Compare(b.Naming, a.Naming), cmp.Compare(b.Rate, a.Rate), cmp.Compare(b.Last, a.Last),
		cmp.Compare(a.ID, b.ID), cmp.Compare(a.Torrent, b.Torrent),
	)
}

// Bounds are how many may stay.
type Bounds struct {
	All        int
	Torrents   map[ident.TorrentID]int // of each; one that is not there has no bound of its own
	PerNetwork int                     // of each torrent
}

type origin struct {
	torrent ident.TorrentID
	network netip.Prefix
}

// Of returns the connections that have to end, and sorts what it is given.
func Of(all []Connection, b Bounds) []Connection {
	slices.SortFunc(all, compare)
	var out []Connection
	kept, of, from := 0, map[ident.TorrentID]int{}, map[origin]int{}
	for _, k := range all {
		most, bounded := b.Torrents[k.Torrent]
		network := origin{k.Torrent, k.From}
		switch {
		case kept >= b.All, bounded && of[k.Torrent] >= most, k.From.IsValid() && from[network] >= b.PerNetwork:
			out = append(out, k)
			continue
		}
		kept++
		of[k.Torrent]++
		from[network]++
	}
	return out
}
