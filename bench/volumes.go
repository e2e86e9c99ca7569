//go:build linux

package main

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/storage/files"
)

// The slow device writes so many bytes a second, one write after the other, and then
// does nothing for a while, again and again.
const (
	slowRate  = 10_000_000
	slowWorks = 2 * time.Second
	slowRests = 5 * time.Second
)

// volumes is a storage of files whose folders "fast" and "slow" pretend to be devices
// of their own.
type volumes struct {
	fast storage.Storage
	slow *faulty.Storage
}

func newVolumes() *volumes {
	return &volumes{fast: files.New(files.Options{}), slow: faulty.New(&throttled{Storage: files.New(files.Options{})})}
}

// Open opens a store on the device that its folder stands for.
func (v *volumes) Open(ctx context.Context, s storage.Spec) (storage.Store, error) {
	device, name := v.fast, filepath.Base(s.Dir)
	if name == "slow" {
		device = v.slow
	}
	st, err := device.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	return &named{Store: st, volume: name}, nil
}

// rest lets the slow device stall now and then, for as long as the program runs.
func (v *volumes) rest() {
	for {
		until := make(chan struct{})
		for _, op := range []faulty.Op{faulty.Write, faulty.Sync} {
			v.slow.InjectAll(op, faulty.Stall{Until: until})
		}
		time.Sleep(slowRests)
		for _, op := range []faulty.Op{faulty.Write, faulty.Sync} {
			v.slow.Heal(op)
		}
		close(until)
		time.Sleep(slowWorks)
	}
}

// named is a store with a device of its own.
type named struct {
	storage.Store
	volume string
}

// Features are those of the store, but for the device.
func (n *named) Features() storage.Features {
	f := n.Store.Features()
	f.Volume = n.volume
	return f
}

// throttled is a storage whose stores share a device that writes at slowRate.
type throttled struct {
	storage.Storage
	device sync.Mutex
}

// Open opens a store on the device.
func (t *throttled) Open(ctx context.Context, s storage.Spec) (storage.Store, error) {
	st, err := t.Storage.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	return &throttledStore{Store: st, device: &t.device}, nil
}

type throttledStore struct {
	storage.Store
	device *sync.Mutex
}

// WriteAt takes the device for as long as the bytes take.
func (t *throttledStore) WriteAt(p []byte, off int64) (int, error) {
	t.device.Lock()
	defer t.device.Unlock()
	time.Sleep(time.Duration(len(p)) * time.Second / slowRate)
	return t.Store.WriteAt(p, off)
}
