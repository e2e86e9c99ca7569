package client

import (
	"github.com/etorrent/etorrent/internal/leaf/ring"
	"github.com/etorrent/etorrent/internal/proc/announce"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/proc/host"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/roster"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/internal/proc/utp"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/sup"
)

// Told is what a client tells of reports of abnormal exits.
func Told(reports []sup.Report) []event.Event {
	c := &Client{events: ring.New[event.Event](eventsKept), clock: clock.New()}
	l := newCrashLog(c, nil)
	for _, r := range reports {
		l.observe(r)
	}
	return c.events.Since(1, nil).Values
}

// Description is the description of an engine's tree with one listener.
func Description() sup.Supervisor {
	egress := pnet.NewEgress(nil)
	greeter := pnet.NewGreeter(nil, nil, nil)
	sockets := udp.New(udp.Config{})
	listener := pnet.NewListener(egress, ":0", pnet.NextFree, greeter.Greet, pnet.Notices{Changed: func(pnet.Listening) {}, Exhausted: func() {}})
	return tree(branches{
		storage:  []sup.Child{store.NewService(store.NewMemory()).Child(), disk.NewSet(disk.Options{}).Child()},
		net:      []sup.Child{greeter.Child(), sockets.Child(), utp.New(utp.Config{Link: sockets.Wire()}).Child(), listener.Child()},
		outgoing: []sup.Child{announce.New(announce.Config{}).Child(), pnet.NewDialer(egress, 1, nil).Child()}, torrents: roster.New(roster.Config{}).Children(),
		host: []sup.Child{host.NewSleep(nil, nil).Child(), host.NewAddrs(egress, nil).Child()},
	})
}
