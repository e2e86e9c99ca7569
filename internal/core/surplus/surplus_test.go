package surplus_test

import (
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/surplus"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

func ids(all []surplus.Connection) (out []uint64) {
	for _, k := range all {
		out = append(out, k.ID)
	}
	slices.Sort(out)
	return out
}

// Each of these has to go before all that follow.
func TestWhoIsUsedLeastEndsFirst(t *testing.T) {
	order := []surplus.Connection{
		{ID: 1, Use: surplus.Shaking},
		{ID: 2, Use: surplus.Shaking, Naming: surplus.NamedByPerson},
		{ID: 4, Use: surplus.Idle},
		{ID: 3, Use: surplus.Idle},
		{ID: 5, Use: surplus.Idle, Last: 10},
		{ID: 6, Use: surplus.Idle, Last: 20},
		{ID: 7, Use: surplus.Idle, Naming: surplus.NamedByPerson},
		{ID: 8, Use: surplus.Wanted},
		{ID: 9, Use: surplus.Busy, Rate: 1000, Last: 30},
		{ID: 10, Use: surplus.Busy, Rate: 2000, Last: 25},
		{ID: 11, Use: surplus.Busy, Rate: 1, Naming: surplus.NamedByPerson},
	}
	for stay := range len(order) + 1 {
		got := surplus.Of(slices.Clone(order), surplus.Bounds{All: stay, PerNetwork: 1})
		if want := order[:len(order)-stay]; !slices.Equal(ids(got), ids(want)) {
			t.Errorf("%d may stay: %v end, want %v", stay, ids(got), ids(want))
		}
	}
}

func TestWhereEachBoundCountsNoMoreEndThanHaveTo(t *testing.T) {
	var all []surplus.Connection
	for n := range uint64(60) { // the first torrent has all that are busy
		k := surplus.Connection{Torrent: ident.TorrentID(n % 3), ID: n, Use: surplus.Idle}
		if k.Torrent == 0 {
			k.Use = surplus.Busy
		}
		all = append(all, k)
	}
	ended := surplus.Of(all, surplus.Bounds{All: 20, Torrents: map[ident.TorrentID]int{0: 8}, PerNetwork: 1})
	of := map[ident.TorrentID]int{}
	for _, k := range ended {
		of[k.Torrent]++
	}
	if len(ended) != 40 || of[0] != 12 {
		t.Errorf("%d end, by torrent %v", len(ended), of)
	}
}

// Whatever there is: the bounds hold afterwards, and whoever ends would break one.
func TestTheBoundsHoldAndNobodyEndsForNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []surplus.Connection
		for n := range rapid.IntRange(0, 40).Draw(t, "connections") {
			k := surplus.Connection{
				ID: uint64(n), Torrent: ident.TorrentID(rapid.IntRange(0, 2).Draw(t, "torrent")),
				Use: surplus.Use(rapid.IntRange(0, 3).Draw(t, "use")), Rate: int64(rapid.IntRange(0, 3).Draw(t, "rate")),
				Last: mono.Instant(rapid.IntRange(0, 3).Draw(t, "last")),
			}
			if from := rapid.ByteRange(0, 3).Draw(t, "from"); from > 0 {
				k.From = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, from}), 32)
			}
			all = append(all, k)
		}
		b := surplus.Bounds{
			All: rapid.IntRange(0, 40).Draw(t, "all"), PerNetwork: rapid.IntRange(0, 10).Draw(t, "per network"),
			Torrents: map[ident.TorrentID]int{0: rapid.IntRange(0, 20).Draw(t, "of the first"), 1: rapid.IntRange(0, 20).Draw(t, "of the second")},
		}
		ended := surplus.Of(slices.Clone(all), b)
		kept := slices.DeleteFunc(all, func(k surplus.Connection) bool { return slices.Contains(ids(ended), k.ID) })
		fits := func(with ...surplus.Connection) bool {
			n, of, from := 0, map[ident.TorrentID]int{}, map[surplus.Connection]int{}
			for _, k := range slices.Concat(kept, with) {
				n++
				of[k.Torrent]++
				if k.From.IsValid() {
					from[surplus.Connection{Torrent: k.Torrent, From: k.From}]++
				}
			}
			for _, m := range from {
				if m > b.PerNetwork {
					return false
				}
			}
			return n <= b.All && of[0] <= b.Torrents[0] && of[1] <= b.Torrents[1]
		}
		if !fits() {
			t.Fatalf("%d stay of which there is no room for all: %+v", len(kept), b)
		}
		for _, k := range ended {
			if fits(k) {
				t.Fatalf("%+v ends though there is room for it", k)
			}
		}
	})
}
