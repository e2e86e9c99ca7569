package utp_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/utp"
)

func init() {
	utp.InMemory = func(t *testing.T, latency time.Duration) func(string) pnet.Network {
		n := etorrenttest.NewNetwork(t)
		n.SetLink(etorrenttest.Link{Latency: latency})
		return func(address string) pnet.Network { return n.Host(address) }
	}
}
