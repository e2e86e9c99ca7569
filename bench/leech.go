//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"runtime/metrics"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/metainfo"
)

// roleLeech is this program as many fetchers, each a client of the library with an
// address and a folder of its own.
const roleLeech = "leech"

// The shapes of a swarm: who is told of whom.
const (
	star = "star" // all of the seed only
	mesh = "mesh" // each of all others as well
)

// leechTime tells how long one fetcher took, from the common begin until all that it
// fetched was durable.
type leechTime struct{ Seconds float64 }

// leeches are the fetchers of one program.
type leeches struct {
	meta    *metainfo.Torrent
	seed    netip.AddrPort
	dir     string
	clients []*etorrent.Client
}

// leechMain is TORRENT SEED DIR COUNT SHAPE. It prints a line "fetched" with a
// leechTime for each fetcher, and "allocated" with the objects per block if there is
// only one.
func leechMain(args []string) error {
	if len(args) != 5 {
		return errors.New("usage: TORRENT SEED DIR COUNT SHAPE")
	}
	l := &leeches{dir: args[2]}
	var err error
	if l.meta, err = readTorrent(args[0]); err != nil {
		return err
	}
	if l.seed, err = netip.ParseAddrPort(args[1]); err != nil {
		return err
	}
	count, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	ctx := context.Background()
	for k := range count {
		if err := l.open(ctx, k, args[4]); err != nil {
			return err
		}
	}
	err = l.fetch(ctx, args[4])
	for _, c := range l.clients {
		err = errors.Join(err, c.Shutdown(ctx))
	}
	return err
}

// open starts the client of one fetcher. Those of a star listen nowhere.
func (l *leeches) open(ctx context.Context, k int, shape string) error {
	own := leechAddr(k)
	o := etorrent.Options{Dir: filepath.Join(l.dir, strconv.Itoa(k)), Network: origin{own}, Listen: []string{}}
	if shape == mesh {
		o.Listen = []string{netip.AddrPortFrom(own, 0).String()}
	}
	c, err := etorrent.New(ctx, o)
	if err != nil {
		return err
	}
	l.clients = append(l.clients, c)
	return nil
}

// leechAddr gives each fetcher an address, since a seed bounds the connections of
// one.
func leechAddr(k int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 1, byte(k / 250), byte(1 + k%250)})
}

// fetch lets all fetchers begin at once and waits for them.
func (l *leeches) fetch(ctx context.Context, shape string) error {
	known, err := l.known(ctx, shape)
	if err != nil {
		return err
	}
	began := time.Now()
	ended := make(chan error, len(l.clients))
	for k, c := range l.clients {
		go func() {
			t, err := c.Add(ctx, etorrent.FromMetainfo(l.meta), etorrent.WithPeers(without(known, leechAddr(k))...))
			if err == nil && len(l.clients) == 1 {
				go watchAllocations(t, l.meta.TotalLength)
			}
			if err == nil {
				err = t.Wait(ctx, etorrent.DataStored)
			}
			if err == nil {
				tell("fetched", leechTime{time.Since(began).Seconds()})
			}
			ended <- err
		}()
	}
	for range l.clients {
		err = errors.Join(err, <-ended)
	}
	return err
}

// known are the seed and whoever listens.
func (l *leeches) known(ctx context.Context, shape string) ([]netip.AddrPort, error) {
	known := []netip.AddrPort{l.seed}
	if shape != mesh {
		return known, nil
	}
	for _, c := range l.clients {
		addrs, err := c.Listening(ctx)
		if err != nil {
			return nil, err
		}
		known = append(known, addrs...)
	}
	return known, nil
}

func without(all []netip.AddrPort, own netip.Addr) []netip.AddrPort {
	var out []netip.AddrPort
	for _, a := range all {
		if a.Addr() != own {
			out = append(out, a)
		}
	}
	return out
}

// watchAllocations tells how many objects were allocated per block in the middle
// half of a transfer.
func watchAllocations(t *etorrent.Torrent, size int64) {
	tick := time.NewTicker(growthEvery)
	defer tick.Stop()
	var began, from int64
	for range tick.C {
		down := t.Stats().Downloaded
		switch {
		case began == 0 && down >= size/4:
			began, from = down, allocated()
		case began > 0 && down >= size-size/4:
			tell("allocated", float64(allocated()-from)/(float64(down-began)/blockSize))
			return
		}
	}
}

// allocated is how many objects this program has allocated.
func allocated() int64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

// tell prints a word and a value in JSON as one line.
func tell(word string, v any) {
	b, _ := json.Marshal(v) // plain values
	fmt.Printf("%s %s\n", word, b)
}

// origin is the host's network as seen from one address, with the options that the
// engine itself sets.
type origin struct{ addr netip.Addr }

// Listen is that of package net.
func (o origin) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	return (&net.ListenConfig{Control: tuneSocket}).Listen(ctx, network, address)
}

// ListenPacket is that of package net.
func (o origin) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return (&net.ListenConfig{}).ListenPacket(ctx, network, address)
}

// DialContext is that of package net, from the address.
func (o origin) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Control: tuneSocket, KeepAlive: -1, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(o.addr, 0))}
	return d.DialContext(ctx, network, address)
}

// tuneSocket sets what the engine sets on sockets of its own
// (internal/proc/net/egress_linux.go).
func tuneSocket(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 256<<10)
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 90_000)
	})
}
