package client

import (
	"github.com/etorrent/etorrent/internal/proc/announce"
	"github.com/etorrent/etorrent/internal/proc/disk"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/roster"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/sup"
)

// Description is the description of an engine's tree with one listener.
func Description() sup.Supervisor {
	egress := pnet.NewEgress(nil)
	greeter := pnet.NewGreeter(nil, nil, nil)
	listener := pnet.NewListener(egress, ":0", pnet.NextFree, greeter.Greet, pnet.Notices{Changed: func(pnet.Listening) {}, Exhausted: func() {}})
	return tree(
		store.NewService(store.NewMemory()), disk.NewSet(disk.Options{}),
		[]sup.Child{greeter.Child(), udp.New(udp.Config{}).Child(), listener.Child()},
		[]sup.Child{announce.New(announce.Config{}).Child(), pnet.NewDialer(egress, 1).Child()}, roster.New(roster.Config{}),
	)
}
