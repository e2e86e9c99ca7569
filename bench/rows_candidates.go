//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
)

// The figures of a begin. The first piece, of one block, stands for the first byte: it
// is what every program writes as soon as it has it.
var (
	timeToFirst = newFigure("first_piece_s", "s to the first piece")
	timeToFull  = newFigure("full_rate_s", "s to the full rate")
)

const (
	candidatesAlive = 10
	candidatesDead  = 40
	// candidateRate is what each seed sends a second, and what the full rate is made of.
	candidateRate = 2 * mib
	// fullSpan is how long a rate has to be seen, and fullShare how much of what the
	// seeds could send.
	fullSpan  = 500 * time.Millisecond
	fullShare = 0.8
)

// candidateRows have a program begin with a tracker's answer.
func candidateRows(options) []row {
	s := spec{size: 128 * mib, piece: 16 << 10}
	return []row{
		beginRow("candidates", fmt.Sprintf("the begin with a tracker that names %d peers, of which %d are dead, beside libtorrent", candidatesAlive+candidatesDead, candidatesDead),
			begin{alive: candidatesAlive, dead: candidatesDead, payload: s}),
		beginRow("lone", "the begin with a tracker that names one peer, beside libtorrent", begin{alive: 1, payload: spec{size: 16 * mib, piece: 16 << 10}}),
	}
}

func beginRow(name, about string, b begin) row {
	begun := ours
	begun.began = added // as libtorrent's: what a program needs to start is another matter
	self, lib := b.contender(begun), b.contender(libtorrentPeers)
	return row{
		name: name, about: about, payloads: []spec{b.payload}, contenders: []contender{self, lib},
		aims: []aim{
			{"time to the first piece, x libtorrent's", times(timeToFirst, self.name, lib.name), atMost, 1, 0},
			{"time to the full rate, x libtorrent's", times(timeToFull, self.name, lib.name), atMost, 1, 0},
		},
	}
}

// begin is a transfer from seeds that a tracker names among dead addresses. The seeds
// are ours, whoever fetches.
type begin struct {
	alive, dead int
	payload     spec
}

func (b begin) contender(to peer) contender {
	c := transfer(ours, to, b.payload)
	c.name = to.name
	c.available = needsAll(needsRoot, c.available)
	c.run = func(ctx context.Context, l *lab) (s sample, err error) {
		net, err := layField(b.alive)
		if err != nil {
			return sample{}, err
		}
		defer func() { err = errors.Join(err, net.remove()) }()
		return b.run(ctx, l, to, net)
	}
	return c
}

func (b begin) run(ctx context.Context, l *lab, to peer, f *field) (sample, error) {
	m := l.materials[b.payload]
	named := f.deadPeers(b.dead)
	for k, at := range f.alive {
		peer := netip.AddrPortFrom(at, wirePort)
		named = append(named, peer.String())
		seed, err := l.at(f.far).start(ctx, l.program, seedArgs(l, m, peer.String(), "--up", fmt.Sprint(candidateRate), "--state", l.state(fmt.Sprint("seed", k)))...)
		if seed, err = started(seed, err, added); err != nil {
			return sample{}, err
		}
		defer seed.stop()
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(named), func(i, j int) { named[i], named[j] = named[j], named[i] })
	tracker, err := l.at(f.far).start(ctx, l.self, append([]string{roleName, f.tracker()}, named...)...)
	if tracker, err = started(tracker, err, "ready"); err != nil {
		return sample{}, err
	}
	defer tracker.stop()
	receiver, err := to.fetch(ctx, l.at(f.near), m, "http://"+f.tracker()+"/announce")
	if err != nil {
		return sample{}, err
	}
	defer receiver.stop()
	began := receiver.began
	if to.began != "" {
		if _, began, err = receiver.await(to.began); err != nil {
			return sample{}, err
		}
	}
	growth := watchGrowth(filepath.Join(l.copies(), m.name))
	defer growth.end()
	if _, _, err = receiver.await(to.done); err != nil {
		return sample{}, err
	}
	points := growth.end()
	if _, err = receiver.finish(); err != nil {
		return sample{}, err
	}
	return sample{
		values: map[figure]float64{
			timeToFirst: whenFirst(points).Sub(began).Seconds(),
			timeToFull:  whenFast(points, fullShare*float64(b.alive*candidateRate)).Sub(began).Seconds(),
		},
		check: func() error { return m.compare(l.copies()) },
	}, nil
}

// whenFirst is when something was written.
func whenFirst(points []point) time.Time {
	for _, p := range points {
		if p.bytes > 0 {
			return p.at
		}
	}
	return time.Time{}
}

// whenFast is from when on a rate in bytes a second was held for the span; the end if
// it never was.
func whenFast(points []point, rate float64) time.Time {
	for i, from := range points {
		if from.bytes == 0 {
			continue
		}
		for _, to := range points[i:] {
			if d := to.at.Sub(from.at); d >= fullSpan {
				if float64(to.bytes-from.bytes)/d.Seconds() >= rate {
					return from.at
				}
				break
			}
		}
	}
	return points[len(points)-1].at
}

// field is a machine that fetches, beside one that has many addresses.
type field struct {
	near, far *testnet.Host
	alive     []netip.Addr
	own       netip.Addr // of the far host besides
}

// lost are addresses at which nothing is.
var lost = netip.MustParsePrefix("10.99.0.0/16")

func layField(alive int) (f *field, err error) {
	f = &field{}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.remove())
		}
	}()
	if f.near, err = testnet.NewHost(); err != nil {
		return f, err
	}
	if f.far, err = testnet.NewHost(); err != nil {
		return f, err
	}
	link, err := testnet.Join(f.near, f.far)
	if err != nil {
		return f, err
	}
	_, f.own = link.Addrs()
	if f.alive, err = link.AddAddrs(alive); err != nil {
		return f, err
	}
	return f, link.LoseAt(lost)
}

// tracker is where the tracker listens.
func (f *field) tracker() string { return netip.AddrPortFrom(f.own, wirePort).String() }

// deadPeers are endpoints at which nothing is.
func (f *field) deadPeers(n int) []string {
	var out []string
	at := lost.Addr()
	for range n {
		for range math.MaxUint8 { // one in each /24
			at = at.Next()
		}
		out = append(out, netip.AddrPortFrom(at, wirePort).String())
	}
	return out
}

func (f *field) remove() error {
	var errs []error
	for _, h := range []*testnet.Host{f.near, f.far} {
		if h != nil {
			errs = append(errs, h.Close())
		}
	}
	return errors.Join(errs...)
}
