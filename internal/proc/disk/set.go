package disk

import (
	"context"
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/sup"
)

// Set has one disk process for each volume, started when it is first wanted and, as
// its handle stays, again with each incarnation of their supervisor. It is a passive
// leaf: its lock guards a map.
type Set struct {
	o    Options
	pool *sup.Pool
	mu   sync.Mutex
	all  map[string]*Disk
}

// NewSet returns the handle of the disks.
func NewSet(o Options) *Set {
	if o.Memory == nil {
		o.Memory = NewMemory(DefaultMemory)
	}
	return &Set{o: o, pool: sup.NewPool(), all: map[string]*Disk{}}
}

// Child describes the supervisor of the disk processes. As of a torrent's, thirty
// crashes a minute are borne; a disk that cannot work rests between them and does not
// get there.
func (s *Set) Child() sup.Child {
	return sup.Child{
		Name: "disks", Restart: sup.Permanent,
		Supervisor: &sup.Supervisor{
			Strategy: sup.Dynamic, Pool: s.pool,
			Intensity: sup.Intensity{Restarts: 30, Within: time.Minute},
		},
	}
}

// Slabs is how many receive slabs of all volumes somebody holds now.
func (s *Set) Slabs() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, d := range s.all {
		n += d.slabs.Outstanding()
	}
	return n
}

// Room is how many bytes of all volumes' pieces under assembly somebody holds now, those
// in lent slabs too.
func (s *Set) Room() int64 { return s.o.Memory.Used() + int64(s.o.Memory.Lent())*slab.Size }

// For returns the disk of the volume that a torrent's files lie on. The error is
// the storage's.
func (s *Set) For(ctx context.Context, spec storage.Spec) (*Disk, error) {
	st, err := s.o.Storage.Open(ctx, spec)
	if err != nil {
		return nil, err
	}
	volume := st.Features().Volume
	if err := st.Close(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.all[volume]
	if d == nil {
		d = newDisk(s.o, volume)
		s.all[volume] = d
		s.pool.Keep(d.child())
	}
	return d, nil
}
