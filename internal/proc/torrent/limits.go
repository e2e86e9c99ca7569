package torrent

import (
	"time"

	"github.com/etorrent/etorrent/internal/leaf/limit"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// takeAll draws up to want bytes, at least a block, from every bucket, or
// nothing and the time to wait.
func takeAll(from []*limit.Bucket, now mono.Instant, want int) (granted int, wait time.Duration) {
	granted = want
	for i, b := range from {
		n, w := b.Take(now, granted, geometry.BlockSize)
		for _, earlier := range from[:i] {
			earlier.Return(granted - n)
		}
		granted = n
		if n == 0 {
			return 0, w
		}
	}
	return granted, 0
}

// giveBackAll returns what was drawn and not used; a negative number draws what
// was used beyond the grant.
func giveBackAll(to []*limit.Bucket, n int) {
	for _, b := range to {
		b.Return(n)
	}
}
