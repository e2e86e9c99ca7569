//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/etorrent/etorrent"
)

// roleSlow is this program as a client of the library that fetches to a fast device,
// alone or beside another torrent that it fetches to a slow one.
const roleSlow = "slow"

// Who fetches beside the torrent on the fast device.
const (
	alone      = "alone"
	besideSlow = "beside-slow"
)

const (
	askEvery    = 10 * time.Millisecond
	slowAtFirst = 24 << 20 // bytes of the slow torrent before the fast one begins
)

// collectAt is what the program has the collector do (cmd/etorrent).
const collectAt = 25

// slowMain is FAST-TORRENT SLOW-TORRENT SEED DIR COMPANY SPAN. It fetches to DIR/fast
// and DIR/slow, prints "begin" before the fast torrent is added, "ended" when it is
// durable or the span is over, and then "asked" with the 99th percentile of each kind
// of call in milliseconds.
func slowMain(args []string) error {
	if len(args) != 6 {
		return errors.New("usage: FAST-TORRENT SLOW-TORRENT SEED DIR COMPANY SPAN")
	}
	seed, errSeed := netip.ParseAddrPort(args[2])
	span, errSpan := time.ParseDuration(args[5])
	if err := errors.Join(errSeed, errSpan); err != nil {
		return err
	}
	debug.SetGCPercent(collectAt)
	ctx, v := context.Background(), newVolumes()
	c, err := etorrent.New(ctx, etorrent.Options{Storage: v, Listen: []string{}})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	add := func(torrent, device string) (*etorrent.Torrent, error) {
		meta, err := readTorrent(torrent)
		if err != nil {
			return nil, err
		}
		return c.Add(ctx, etorrent.FromMetainfo(meta), etorrent.InDir(filepath.Join(args[3], device)), etorrent.WithPeers(seed))
	}
	a := &asker{times: map[string][]time.Duration{}}
	if args[4] == besideSlow {
		t, err := add(args[1], "slow")
		if err != nil {
			return err
		}
		for t.Stats().Downloaded < slowAtFirst {
			time.Sleep(askEvery)
		}
		go v.rest()
		a.watch(t, "slow")
	}
	fmt.Println("begin")
	t, err := add(args[0], "fast")
	if err != nil {
		return err
	}
	a.watch(t, "fast")
	a.ask("tree", func() error { c.Tree(); return nil })
	bounded, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	if err := t.Wait(bounded, etorrent.DataStored); err != nil && bounded.Err() == nil {
		return err
	}
	fmt.Println("ended")
	return a.report()
}

// asker makes calls again and again and keeps how long each took.
type asker struct {
	mu     sync.Mutex
	times  map[string][]time.Duration
	failed error
}

// watch makes the calls that a torrent has.
func (a *asker) watch(t *etorrent.Torrent, name string) {
	ctx := context.Background()
	a.ask("stats of "+name, func() error { t.Stats(); return nil })
	a.ask("resume "+name, func() error { return t.Resume(ctx) })
	a.ask("priorities of "+name, func() error { return t.SetPriorities(ctx, etorrent.PriorityNormal) })
}

// ask makes one kind of call for as long as the program runs.
func (a *asker) ask(kind string, call func() error) {
	go func() {
		for {
			began := time.Now()
			err := call()
			took := time.Since(began)
			a.mu.Lock()
			a.times[kind] = append(a.times[kind], took)
			if err != nil && a.failed == nil {
				a.failed = fmt.Errorf("%s: %w", kind, err)
			}
			a.mu.Unlock()
			time.Sleep(askEvery)
		}
	}()
}

// report tells how long the calls took.
func (a *asker) report() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[string]float64{}
	for kind, times := range a.times {
		out[kind] = percentile(times, 99).Seconds() * 1000
	}
	tell("asked", out)
	return a.failed
}

// percentile is the least value that so many percent of the values do not exceed.
func percentile(values []time.Duration, percent int) time.Duration {
	values = slices.Clone(values)
	slices.SortFunc(values, cmp.Compare)
	return values[(len(values)*percent+99)/100-1]
}
