package tracker_test

import (
	"math"
	"net/netip"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

func bytes20(t *rapid.T, label string) [20]byte {
	return [20]byte(rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, label))
}

func addresses(f tracker.Family) *rapid.Generator[netip.Addr] {
	return rapid.Custom(func(t *rapid.T) netip.Addr {
		if f == tracker.IPv4 {
			return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")))
		}
		b := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address")
		b[0] = 0x20 // no IPv4 address in disguise
		return netip.AddrFrom16([16]byte(b))
	})
}

func peersOf(f tracker.Family) *rapid.Generator[[]netip.AddrPort] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) netip.AddrPort {
		return netip.AddrPortFrom(addresses(f).Draw(t, "peer"), rapid.Uint16().Draw(t, "port"))
	}), 0, 60)
}

func announces() *rapid.Generator[tracker.Announce] {
	return rapid.Custom(func(t *rapid.T) tracker.Announce {
		return tracker.Announce{
			InfoHash:   bytes20(t, "info-hash"),
			PeerID:     bytes20(t, "peer id"),
			Port:       rapid.Uint16().Draw(t, "port"),
			Uploaded:   rapid.Int64Range(0, math.MaxInt64).Draw(t, "uploaded"),
			Downloaded: rapid.Int64Range(0, math.MaxInt64).Draw(t, "downloaded"),
			Left:       rapid.Int64Range(0, math.MaxInt64).Draw(t, "left"),
			Event:      rapid.SampledFrom([]tracker.Event{tracker.Periodic, tracker.Completed, tracker.Started, tracker.Stopped}).Draw(t, "event"),
			Key:        rapid.Uint32().Draw(t, "key"),
			NumWant:    rapid.Int32Range(-1, math.MaxInt32).Draw(t, "numwant"),
		}
	})
}

func counts() *rapid.Generator[tracker.Count] {
	return rapid.Map(rapid.Int32Range(-1, math.MaxInt32), func(n int32) tracker.Count { return tracker.Count(n) })
}

func spans(atLeast int64) *rapid.Generator[time.Duration] {
	return rapid.Map(rapid.Int64Range(atLeast, 365*24*3600), func(n int64) time.Duration { return time.Duration(n) * time.Second })
}

func responses() *rapid.Generator[tracker.Response] {
	return rapid.Custom(func(t *rapid.T) tracker.Response {
		r := tracker.Response{
			Interval:    spans(0).Draw(t, "interval"),
			MinInterval: spans(0).Draw(t, "min interval"),
			Peers:       append(peersOf(tracker.IPv4).Draw(t, "peers"), peersOf(tracker.IPv6).Draw(t, "peers6")...),
			Seeders:     counts().Draw(t, "seeders"),
			Leechers:    counts().Draw(t, "leechers"),
			Downloaded:  counts().Draw(t, "downloaded"),
			TrackerID:   string(rapid.SliceOfN(rapid.Byte(), 0, 256).Draw(t, "tracker id")),
			Warning:     rapid.SampledFrom([]string{"", "this client is old"}).Draw(t, "warning"),
		}
		if rapid.Bool().Draw(t, "has external address") {
			r.ExternalIP = rapid.OneOf(addresses(tracker.IPv4), addresses(tracker.IPv6)).
				Filter(func(a netip.Addr) bool { return !a.IsUnspecified() }).Draw(t, "external address")
		}
		return r
	})
}
